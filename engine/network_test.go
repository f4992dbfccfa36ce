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
	forge   func(from, to *node, m *rpc.Message) // changes a message in transit
	twice   func() bool                          // deliver once more
	late    func() time.Duration                 // added to latency
	pending deliveries
	seq     uint64
	log     func(from, to *node, m *rpc.Message) // every message delivered
	count   map[rpc.Type]int                     // requests sent
}

// A node is one engine of a network.
type node struct {
	n        *network
	name     string
	key      identity.Key
	address  identity.Address
	e        *Engine
	cfg      Config
	up       bool
	wake     time.Time // when the engine needs its next Tick
	lastOp   OpID
	results  map[OpID]*Result
	progress map[OpID][]*Result
	events   []Event
	journal  map[string]store.Op
	tokens   map[uint64]ticket
	token    uint64
	proven   map[identity.Address]bool // peers that have a session with this node
	failDisk error
	inbox    []string     // MESSAGEs received
	sent     func(Effect) // sees every request, also one that is lost
}

// A ticket says where a reply goes.
type ticket struct {
	to      *node
	request uint64
	from    identity.Contact // the address the request was sent to
	first   bool             // it was a first contact, and so is its answer
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

// boot gives the node a new engine that has read the node's journal.
func (nd *node) boot() {
	nd.results, nd.progress, nd.tokens = make(map[OpID]*Result), make(map[OpID][]*Result), make(map[uint64]ticket)
	nd.proven = make(map[identity.Address]bool)
	nd.e = New(nd.cfg, &nd.n.book, rand.New(rand.NewPCG(nd.n.rnd.Uint64(), 2)), nd.n.now)
	nd.up = true
	keys := make([]string, 0, len(nd.journal))
	for k := range nd.journal {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if err := nd.e.Load(nd.n.now, nd.journal[k]); err != nil {
			nd.n.t.Fatalf("node %s: loading %q: %v", nd.name, k, err)
		}
	}
	nd.wake = nd.e.WakeAt()
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

// operate starts an operation and waits for its result.
func (nd *node) operate(start func(op OpID) []Effect) *Result {
	nd.n.t.Helper()
	op := nd.begin(start)
	nd.n.until(2*time.Minute, "an operation's end", func() bool { return nd.results[op] != nil })
	return nd.results[op]
}

func (nd *node) begin(start func(op OpID) []Effect) OpID {
	nd.lastOp++
	op := nd.lastOp
	nd.run(start(op))
	return op
}

func (nd *node) join() *Result {
	nd.n.t.Helper()
	return nd.operate(func(op OpID) []Effect { return nd.e.Join(nd.n.now, op, nil, nil) })
}

func (nd *node) put(q PutQuery) *Result {
	nd.n.t.Helper()
	return nd.operate(func(op OpID) []Effect { return nd.e.Put(nd.n.now, op, q, nil) })
}

func (nd *node) get(key string, quorum int) *Result {
	nd.n.t.Helper()
	return nd.operate(func(op OpID) []Effect {
		return nd.e.Get(nd.n.now, op, GetQuery{Key: []byte(key), Quorum: quorum}, nil)
	})
}

func (nd *node) closest(target identity.Position) *Result {
	nd.n.t.Helper()
	return nd.operate(func(op OpID) []Effect { return nd.e.Closest(nd.n.now, op, target, nil) })
}

// run carries effects out, as a driver does.
func (nd *node) run(fx []Effect) {
	for _, f := range fx {
		switch f.Kind {
		case SendRequest:
			nd.sendRequest(f)
		case SendReply:
			nd.sendReply(f)
		case Persist:
			nd.persist(f)
		case Progress:
			nd.progress[f.Op] = append(nd.progress[f.Op], f.Result)
		case Finish:
			if nd.results[f.Op] != nil {
				nd.n.t.Errorf("node %s: operation %d finished twice", nd.name, f.Op)
			}
			nd.results[f.Op] = f.Result
		case Emit:
			nd.events = append(nd.events, f.Event)
		case Deliver:
			nd.deliver(f)
		}
	}
	nd.wake = nd.e.WakeAt()
}

func (nd *node) persist(f Effect) {
	if nd.failDisk == nil {
		if nd.journal == nil {
			nd.journal = make(map[string]store.Op)
		}
		for _, op := range f.Ops {
			name := fmt.Sprintf("%v/%x", op.Bucket, op.Key)
			if op.Value == nil {
				delete(nd.journal, name)
			} else {
				nd.journal[name] = op
			}
		}
	}
	if f.Batch != 0 {
		err := nd.failDisk
		nd.n.after(time.Millisecond, func() { nd.run(nd.e.Persisted(nd.n.now, f.Batch, err, nil)) })
	}
}

// deliver answers MESSAGEs of /echo. It has no handler for others.
func (nd *node) deliver(f Effect) {
	status, payload := rpc.NoHandler, []byte(nil)
	if f.Message.Protocol == "/echo" {
		status, payload = rpc.OK, slices.Clone(f.Message.Payload)
		nd.inbox = append(nd.inbox, string(payload))
	}
	nd.n.after(time.Millisecond, func() { nd.run(nd.e.Respond(nd.n.now, f.Token, status, payload, nil)) })
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

func (nd *node) sendRequest(f Effect) {
	n := nd.n
	a := n.book.Address(f.To)
	n.count[f.Message.Type]++
	if nd.sent != nil {
		nd.sent(f)
	}
	to, ok := n.at[a.Endpoint]
	if !ok || !a.ID.IsZero() && to.address.ID != a.ID {
		return // no node is there, or another one
	}
	m := clone(f.Message)
	source := nd.address
	if f.DialBack {
		source.Endpoint = netip.AddrPortFrom(source.Endpoint.Addr(), source.Endpoint.Port()+1)
	}
	proven := to.proven[source]
	var extra time.Duration
	if !m.Type.IsRead() && !proven {
		extra, proven = 2*n.latency, true // the transport's own first contact
	}
	first := m.Type.IsRead() && (!proven || f.FirstContact)
	n.transmit(nd, to, m, extra, func() {
		if extra > 0 {
			to.proven[source] = true
		}
		to.token++
		to.tokens[to.token] = ticket{nd, m.ID, n.book.Intern(to.address), first}
		in := &Inbound{From: n.book.Intern(source), Message: m, Token: to.token, Room: 1180, Proven: proven}
		in.Verdict = to.verdict(m)
		to.run(to.e.Receive(n.now, in, nil))
	})
}

func (nd *node) verdict(m *rpc.Message) error {
	switch {
	case m.Record != nil:
		return nd.cfg.Namespaces.Validate(m.Record)
	case m.Provider != nil:
		return nd.cfg.Namespaces.VerifyProvider(m.Provider)
	}
	return nil
}

func (nd *node) sendReply(f Effect) {
	n := nd.n
	t, ok := nd.tokens[f.Token]
	if !ok {
		n.t.Errorf("node %s: a second reply to one request", nd.name)
		return
	}
	delete(nd.tokens, f.Token)
	m := clone(f.Message)
	m.ID = t.request
	n.transmit(nd, t.to, m, 0, func() {
		nd.proven[t.to.address] = true
		in := &Inbound{From: t.from, Message: m, Proven: true}
		if t.first {
			in.Observed = t.to.address.Endpoint
		}
		in.Verdict = t.to.verdict(m)
		t.to.run(t.to.e.Receive(n.now, in, nil))
	})
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
