package cost

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

const (
	// operateWithin is how long one operation may take.
	operateWithin = 30 * time.Second
	// quietFor is how long a searcher's link must be silent for an operation to be
	// over: QUIC holds acknowledgements back for up to 25 ms (RFC 9000, 13.2.1).
	quietFor = 30 * time.Millisecond
	// quietWithin bounds the wait for that.
	quietWithin = 300 * time.Millisecond
	// coldShare: every how many lookups one is measured cold, of fewest at least.
	// Each makes all its connections anew, which takes libp2p a quarter of a second.
	coldShare = 4
	fewest    = 10
	// warmUps are the lookups each node does before the first measurement, so that
	// connections and sessions are there.
	warmUps = 10
	// warmingUp is how many nodes do so at the same time: with all at once round trips
	// would be measured that are none of the network's.
	warmingUp = 8
)

// operate measures the operations, cold or warm.
func (r *run) operate(ctx context.Context, cold bool) error {
	for _, o := range operations {
		if o.cold != cold || !slices.Contains(r.cfg.Operations, o.name) {
			continue
		}
		if r.cfg.Holding && r.empty == (foot{}) && o.stores() {
			r.empty = footprint()
		}
		if err := r.measure(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	return nil
}

// measure runs an operation as often as the Config says, first for the hops, then
// for what it takes.
func (r *run) measure(ctx context.Context, o operation) error {
	if !o.cold {
		err := r.each(o.name+", hops", r.tasks(o, "first"), func(t task) error {
			// Just before, as of libp2p's holders only the latest are known.
			if err := o.ready(ctx, t); err != nil {
				return err
			}
			within, cancel := context.WithTimeout(side.WithHops(ctx), operateWithin)
			defer cancel()
			found, err := o.run(within, t)
			// Libp2p may end before it has told who answered: unknown is not 0 hops.
			if err == nil && (found.Hops > 0 || found.Counts().Asked == 0) {
				r.sample.add(o.name, Hops, float64(found.Hops))
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	pass := "second"
	if o.again {
		pass = "first"
	}
	tasks := r.tasks(o, pass)
	if o.prepare != nil {
		if err := r.each(o.name+", preparing", tasks, func(t task) error { return o.ready(ctx, t) }); err != nil {
			return err
		}
	}
	if err := r.allQuiet(ctx); err != nil {
		return err
	}
	return r.each(o.name, tasks, func(t task) error {
		if o.cold {
			if err := t.searcher.Cool(ctx); err != nil {
				return fmt.Errorf("ending the connections of the searcher: %w", err)
			}
		}
		if err := r.quiet(ctx, t.searcher); err != nil {
			return err
		}
		return r.meter(ctx, o, t)
	})
}

// each does something for each task, telling the stage.
func (r *run) each(stage string, tasks []task, do func(task) error) error {
	for i, t := range tasks {
		r.progress(stage, i, len(tasks))
		if err := do(t); err != nil {
			return err
		}
	}
	return nil
}

// warmUp has the nodes look around.
func (r *run) warmUp(ctx context.Context) error {
	all, warming := errgroup.WithContext(ctx)
	all.SetLimit(warmingUp)
	for i, n := range r.nodes {
		r.progress("warming up", i, len(r.nodes))
		all.Go(func() error {
			for j := range warmUps {
				within, cancel := context.WithTimeout(warming, operateWithin)
				_, err := n.Closest(within, fmt.Sprint("warm ", i, " ", j))
				cancel()
				if err != nil {
					return fmt.Errorf("node %d: %w", i, err)
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	return r.allQuiet(ctx)
}

// tasks are those of one pass of an operation.
func (r *run) tasks(o operation, pass string) []task {
	lookups := r.cfg.Lookups
	if o.cold {
		lookups = min(lookups, max(lookups/coldShare, fewest))
	}
	var tasks []task
	for i := range lookups {
		t := task{
			i: i, pass: o.name + " " + pass,
			searcher: r.nodes[(1+i)%len(r.nodes)],
			other:    r.nodes[(1+i+len(r.nodes)/2)%len(r.nodes)],
		}
		if o.away != nil {
			t.searcher = r.elsewhere(t, o.away(t))
		}
		tasks = append(tasks, t)
	}
	return tasks
}

// elsewhere is a searcher that is neither the task's other node nor, unless all
// are, one of the k nearest to the key, which hold what is under it.
func (r *run) elsewhere(t task, key string) side.Node {
	holders := world.Nearest(r.ids, []byte(key), k+1, identity.ID{}) // k beside the other, if it is one
	for i := range r.nodes {
		n := r.nodes[(1+t.i+i)%len(r.nodes)]
		if n != t.other && !slices.Contains(holders, n.ID()) {
			return n
		}
	}
	return t.searcher
}

// meter runs one operation and writes down what it took.
func (r *run) meter(ctx context.Context, o operation, t task) error {
	within, cancel := context.WithTimeout(ctx, operateWithin)
	defer cancel()
	traffic, cpu, began := t.searcher.Link().Traffic(), cpuTime(), time.Now()
	found, err := o.run(within, t)
	elapsed, cpuResult := time.Since(began), cpuTime()-cpu
	if err := r.quiet(ctx, t.searcher); err != nil {
		return err
	}
	cpu = cpuTime() - cpu
	traffic = t.searcher.Link().Traffic().Since(traffic)
	r.sample.add(o.name, Succeeded, percent(err == nil))
	if err != nil {
		return ctx.Err()
	}
	counts := found.Counts()
	r.sample.add(o.name, Asked, float64(counts.Asked))
	r.sample.add(o.name, Requests, float64(counts.Requests))
	r.sample.add(o.name, Bytes, float64(traffic.Total()))
	r.sample.add(o.name, Latency, milliseconds(elapsed))
	r.sample.add(o.name, CPU, milliseconds(cpu))
	r.sample.add(o.name, CPUResult, milliseconds(cpuResult))
	if o.holders {
		r.sample.add(o.name, Holders, float64(counts.Holders))
	}
	if o.closest {
		r.judge(o.name, t, found.Peers)
	}
	return nil
}

// judge compares the peers that a lookup returned with the truth.
func (r *run) judge(operation string, t task, found []identity.ID) {
	var living []identity.ID
	for _, id := range r.ids {
		if !r.dead[id] {
			living = append(living, id)
		}
	}
	want := world.Nearest(living, []byte(t.key()), k, t.searcher.ID())
	right, alive := 0, 0
	for _, id := range found {
		if slices.Contains(want, id) {
			right++
		}
		if !r.dead[id] {
			alive++
		}
	}
	r.sample.add(operation, Closest, 100*float64(right)/float64(len(want)))
	if len(found) > 0 {
		r.sample.add(operation, Alive, 100*float64(alive)/float64(len(found)))
	}
}

// quiet waits until nothing passes the node's link. It sleeps through: the CPU time
// of a wait is measured too.
func (r *run) quiet(ctx context.Context, n side.Node) error {
	for end := time.Now().Add(quietWithin + 4*r.cfg.Delay); time.Now().Before(end); {
		left := quietFor + 2*r.cfg.Delay - n.Link().Quiet()
		if left <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(left):
		}
	}
	return nil
}

// allQuiet waits until nothing passes any link.
func (r *run) allQuiet(ctx context.Context) error {
	for _, n := range r.nodes {
		if err := r.quiet(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// cpuTime is what the process has used, in user and system mode.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func percent(is bool) float64 {
	if is {
		return 100
	}
	return 0
}
