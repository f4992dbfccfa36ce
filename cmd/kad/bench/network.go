package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"kadmium"
	"kadmium/identity"
)

const (
	clients   = 4  // that measure a live network: more points of view than one table's
	atOnce    = 8  // nodes that join at a time
	spareFile = 64 // files that the process has open beside the sockets of nodes
)

// The purposes of random numbers: each has a stream of its own.
const (
	forKeys = 1 + iota
	forWorkload
)

// A network is the nodes that the bench runs: all of a network of its own, or
// clients of a live one.
type network struct {
	members []*member
	numbers map[identity.ID]uint32 // of peers, from 1, in the order in which they were met
}

// A member is one of the bench's nodes.
type member struct {
	*kadmium.Node
	position identity.Position
	traffic  traffic
}

// start makes the network, and returns when all have joined.
func start(ctx context.Context, cfg *Config) (_ *network, err error) {
	count := cfg.Nodes
	if cfg.live() {
		count = clients
	}
	if err := enoughFiles(count); err != nil {
		return nil, err
	}
	n := &network{members: make([]*member, count), numbers: make(map[identity.ID]uint32)}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	if cfg.live() {
		err = n.enter(ctx, cfg)
	} else {
		err = n.found(ctx, cfg)
	}
	if err != nil {
		return nil, err
	}
	for _, m := range n.members {
		n.number(m.ID())
	}
	return n, nil
}

// found makes a network of the bench's own, on loopback.
func (n *network) found(ctx context.Context, cfg *Config) error {
	keys := rand.New(rand.NewPCG(cfg.Seed, forKeys))
	seeds := make([]identity.Position, len(n.members))
	for i := range seeds {
		seeds[i] = randomPosition(keys)
	}
	var bootstrap []string
	var joined atomic.Int64
	join := func(i int) error {
		err := n.add(ctx, i, kadmium.Config{
			Key: identity.KeyFromSeed(seeds[i]), Mode: kadmium.Server, Bootstrap: bootstrap,
			Listen: []string{"127.0.0.1:0"}, Network: cfg.Network, K: cfg.K, Alpha: cfg.Alpha,
		})
		if done := joined.Add(1); cfg.Progress != nil {
			cfg.Progress("nodes", int(done), len(n.members))
		}
		return err
	}
	if err := join(0); err != nil {
		return err
	}
	bootstrap = []string{n.members[0].Addresses()[0].String()}
	if err := each(1, len(n.members), join); err != nil {
		return err
	}
	// Those that joined at the same time may have missed each other: all join again, now
	// that all are there, so that the workload finds their buckets filled.
	return each(0, len(n.members), func(i int) error {
		other := n.members[(i+1)%len(n.members)]
		_, err := n.members[i].Bootstrap(ctx, other.Addresses()[0].String())
		return err
	})
}

// enter has clients join a live network.
func (n *network) enter(ctx context.Context, cfg *Config) error {
	return each(0, len(n.members), func(i int) error {
		return n.add(ctx, i, kadmium.Config{
			Mode: kadmium.Client, Bootstrap: cfg.Bootstrap, Listen: cfg.Listen,
			Network: cfg.Network, K: cfg.K, Alpha: cfg.Alpha,
		})
	})
}

// add makes member i and waits until it has joined.
func (n *network) add(ctx context.Context, i int, cfg kadmium.Config) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := new(member)
	cfg.ListenPacket = m.traffic.listen
	node, err := kadmium.New(cfg)
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return fmt.Errorf("%w: node %d of %d found no room", ErrFiles, i+1, len(n.members))
	}
	if err != nil {
		return err
	}
	m.Node, m.position = node, node.ID().Position()
	n.members[i] = m
	return node.Joined(ctx)
}

// close ends all nodes.
func (n *network) close() {
	for _, m := range n.members {
		if m != nil {
			_ = m.Close() // nothing of it was to last
		}
	}
}

// number is what reports call a peer.
func (n *network) number(id identity.ID) uint32 {
	if id.IsZero() {
		return 0
	}
	number, ok := n.numbers[id]
	if !ok {
		number = uint32(len(n.numbers) + 1)
		n.numbers[id] = number
	}
	return number
}

// nearest are the k members closest to a target, one excepted (nil: none is).
func (n *network) nearest(target *identity.Position, k int, except *member) []*member {
	all := slices.DeleteFunc(slices.Clone(n.members), func(m *member) bool { return m == except })
	slices.SortFunc(all, func(a, b *member) int { return identity.Compare(target, &a.position, &b.position) })
	return all[:min(k, len(all))]
}

// each calls do with the numbers from first up to end, a few at a time, until one
// fails.
func each(first, end int, do func(i int) error) error {
	var next atomic.Int64
	next.Store(int64(first))
	var group sync.WaitGroup
	errs := make([]error, atOnce)
	for w := range errs {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= end {
					return
				}
				if errs[w] = do(i); errs[w] != nil {
					next.Store(int64(end))
					return
				}
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err // the others failed alike
		}
	}
	return nil
}

// enoughFiles refuses more nodes than the process may open sockets.
func enoughFiles(nodes int) error {
	if limit, known := MayOpen(); known && limit < uint64(nodes+spareFile) {
		return fmt.Errorf("%w: %d nodes need %d, the limit is %d", ErrFiles, nodes, nodes+spareFile, limit)
	}
	return nil
}

// randomPosition is anywhere.
func randomPosition(random *rand.Rand) (p identity.Position) {
	for i := range p {
		p[i] = byte(random.Uint32())
	}
	return p
}
