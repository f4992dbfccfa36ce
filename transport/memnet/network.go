// Package memnet is an in-memory network for tests: net.PacketConns whose
// datagrams meet latency, loss, duplication, reordering, NAT and partition.
//
// It uses the clock of package time, so a test inside a testing/synctest bubble does not
// wait. A delivery only queues the datagram; the receiver reads it on a goroutine of its
// own. Everything is safe for concurrent use.
package memnet

import (
	"container/heap"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"
)

// ErrAddressInUse reports an address that another Conn or NAT holds.
var ErrAddressInUse = errors.New("address in use")

// maxQueue is the number of datagrams a Conn holds unread, as a socket's receive
// buffer would; more are lost.
const maxQueue = 4096

// Conditions are what happens to datagrams on their way. The zero value is a
// perfect network without delay.
type Conditions struct {
	Latency   time.Duration // one way
	Jitter    time.Duration // up to this much more, evenly spread; alone it does not reorder
	Loss      float64       // probability that a datagram is lost
	Duplicate float64       // probability that a datagram arrives twice
	Reorder   float64       // probability that datagrams sent later arrive before it
}

// Stats counts datagrams since the network was made.
type Stats struct {
	Sent, Delivered, Lost, Duplicated, Cut, Unreachable, Overflowed uint64
}

// A Network carries datagrams between its Conns. What happens to the nth datagram from
// one address to another depends only on the seed, whatever else is sent at the same time.
type Network struct {
	mu         sync.Mutex
	seed       uint64
	conditions Conditions
	conns      map[netip.AddrPort]*Conn
	nats       map[netip.Addr]*NAT
	delay      func(from, to netip.Addr) time.Duration
	cut        func(from, to netip.Addr) bool
	tap        func(from, to netip.AddrPort, datagram []byte)
	inTransit  packetHeap
	sequence   uint64
	paths      map[route]*path
	timer      *time.Timer
	nextPort   uint16
	stats      Stats
}

type route struct{ from, to netip.AddrPort }

// A path is what the network knows of a route.
type path struct {
	rnd     *rand.Rand
	lastDue time.Time // so that jitter alone keeps the order
}

// New is a network whose random choices follow from the seed.
func New(seed uint64, c Conditions) *Network {
	return &Network{
		seed:       seed,
		conditions: c,
		conns:      make(map[netip.AddrPort]*Conn),
		nats:       make(map[netip.Addr]*NAT),
		paths:      make(map[route]*path),
		nextPort:   40000,
	}
}

// Set changes the conditions for datagrams sent from now on.
func (n *Network) Set(c Conditions) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conditions = c
}

// Delay makes each datagram take this much more than the conditions say; nil ends it. f
// must not call the network, which calls it from one goroutine at a time.
func (n *Network) Delay(f func(from, to netip.Addr) time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delay = f
}

// Partition loses every datagram for which cut reports true, also those under
// way; nil heals the network. cut must not call the network.
func (n *Network) Partition(cut func(from, to netip.Addr) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = cut
}

// Tap makes the network call f with each datagram as it is sent, before anything
// happens to it, at its addresses on the public side of any NAT. f must not call the
// network and may not keep the bytes; nil ends it.
func (n *Network) Tap(f func(from, to netip.AddrPort, datagram []byte)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tap = f
}

// Stats is what was counted so far.
func (n *Network) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stats
}

// Listen is a Conn at the address; port 0 picks a free one. Its error is
// ErrAddressInUse.
func (n *Network) Listen(at netip.AddrPort) (*Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if at.Port() == 0 {
		at = n.freePort(at.Addr())
	}
	if n.conns[at] != nil || n.nats[at.Addr()] != nil {
		return nil, fmt.Errorf("%w: %v", ErrAddressInUse, at)
	}
	c := newConn(n, at)
	n.conns[at] = c
	return c, nil
}

func (n *Network) freePort(ip netip.Addr) netip.AddrPort {
	for {
		n.nextPort++
		if n.nextPort < 1024 {
			n.nextPort = 1024
		}
		if at := netip.AddrPortFrom(ip, n.nextPort); n.conns[at] == nil {
			return at
		}
	}
}

