package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"kadmium"
	"kadmium/identity"
)

// ErrFiles reports more nodes than the process may have sockets.
var ErrFiles = errors.New("too many open files")

const (
	clients       = 4  // that measure a live network, so that results do not depend on one table
	parallelJoins = 8  // nodes that join at the same time
	spareFiles    = 64 // files that the process has open beside the sockets of nodes
)

// The purposes of random numbers. Each has its own stream.
const (
	forKeys = 1 + iota
	forWorkload
)

// A network is the nodes that the bench runs: all nodes of a network on loopback, or
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

// startNetwork makes the network, and returns when all nodes have joined.
func startNetwork(ctx context.Context, cfg *Config) (_ *network, err error) {
	count := cfg.Nodes
	if cfg.live() {
		count = clients
	}
	if cfg.memory == nil {
		if err := enoughFiles(count); err != nil {
			return nil, err
		}
	}
	n := &network{members: make([]*member, count), numbers: make(map[identity.ID]uint32)}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	if cfg.live() {
		err = n.startClients(ctx, cfg)
	} else {
		err = n.startNodes(ctx, cfg)
	}
	if err != nil {
		return nil, err
	}
	for _, m := range n.members {
		n.number(m.ID())
	}
	return n, nil
}

// startNodes makes a network on loopback.
func (n *network) startNodes(ctx context.Context, cfg *Config) error {
	keys := rand.New(rand.NewPCG(cfg.Seed, forKeys))
	seeds := make([]identity.Position, len(n.members))
	for i := range seeds {
		seeds[i] = randomPosition(keys)
	}
	var bootstrap []string
	var joined atomic.Int64
	join := func(i int) error {
		listen, open := "127.0.0.1:0", openUDP
		if cfg.memory != nil {
			listen, open = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte((i + 1) >> 8), byte(i + 1)}), 4100).String(), cfg.memory
		}
		err := n.startNode(ctx, i, open, kadmium.Config{
			Key: identity.KeyFromSeed(seeds[i]), Mode: kadmium.Server, Bootstrap: bootstrap,
			Listen: []string{listen}, Network: cfg.Network, K: cfg.K, Alpha: cfg.Alpha,
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
	if err := inParallel(1, len(n.members), join); err != nil {
		return err
	}
	// Nodes that joined at the same time may not know each other. All join again, so that
	// their buckets are filled when the workload begins.
	return inParallel(0, len(n.members), func(i int) error {
		other := n.members[(i+1)%len(n.members)]
		_, err := n.members[i].Bootstrap(ctx, other.Addresses()[0].String())
		return err
	})
}

// startClients makes clients that join a live network.
func (n *network) startClients(ctx context.Context, cfg *Config) error {
	return inParallel(0, len(n.members), func(i int) error {
		return n.startNode(ctx, i, openUDP, kadmium.Config{
			Mode: kadmium.Client, Bootstrap: cfg.Bootstrap, Listen: cfg.Listen,
			Network: cfg.Network, K: cfg.K, Alpha: cfg.Alpha,
		})
	})
}

// startNode makes member i, with sockets that open makes, and waits until it has joined.
func (n *network) startNode(ctx context.Context, i int, open func(at netip.AddrPort) (net.PacketConn, error), cfg kadmium.Config) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := new(member)
	cfg.ListenPacket = m.traffic.counts(open)
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
			_ = m.Close() // it has no data to lose
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

// nearest are the k members closest to a target, without the one excepted (nil: none).
func (n *network) nearest(target *identity.Position, k int, except *member) []*member {
	all := slices.DeleteFunc(slices.Clone(n.members), func(m *member) bool { return m == except })
	slices.SortFunc(all, func(a, b *member) int { return identity.Compare(target, &a.position, &b.position) })
	return all[:min(k, len(all))]
}

// inParallel calls do with the numbers from first up to end, a few at a time, until one
// fails.
func inParallel(first, end int, do func(i int) error) error {
	var next atomic.Int64
	next.Store(int64(first))
	var group sync.WaitGroup
	errs := make([]error, parallelJoins)
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
			return err // those of others are no different
		}
	}
	return nil
}

// enoughFiles refuses more nodes than the process may have sockets.
func enoughFiles(nodes int) error {
	if limit, known := MayOpen(); known && limit < uint64(nodes+spareFiles) {
		return fmt.Errorf("%w: %d nodes need %d, the limit is %d", ErrFiles, nodes, nodes+spareFiles, limit)
	}
	return nil
}

// randomPosition is uniformly random.
func randomPosition(random *rand.Rand) (p identity.Position) {
	for i := range p {
		p[i] = byte(random.Uint32())
	}
	return p
}
