package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"

	"kadmium"
	"kadmium/cmd/kad/bench"
	"kadmium/identity"
	"kadmium/internal/cli"
)

// Limits of --count.
const (
	maxCount      = 4096
	parallelJoins = 8   // nodes that join at the same time
	parallelEnds  = 64  // nodes that close at the same time
	peersOfMany   = 64  // Limits.Peers of each node of several, so that their memory stays small
	garbageOfMany = 30  // GOGC of a process with several nodes, unless it is set: most of its memory is live
	filesOfNode   = 2   // beside the sockets: its journal, and a socket to dial back from
	spareFiles    = 512 // of the process: clients of the API, and what the runtime has
)

// A nodeGroup is the nodes of one process. The first is the one whose socket, page and
// readiness the process has.
type nodeGroup []*kadmium.Node

// checkCount refuses a number of nodes that the other flags, or the limits of the process,
// have no room for.
func (nf *nodeFlags) checkCount() error {
	switch {
	case nf.count < 1 || nf.count > maxCount:
		return cli.BadInput(fmt.Sprintf("choose 1 to %d", maxCount), "--count %d is out of range", nf.count)
	case nf.count == 1:
		return nil
	case nf.key != "":
		return cli.BadInput("leave --key out: each node has a key of its own, kept in --data", "--key is of one node, --count %d are several", nf.count)
	}
	for _, text := range nf.listen {
		if a, err := identity.ParseAddress(text); err == nil && int(a.Endpoint.Port())+nf.count-1 > 1<<16-1 {
			return cli.BadInput("choose a lower port, or 0", "--listen %s: --count %d ports from %d on end beyond 65535", text, nf.count, a.Endpoint.Port())
		}
	}
	need := uint64(nf.count*(len(nf.listen)+filesOfNode) + spareFiles)
	if limit, known := bench.MayOpen(); known && limit < need {
		return fmt.Errorf("%w: %d nodes need %d, the limit is %d", bench.ErrFiles, nf.count, need, limit)
	}
	return nil
}

// numbered is the node with number i of several, which follows from that of the first. It
// joins through the first and the peers that this was given.
func numbered(cfg kadmium.Config, i int, first *kadmium.Node) kadmium.Config {
	cfg.Logger = cfg.Logger.With("node", i)
	cfg.Limits.Peers = peersOfMany
	if i == 0 {
		return cfg
	}
	listen := make([]string, len(cfg.Listen))
	for j, text := range cfg.Listen {
		listen[j] = text
		if a, err := identity.ParseAddress(text); err == nil && a.Endpoint.Port() != 0 {
			listen[j] = netip.AddrPortFrom(a.Endpoint.Addr(), a.Endpoint.Port()+uint16(i)).String()
		}
	}
	cfg.Listen = listen
	if cfg.DataDir != "" {
		cfg.DataDir = filepath.Join(cfg.DataDir, strconv.Itoa(i))
	}
	var seeds []string
	for _, a := range first.Addresses() {
		seeds = append(seeds, a.String())
	}
	cfg.Bootstrap = append(seeds, cfg.Bootstrap...)
	return cfg
}

// startNodes starts the nodes. It returns when those beside the first have joined, or could
// not. When the context ends it closes them.
func startNodes(ctx context.Context, cfg kadmium.Config, count int) (nodeGroup, error) {
	cfgOfFirst := cfg
	if count > 1 {
		cfgOfFirst = numbered(cfg, 0, nil)
		if os.Getenv("GOGC") == "" {
			debug.SetGCPercent(garbageOfMany)
		}
	}
	first, err := kadmium.New(cfgOfFirst)
	if err != nil {
		return nil, err
	}
	nodes := make(nodeGroup, count)
	nodes[0] = first
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	inParallel(parallelJoins, count-1, func(i int) {
		if ctx.Err() != nil {
			return
		}
		n, err := kadmium.New(numbered(cfg, i+1, first))
		if err != nil {
			stop(fmt.Errorf("node %d of %d: %w", i+1, count, err))
			return
		}
		nodes[i+1] = n
		_ = n.Joined(ctx) // it logs a join that failed, and tries again
	})
	if ctx.Err() != nil {
		nodes = slices.DeleteFunc(nodes, func(n *kadmium.Node) bool { return n == nil })
		return nil, cmp.Or(nodes.close(), context.Cause(ctx))
	}
	if count > 1 {
		debug.FreeOSMemory() // joins need more than nodes at rest
	}
	return nodes, nil
}

// inParallel calls do with the numbers below count, on some goroutines.
func inParallel(goroutines, count int, do func(i int)) {
	numbers := make(chan int)
	var group sync.WaitGroup
	for range min(goroutines, count) {
		group.Go(func() {
			for i := range numbers {
				do(i)
			}
		})
	}
	for i := range count {
		numbers <- i
	}
	close(numbers)
	group.Wait()
}

// failed is closed with the first Failed of a node.
func (g nodeGroup) failed() <-chan struct{} {
	if len(g) == 1 {
		return g[0].Failed()
	}
	some, once := make(chan struct{}), new(sync.Once)
	for _, n := range g {
		go func() {
			<-n.Failed()
			once.Do(func() { close(some) })
		}()
	}
	return some
}

// err is why a node has failed.
func (g nodeGroup) err() error {
	for _, n := range g {
		if err := n.Err(); err != nil {
			return err
		}
	}
	return nil
}

// live reports whether all nodes live. One whose disk fails does (design R6.23).
func (g nodeGroup) live() bool {
	return !slices.ContainsFunc(g, func(n *kadmium.Node) bool {
		err := n.Health()
		return err != nil && !errors.Is(err, kadmium.ErrJournal)
	})
}

// close closes all nodes, and returns the first error.
func (g nodeGroup) close() error {
	errs := make([]error, len(g))
	inParallel(parallelEnds, len(g), func(i int) { errs[i] = g[i].Close() })
	return cmp.Or(errs...)
}
