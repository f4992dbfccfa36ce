package bench

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"kadmium/rpc"
	"kadmium/sim/report"
	"kadmium/store"
)

// ErrBadConfig reports a Config that cannot be used. The error names the field.
var ErrBadConfig = errors.New("bad measurement")

// Limits of a Config.
const (
	maxNodes = 1<<16 - 1 // ports of an address
	maxAlpha = 64        // as kadmium.New
)

// A Config says what to measure. No field has a default, except TTL.
type Config struct {
	Nodes    int // of the network to start; ignored with Bootstrap
	Lookups  int
	K        int // contacts in a bucket and an answer, holders of a value
	Alpha    int // requests in flight in a lookup
	Seed     uint64
	Workload string
	Targets  string        // of find: report.TargetsRandom or report.TargetsNodes
	TTL      time.Duration // of values; 0: the network's default
	Network  string        // name

	// Bootstrap are the addresses by which clients join a live network, Listen those
	// they listen on. Without Bootstrap a network is started on loopback.
	Bootstrap, Listen []string

	// memory, if not nil, makes the sockets of a network that is not on loopback: node 1
	// listens at 10.0.0.1, the others follow.
	memory func(at netip.AddrPort) (net.PacketConn, error)

	// watch, if not nil, is told where each measured lookup begins and ends.
	watch func(n *network, searcher *member, begins bool)

	// Progress, if not nil, is called for each node that joined and each lookup that
	// ended. It may be called by several goroutines at once.
	Progress func(stage string, done, total int)
}

// finds reports whether the workload has lookups of targets.
func (c *Config) finds() bool {
	return c.Workload == report.WorkloadFind || c.Workload == report.WorkloadMixed
}

func (c *Config) live() bool { return len(c.Bootstrap) > 0 }

// Check says what is wrong with the Config: ErrBadConfig.
func (c *Config) Check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrBadConfig, fmt.Sprintf(format, args...))
	}
	workloads := []string{report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide, report.WorkloadMixed}
	targets := []string{report.TargetsRandom, report.TargetsNodes}
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
	case c.finds() && c.Targets == report.TargetsNodes && c.live():
		return bad("targets %s: where the nodes of a live network stand is not known", report.TargetsNodes)
	}
	return nil
}
