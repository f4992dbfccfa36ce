package engine

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// A network drives many engines in virtual time, as a driver does, but without sockets.
// All engines share one book, so messages need no encoding. Nothing here sleeps.
type network struct {
	t       testing.TB
	now     time.Time
	book    identity.Contacts
	rnd     *rand.Rand
	nodes   []*node
	at      map[netip.AddrPort]*node
	latency time.Duration // one way
	lose    func(from, to *node, m *rpc.Message) bool
	forge   func(from, to *node, m *rpc.Message)               // changes a message in transit
	twice   func() bool                                        // deliver once more
	late    func() time.Duration                               // added to latency
	lateOf  func(from, to *node, m *rpc.Message) time.Duration // likewise
	pending deliveries
	seq     uint64
	log     func(from, to *node, m *rpc.Message) // every message delivered
	count   map[rpc.Type]int                     // requests sent
}

type delivery struct {
	at  time.Time
	seq uint64
	do  func()
}

type deliveries []delivery

func (d deliveries) Len() int { return len(d) }
func (d deliveries) Less(i, j int) bool {
	return d[i].at.Before(d[j].at) || d[i].at.Equal(d[j].at) && d[i].seq < d[j].seq
}
func (d deliveries) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *deliveries) Push(x any)   { *d = append(*d, x.(delivery)) }
func (d *deliveries) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

const testNetwork = "test"

func newNetwork(t testing.TB, seed uint64) *network {
	return &network{t: t, now: epoch, rnd: rand.New(rand.NewPCG(seed, 1)), at: make(map[netip.AddrPort]*node),
		latency: 10 * time.Millisecond, count: make(map[rpc.Type]int)}
}

// seedKey is the key of node i of every network.
func seedKey(i int) identity.Key {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], uint64(i)+1)
	return identity.KeyFromSeed(seed)
}

// add makes a node, a server unless change says otherwise. It does not start it.
func (n *network) add(change func(*Config)) *node {
	i := len(n.nodes)
	key := seedKey(i)
	// Addresses of many subnets, none of them private.
	ip := netip.AddrFrom4([4]byte{8 + byte(i>>16), byte(i >> 8), byte(i), 1})
	nd := &node{n: n, name: fmt.Sprint(i + 1), key: key, up: true,
		address: identity.Address{ID: key.ID(), Endpoint: netip.AddrPortFrom(ip, 4100)}}
	nd.cfg = Config{Self: key.ID(), Endpoint: nd.address.Endpoint, Mode: Server, Namespaces: store.NewNamespaces(testNetwork)}
	nd.cfg.SignRecord = func(r *rpc.Record) {
		if publisher, ok := nd.cfg.Namespaces.Publisher(r.Key); ok && publisher == key.ID() {
			store.SignRecord(key, testNetwork, r)
		}
	}
	nd.cfg.SignProvider = func(p *rpc.Provider) { store.SignProvider(key, testNetwork, p) }
	if i > 0 {
		nd.cfg.Bootstrap = []identity.Address{n.nodes[0].address}
	}
	if change != nil {
		change(&nd.cfg)
	}
	n.nodes = append(n.nodes, nd)
	n.at[nd.address.Endpoint] = nd
	nd.boot()
	return nd
}

// after schedules something.
func (n *network) after(d time.Duration, do func()) {
	n.seq++
	heap.Push(&n.pending, delivery{n.now.Add(d), n.seq, do})
}

// step does the next thing that is due before end. If there is none it reports false, and
// the clock stands at end.
func (n *network) step(end time.Time) bool {
	var first *node
	at := end
	for _, nd := range n.nodes {
		if !nd.up {
			continue
		}
		if !nd.wake.IsZero() && nd.wake.Before(at) {
			first, at = nd, nd.wake
		}
	}
	if len(n.pending) > 0 && !n.pending[0].at.After(at) && n.pending[0].at.Before(end) {
		d := heap.Pop(&n.pending).(delivery)
		if d.at.After(n.now) {
			n.now = d.at
		}
		d.do()
		return true
	}
	if first == nil {
		n.now = end
		return false
	}
	if at.After(n.now) {
		n.now = at
	}
	first.run(first.e.Tick(n.now, nil))
	return true
}

// run lets virtual time pass.
func (n *network) run(d time.Duration) {
	for end := n.now.Add(d); n.step(end); {
	}
}

// until runs until the condition holds; it fails the test after limit.
func (n *network) until(limit time.Duration, what string, cond func() bool) {
	n.t.Helper()
	for end := n.now.Add(limit); !cond(); {
		if !n.step(end) {
			n.t.Fatalf("%v of virtual time passed without %s", limit, what)
		}
	}
}

func clone(m *rpc.Message) *rpc.Message {
	c := *m
	c.Known, c.Contacts, c.Providers = slices.Clone(m.Known), slices.Clone(m.Contacts), slices.Clone(m.Providers)
	c.Key, c.Payload = slices.Clone(m.Key), slices.Clone(m.Payload)
	if m.Record != nil {
		c.Record = cloneRecord(m.Record)
	}
	if m.Provider != nil {
		p := cloneProvider(*m.Provider)
		c.Provider = &p
	}
	return &c
}

// transmit delivers a message, once, twice or never.
func (n *network) transmit(from, to *node, m *rpc.Message, extra time.Duration, do func()) {
	if n.forge != nil {
		n.forge(from, to, m)
	}
	times := 1
	if n.twice != nil && n.twice() {
		times = 2
	}
	for range times {
		if n.lose != nil && n.lose(from, to, m) {
			continue
		}
		d := n.latency + extra
		if n.late != nil {
			d += n.late()
		}
		if n.lateOf != nil {
			d += n.lateOf(from, to, m)
		}
		n.after(d, func() {
			if !to.up {
				return
			}
			if n.log != nil {
				n.log(from, to, m)
			}
			do()
		})
	}
}

// grow adds count nodes and has them join one after the other.
func (n *network) grow(count int, change func(*Config)) {
	n.t.Helper()
	for range count {
		nd := n.add(change)
		if r := nd.join(); r.Err != nil {
			n.t.Fatalf("node %s does not join: %v", nd.name, r.Err)
		}
	}
}

// live are the nodes that are up.
func (n *network) live() []*node {
	var up []*node
	for _, nd := range n.nodes {
		if nd.up {
			up = append(up, nd)
		}
	}
	return up
}

// nearest are the k servers closest to a target that are up, except one.
func (n *network) nearest(target identity.Position, k int, not *node) []*node {
	var all []*node
	for _, nd := range n.live() {
		if nd != not && nd.e.Mode() == Server {
			all = append(all, nd)
		}
	}
	slices.SortFunc(all, func(a, b *node) int {
		pa, pb := a.address.ID.Position(), b.address.ID.Position()
		return identity.Compare(&target, &pa, &pb)
	})
	return all[:min(k, len(all))]
}

// holders are the nodes that hold a record under the key now.
func (n *network) holders(key string) []*node {
	var hold []*node
	for _, nd := range n.live() {
		if _, ok := nd.e.Store().Get(n.now, []byte(key)); ok {
			hold = append(hold, nd)
		}
	}
	return hold
}
