// Package bench measures lookups on real sockets: the workloads and the report of
// the simulator (kadmium/sim), from nodes on loopback in this process, or by a few
// clients in a live network.
//
// Lookups run one after the other, so that latencies are those of a network
// without load. What is random comes from the seed, so that two runs ask the same
// nodes for the same targets; what the network makes of it differs from run to run.
//
// Of a live network nobody knows all nodes, so that nothing says which are closest:
// recall and first_replica_hops stay empty, and a find counts as succeeded when it
// brought peers. Nodes, tables and traffic are those of the clients.
package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"kadmium/rpc"
	"kadmium/sim/report"
	"kadmium/store"
)

// Errors of Run, which also returns those of kadmium.New and Node.Joined.
var (
	// ErrBadConfig reports a Config that makes no sense; the error says what of it.
	ErrBadConfig = errors.New("bad measurement")
	// ErrFiles reports more nodes than the process may open sockets.
	ErrFiles = errors.New("too many open files")
)

// The workloads, as the simulator names them.
const (
	Find    = "find"    // look up targets
	Value   = "value"   // put, then get from elsewhere
	Provide = "provide" // provide, then look for a provider from elsewhere
	Mixed   = "mixed"   // a third of each, in turn
)

// The targets of find.
const (
	Random = "random" // anywhere
	Nodes  = "nodes"  // where a node stands
)

// Limits of a Config.
const (
	maxNodes = 1<<16 - 1 // ports of an address
	maxAlpha = 64        // what a node takes
)

// A Config says what to measure. Nothing of it has a default.
type Config struct {
	Nodes    int // of a network of the bench's own; ignored with Bootstrap
	Lookups  int
	K        int // contacts in a bucket and an answer, holders of a value
	Alpha    int // requests in flight in a lookup
	Seed     uint64
	Workload string
	Targets  string        // of find: Random or Nodes
	TTL      time.Duration // of values; 0: the network's default
	Network  string        // name

	// Bootstrap are the addresses that clients join a live network by; Listen is
	// where they listen. Without any the network is made here.
	Bootstrap, Listen []string

	// Progress, if not nil, is told of each node that joined and of each lookup that
	// ended. It may be called by several goroutines at once.
	Progress func(stage string, done, total int)
}

// finds reports whether the workload has lookups of targets.
func (c *Config) finds() bool { return c.Workload == Find || c.Workload == Mixed }

func (c *Config) live() bool { return len(c.Bootstrap) > 0 }

// Check says what is wrong with the Config: ErrBadConfig.
func (c *Config) Check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrBadConfig, fmt.Sprintf(format, args...))
	}
	workloads, targets := []string{Find, Value, Provide, Mixed}, []string{Random, Nodes}
	switch {
	case !c.live() && (c.Nodes < 2 || c.Nodes > maxNodes):
		return bad("nodes %d, want 2 to %d", c.Nodes, maxNodes)
	case c.Lookups < 1:
		return bad("lookups %d, want 1 or more", c.Lookups)
	case c.K < 1 || c.K > rpc.MaxContacts:
		return bad("k %d, want 1 to %d, what an answer holds", c.K, rpc.MaxContacts)
	case c.Alpha < 1 || c.Alpha > maxAlpha:
		return bad("alpha %d, want 1 to %d", c.Alpha, maxAlpha)
	case c.TTL < 0 || c.TTL > store.MaxTTL:
		return bad("ttl %v, want up to %v", c.TTL, store.MaxTTL)
	case !slices.Contains(workloads, c.Workload):
		return bad("workload %q, want one of %s", c.Workload, strings.Join(workloads, ", "))
	case c.finds() && !slices.Contains(targets, c.Targets):
		return bad("targets %q, want one of %s", c.Targets, strings.Join(targets, ", "))
	case c.finds() && c.Targets == Nodes && c.live():
		return bad("targets %s: where the nodes of a live network stand is not known", Nodes)
	}
	return nil
}

// Run measures. When ctx ends while the network is being made, its error is ctx's;
// after that Run reports what was measured so far, as partial.
func Run(ctx context.Context, cfg Config) (*report.Report, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	began, before := time.Now(), report.LiveHeap()
	n, err := start(ctx, &cfg)
	if err != nil {
		return nil, err
	}
	defer n.close()
	r := &run{cfg: &cfg, network: n, random: rand.New(rand.NewPCG(cfg.Seed, forWorkload))}
	r.work(ctx)
	out := r.report()
	out.Machine.MemoryBytesPerNode = rounded(float64(max(0, report.LiveHeap()-before)) / float64(len(n.members)))
	out.Machine.WallSeconds = rounded(time.Since(began).Seconds())
	out.Machine.RPCsPerSecond = rounded(float64(out.RPCTotal) / out.Machine.WallSeconds)
	return out, nil
}