// Inject sends a datagram with a source address of the test's choice, as a host
// without egress filtering can.
func (n *Network) Inject(from, to netip.AddrPort, datagram []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.send(from, to, datagram)
}

// send starts a datagram on its way. The network is locked.
func (n *Network) send(from, to netip.AddrPort, datagram []byte) {
	n.stats.Sent++
	if n.tap != nil {
		n.tap(from, to, datagram)
	}
	c := n.conditions
	way := n.path(route{from, to})
	if way.rnd.Float64() < c.Loss {
		n.stats.Lost++
		return
	}
	n.schedule(way, from, to, datagram)
	if way.rnd.Float64() < c.Duplicate {
		n.stats.Duplicated++
		n.schedule(way, from, to, datagram)
	}
}

// path is that of a route.
func (n *Network) path(r route) *path {
	p := n.paths[r]
	if p == nil {
		h := fnv.New64a()
		for _, end := range []netip.AddrPort{r.from, r.to} {
			b, _ := end.MarshalBinary() // its error is always nil
			h.Write(b)
		}
		p = &path{rnd: rand.New(rand.NewPCG(n.seed, h.Sum64()))}
		n.paths[r] = p
	}
	return p
}

func (n *Network) schedule(way *path, from, to netip.AddrPort, datagram []byte) {
	c := n.conditions
	delay := c.Latency
	if n.delay != nil {
		delay += n.delay(from.Addr(), to.Addr())
	}
	if c.Jitter > 0 {
		delay += time.Duration(way.rnd.Int64N(int64(c.Jitter)))
	}
	reordered := way.rnd.Float64() < c.Reorder
	if reordered {
		delay += time.Millisecond + c.Latency + c.Jitter // at most doubled: later datagrams arrive first
	}
	p := &packet{from: from, to: to, data: append([]byte(nil), datagram...)}
	if delay == 0 && len(n.inTransit) == 0 {
		n.deliver(p)
		return
	}
	p.due = time.Now().Add(delay)
	if !reordered {
		if way.lastDue.After(p.due) {
			p.due = way.lastDue
		}
		way.lastDue = p.due
	}
	n.sequence++
	p.sequence = n.sequence
	heap.Push(&n.inTransit, p)
	if n.inTransit[0] == p {
		n.setTimer()
	}
}

// setTimer sets the one timer for the packet that is due first.
func (n *Network) setTimer() {
	if n.timer != nil {
		n.timer.Stop()
	}
	n.timer = time.AfterFunc(time.Until(n.inTransit[0].due), n.deliverDue)
}

func (n *Network) deliverDue() {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for len(n.inTransit) > 0 && !n.inTransit[0].due.After(now) {
		n.deliver(heap.Pop(&n.inTransit).(*packet))
	}
	if len(n.inTransit) > 0 {
		n.setTimer()
	}
}

// deliver gives a packet to the Conn that is at its address now.
func (n *Network) deliver(p *packet) {
	if n.cut != nil && n.cut(p.from.Addr(), p.to.Addr()) {
		n.stats.Cut++
		return
	}
	c := n.conns[p.to]
	if nat := n.nats[p.to.Addr()]; nat != nil {
		c = nat.translateIn(p.from, p.to.Port())
	}
	if c == nil {
		n.stats.Unreachable++
		return
	}
	if !c.push(p) {
		n.stats.Overflowed++
		return
	}
	n.stats.Delivered++
}

type packet struct {
	from, to netip.AddrPort
	data     []byte
	due      time.Time
	sequence uint64
}

// packetHeap is a heap of packets under way: the first due first; of equal ones the
// first sent.
type packetHeap []*packet

func (h packetHeap) Len() int { return len(h) }
func (h packetHeap) Less(i, j int) bool {
	if !h[i].due.Equal(h[j].due) {
		return h[i].due.Before(h[j].due)
	}
	return h[i].sequence < h[j].sequence
}
func (h packetHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *packetHeap) Push(x any)   { *h = append(*h, x.(*packet)) }
func (h *packetHeap) Pop() any {
	last := len(*h) - 1
	p := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return p
}
