package cost

import (
	"context"
	"errors"
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
	// quietFor is how long the link of the searcher must be silent at the end of an
	// operation: QUIC delays acknowledgements by up to 25 ms (RFC 9000, 13.2.1).
	quietFor = 30 * time.Millisecond
	// quietWithin bounds the wait for silence.
	quietWithin = 300 * time.Millisecond
	// One of coldShare lookups is measured cold too, fewest at least. A cold lookup sets
	// up all its connections, which takes libp2p a quarter of a second.
	coldShare = 4
	fewest    = 10
	// warmUps is the number of lookups of each node before the first measurement, which
	// establish connections and sessions.
	warmUps = 10
	// warmingUp is how many nodes warm up at the same time. With all at once the nodes
	// would measure round trip times of a busy processor.
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

// measure runs an operation as often as the Config says, once for the hops and once for
// the costs.
func (r *run) measure(ctx context.Context, o operation) error {
	if !o.cold {
		err := r.each(o.name+", hops", r.tasks(o, "first"), func(t task) error {
			// Just before: of libp2p only the holders of the latest write are known.
			if err := o.ready(ctx, t); err != nil {
				return err
			}
			within, cancel := context.WithTimeout(side.WithHops(ctx), operateWithin)
			defer cancel()
			found, err := o.run(within, t)
			// Libp2p may end before its events say who answered. Unknown hops are not 0.
			if err == nil && (found.Hops > 0 || found.Counts().Asked == 0) {
				r.sample.add(o.name, Hops, float64(found.Hops))
				if o.closest {
					r.sample.add(o.name, Rounds, float64(found.Rounds))
				}
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

// each calls a function for each task, and reports progress.
func (r *run) each(stage string, tasks []task, do func(task) error) error {
	for i, t := range tasks {
		r.progress(stage, i, len(tasks))
		if err := do(t); err != nil {
			return err
		}
	}
	return nil
}

// warmUp has every node look up keys, so that connections and sessions are established.
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
				if late := errors.Is(err, context.DeadlineExceeded) && warming.Err() == nil; err != nil && !late { // a late one has made its connections
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

// tasks are the tasks of one pass of an operation.
func (r *run) tasks(o operation, pass string) []task {
	lookups := r.cfg.Lookups
	if o.cold {
		lookups = min(lookups, max(lookups/coldShare, fewest))
	}
	var tasks []task
	for i := range lookups {
		t := task{
			i: i, run: r.cfg.Run, pass: o.name + " " + pass,
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

// elsewhere is a searcher that is neither the other node of the task nor, if possible, one
// of the k nearest to the key, which are its holders.
func (r *run) elsewhere(t task, key string) side.Node {
	holders := world.Nearest(r.ids, []byte(key), r.k()+1, identity.ID{}) // k without the other node, if it is among them
	for i := range r.nodes {
		n := r.nodes[(1+t.i+i)%len(r.nodes)]
		if n != t.other && !slices.Contains(holders, n.ID()) {
			return n
		}
	}
	return t.searcher
}

// meter runs one operation and adds its costs to the sample.
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

// judge compares the peers that a lookup returned with the true closest.
func (r *run) judge(operation string, t task, found []identity.ID) {
	var living []identity.ID
	for _, id := range r.ids {
		if !r.dead[id] {
			living = append(living, id)
		}
	}
	want := world.Nearest(living, []byte(t.key()), r.k(), t.searcher.ID())
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

// quiet waits until no packets pass the link of the node. It sleeps and does not poll: the
// CPU time of the wait is measured too.
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

// allQuiet waits until no packets pass any link.
func (r *run) allQuiet(ctx context.Context) error {
	for _, n := range r.nodes {
		if err := r.quiet(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// cpuTime is the user and system time of the process.
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
