package cost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// A run measures one network.
type run struct {
	cfg      Config
	progress func(stage string, done, total int)
	sample   *Sample
	base     foot // before the first node
	empty    foot // before the first value; zero: not measured
	nodes    []side.Node
	ids      []identity.ID
	dead     map[identity.ID]bool
}

const (
	// convergedShare is the share of the nearest of all nodes that must be in their
	// tables in a converged network. The last few enter with the refreshes of both sides,
	// minutes later.
	convergedShare = .99
	// convergeWithin bounds the wait for convergence.
	convergeWithin = 15 * time.Second
	pollEvery      = 10 * time.Millisecond
)

// start makes the nodes one after the other, all joining by the first, and waits until the
// network has converged.
func (r *run) start(ctx context.Context, make side.Maker) error {
	began := time.Now()
	r.dead = map[identity.ID]bool{}
	for i := range r.cfg.Nodes {
		n, err := make(ctx, side.Spec{
			Seed: world.Host(uint64(max(r.cfg.Run, 1)), i), Profile: r.cfg.Profile, K: r.cfg.K, Alpha: r.cfg.Alpha,
			Delay: r.cfg.Delay, TCP: r.cfg.TCP, Bootstrap: r.nodes[:min(1, i)],
		})
		if err != nil {
			return fmt.Errorf("node %d: %w", i, err)
		}
		r.nodes = append(r.nodes, n)
		r.ids = append(r.ids, n.ID())
		r.progress("nodes", i+1, r.cfg.Nodes)
	}
	nearest := r.nearest()
	share := r.known(nearest)
	for deadline := time.Now().Add(convergeWithin); share < convergedShare && time.Now().Before(deadline); share = r.known(nearest) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
	if r.cfg.Converging {
		r.sample.add(Network, "convergence s", time.Since(began).Seconds())
		r.sample.add(Network, "convergence bytes a node", float64(r.sent())/float64(r.cfg.Nodes))
		r.sample.add(Network, "nearest known then %", 100*share)
	}
	return nil
}

// k is the k of the nodes.
func (r *run) k() int { return cmp.Or(r.cfg.K, DefaultK) }

// nearest are, of each node, those of the k nearest whose bucket has room for all nodes of
// its range: which of a fuller one are in the table is chance.
func (r *run) nearest() [][]identity.ID {
	var all [][]identity.ID
	for _, id := range r.ids {
		all = append(all, world.Surely(r.ids, id, r.k()))
	}
	return all
}

// known is the share of these that are in the tables, over all nodes.
func (r *run) known(nearest [][]identity.ID) float64 {
	known, all := 0, 0
	for i, n := range r.nodes {
		held := make(map[identity.ID]bool)
		for _, id := range n.Table() {
			held[id] = true
		}
		for _, id := range nearest[i] {
			all++
			if held[id] {
				known++
			}
		}
	}
	return float64(known) / float64(all)
}

// sent is the number of bytes that all nodes have sent.
func (r *run) sent() (bytes uint64) {
	for _, n := range r.nodes {
		bytes += n.Link().Traffic().Out
	}
	return bytes
}

// Network is the name under which the figures of a whole network are.
const Network = "network"

// atRest measures an idle network whose nodes have warmed up: tables, connections and
// sessions are established.
func (r *run) atRest(ctx context.Context) error {
	before, cpu, began := r.sent(), cpuTime(), time.Now()
	for elapsed := time.Duration(0); elapsed < r.cfg.Idle; elapsed = time.Since(began) {
		r.progress("idle", int(elapsed.Seconds()), int(r.cfg.Idle.Seconds()))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	nodes, seconds := float64(r.cfg.Nodes), time.Since(began).Seconds()
	r.sample.add(Network, "idle bytes a node and second", float64(r.sent()-before)/nodes/seconds)
	r.sample.add(Network, "idle CPU ms a node and second", milliseconds(cpuTime()-cpu)/nodes/seconds)
	now := footprint()
	r.sample.add(Network, "memory KiB a node", (now.live-r.base.live)/nodes/1024)
	r.sample.add(Network, "resident KiB a node", (now.resident-r.base.resident)/nodes/1024)
	r.sample.add(Network, "goroutines a node", (now.goroutines-r.base.goroutines)/nodes)
	return nil
}

// holding measures the memory of the network after the operations have stored their values,
// and the difference to before.
func (r *run) holding() {
	now, nodes := footprint(), float64(r.cfg.Nodes)
	r.sample.add(Network, "memory KiB a node, values held", (now.live-r.base.live)/nodes/1024)
	r.sample.add(Network, "memory KiB a node, that values added", max(0, now.live-r.empty.live)/nodes/1024)
}

// ErrOverflow reports that a link dropped packets because its queue was full.
var ErrOverflow = errors.New("link overflowed")

// overflowed is an error if the links themselves dropped packets: neither side is the cause.
func (r *run) overflowed() error {
	var dropped uint64
	for _, n := range r.nodes {
		dropped += n.Link().Overflowed()
	}
	if dropped > 0 {
		return fmt.Errorf("%w: %d packets found no room on their way: measure over a shorter link or with fewer nodes", ErrOverflow, dropped)
	}
	return nil
}

func (r *run) close() {
	for _, n := range r.nodes {
		n.Close()
	}
}

// A foot is the memory and goroutines of the process.
type foot struct{ live, resident, goroutines float64 }

// footprint measures the live bytes of heap and stacks after a collection, the resident
// bytes, and the goroutines.
func footprint() foot {
	runtime.GC() // twice: finalizers, pools
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return foot{
		live:       float64(m.HeapAlloc + m.StackInuse),
		resident:   resident(),
		goroutines: float64(runtime.NumGoroutine()),
	}
}

// resident is the resident memory by /proc/self/statm in bytes; 0 without such a file.
func resident() float64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseFloat(fields[1], 64)
	return pages * float64(os.Getpagesize())
}
