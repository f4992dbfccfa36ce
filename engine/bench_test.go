package engine

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/rpc"
	"kadmium/store"
)

// A crowd is a network of many nodes of which only the book exists.
type crowd struct {
	book     identity.Contacts
	rnd      *rand.Rand
	contacts []identity.Contact
	names    *store.Namespaces
}

func newCrowd(n int) *crowd {
	w := &crowd{rnd: rand.New(rand.NewPCG(1, 2)), names: store.NewNamespaces(testNetwork)}
	for i := range n {
		w.contacts = append(w.contacts, w.book.Intern(w.address(i)))
	}
	return w
}

// address is the address of node i. Each node has a subnet of its own.
func (w *crowd) address(i int) identity.Address {
	a := identity.Address{Endpoint: netip.AddrPortFrom(netip.AddrFrom4([4]byte{20 + byte(i>>16), byte(i >> 8), byte(i), 1}), 4100)}
	binary.BigEndian.PutUint64(a.ID[:], uint64(i)+1)
	return a
}

func (w *crowd) engine(mode Mode) *Engine {
	self := w.address(1 << 20)
	return New(Config{Self: self.ID, Endpoint: self.Endpoint, Mode: mode, Namespaces: w.names}, &w.book, w.rnd, epoch)
}

// full is an engine with a table of about 350 contacts and 160 replacements, with 224
// round trip times, after what a node does when it joins.
func (w *crowd) full(mode Mode) *Engine {
	e := w.engine(mode)
	w.fill(e)
	return e
}

func (w *crowd) fill(e *Engine) {
	e.enter(epoch, nil)
	for cpl, room := 0, 1<<20; room > 0; cpl, room = cpl+1, room/2 { // buckets 18 and deeper stay small
		for range min(room, 2*kbucket.DefaultK) {
			c := w.inBucket(e, cpl)
			e.contacted(c, true, false)
			var rtt rpc.RTT
			rtt.Sample(time.Duration(w.rnd.Int64N(int64(200 * time.Millisecond))))
			e.rtts.set(c, rtt)
		}
	}
	e.probes = nil
	e.leave()
}

// inBucket is a contact in the range of a bucket. Its ID does not fit its position.
func (w *crowd) inBucket(e *Engine, cpl int) identity.Contact {
	n := len(w.contacts)
	c := w.book.Intern(w.address(n))
	*w.book.Position(c) = e.randomIn(cpl)
	w.contacts = append(w.contacts, c)
	return c
}

func BenchmarkNew(b *testing.B) {
	w := newCrowd(1)
	b.ReportAllocs()
	for b.Loop() {
		w.engine(Server)
	}
}

// A server with a full table answers a client that knows twenty contacts already.
func BenchmarkServeFindNode(b *testing.B) {
	w := newCrowd(1)
	e := w.full(Server)
	var requests []*rpc.Message
	for range 256 {
		m := &rpc.Message{Type: rpc.FindNode, ID: w.rnd.Uint64(), Target: e.randomIn(w.rnd.IntN(8)), Families: rpc.IPv4 | rpc.IPv6}
		for i, c := range e.table.Nearest(nil, &m.Target, 2*rpc.MaxTags) {
			if i%2 == 0 {
				m.Known = append(m.Known, rpc.Tag(m.ID, w.book.Position(c)))
			}
		}
		requests = append(requests, m)
	}
	in := &Inbound{From: w.contacts[0], Token: 1, Room: 1180, Proven: true}
	var fx []Effect
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		in.Message = requests[i%len(requests)]
		if fx = e.Receive(epoch, in, fx[:0]); len(fx) != 1 || len(fx[0].Message.Contacts) < 10 {
			b.Fatal(fx)
		}
	}
}

func BenchmarkWakeAt(b *testing.B) {
	w := newCrowd(1)
	e := w.full(Server)
	b.ReportAllocs()
	for b.Loop() {
		if e.WakeAt().IsZero() {
			b.Fatal("it never wakes")
		}
	}
}

// A searcher replays lookups of a client. The answers are recorded ones among 10,000
// nodes, so that only the client is measured.
type searcher struct {
	*crowd
	now     time.Time
	e       *Engine
	targets []identity.Position
	sorted  []identity.Contact // by position
	tables  map[identity.Contact]*kbucket.Table
	answers []map[identity.Contact][]identity.Contact // by target
	fx      []Effect
	queue   []question
	message rpc.Message
	inbound Inbound
	op      OpID
}

type question struct {
	to identity.Contact
	id uint64
}

func newSearcher(nodes, targets int) *searcher {
	s := &searcher{crowd: newCrowd(nodes), now: epoch, tables: make(map[identity.Contact]*kbucket.Table)}
	s.e = s.engine(Client)
	s.sorted = slices.Clone(s.contacts)
	slices.SortFunc(s.sorted, func(a, b identity.Contact) int {
		return slices.Compare(s.book.Position(a)[:], s.book.Position(b)[:])
	})
	for range targets {
		s.targets = append(s.targets, s.e.randomIn(0))
		s.answers = append(s.answers, make(map[identity.Contact][]identity.Contact))
	}
	s.e.enter(epoch, nil)
	for range 20 {
		s.e.contacted(s.contacts[s.rnd.IntN(nodes)], true, false)
	}
	s.e.leave()
	for range 4 { // then the client's table is complete, and the answers are recorded
		for i := range targets {
			clear(s.answers[i])
			s.lookup(i)
		}
	}
	return s
}

// table is the table of a node that has met every other node.
func (s *searcher) table(c identity.Contact) *kbucket.Table {
	if t := s.tables[c]; t != nil {
		return t
	}
	self := *s.book.Position(c)
	t := kbucket.New(self, &s.book, 0)
	s.tables[c] = t
	low, high := 0, len(s.sorted) // the range of the nodes that share cpl bits with it
	for cpl := 0; high-low > 1; cpl++ {
		bit := self.Bit(cpl)
		middle := low
		for middle < high && s.book.Position(s.sorted[middle]).Bit(cpl) == 0 {
			middle++
		}
		from, to := middle, high
		if bit == 1 {
			from, to, low = low, middle, middle
		} else {
			high = middle
		}
		for i, n := range s.rnd.Perm(to - from) {
			if i == kbucket.DefaultK {
				break
			}
			t.Seen(epoch, s.sorted[from+n])
		}
	}
	return t
}

// lookup runs one whole lookup and returns the number of its requests.
func (s *searcher) lookup(i int) (requests int) {
	s.op++
	s.take(s.e.Closest(s.now, s.op, s.targets[i], s.fx[:0]), i)
	for len(s.queue) > 0 {
		q := s.queue[0]
		s.queue = append(s.queue[:0], s.queue[1:]...)
		s.now = s.now.Add(time.Millisecond)
		s.message.Type, s.message.ID, s.message.Response, s.message.Serves = rpc.FindNode, q.id, true, true
		s.message.Contacts = s.answers[i][q.to]
		s.inbound = Inbound{From: q.to, Message: &s.message, Proven: true}
		s.take(s.e.Receive(s.now, &s.inbound, s.fx[:0]), i)
		requests++
	}
	return requests
}

func (s *searcher) take(fx []Effect, i int) {
	for j := range fx {
		f := &fx[j]
		if f.Kind != SendRequest {
			continue
		}
		s.queue = append(s.queue, question{f.To, f.RequestID})
		if _, ok := s.answers[i][f.To]; ok {
			continue
		}
		all := s.table(f.To).Nearest(nil, &s.targets[i], rpc.MaxContacts)
		s.answers[i][f.To] = slices.DeleteFunc(all, func(c identity.Contact) bool { return tagged(f.Message, s.book.Position(c)) })
	}
	s.fx = fx
	s.e.WakeAt()
}

// BenchmarkLookup measures all that a lookup among 10,000 nodes costs the searching node,
// including WakeAt, which its driver calls.
func BenchmarkLookup(b *testing.B) {
	s := newSearcher(10_000, 64)
	requests := 0
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		requests += s.lookup(i % len(s.targets))
	}
	b.ReportMetric(float64(requests)/float64(b.N), "requests/op")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(requests), "ns/request")
}

// A process may hold a million nodes, most of them at rest. So New retains little, and a
// joined node retains little beside its table, half of it round trip times.
func TestEngineIsSmall(t *testing.T) {
	const engines = 1 << 10 // so many that what the runtime allocates meanwhile counts little
	w := newCrowd(1)
	contacts := make([]identity.Contact, 1<<10)
	for i := range contacts {
		contacts[i] = w.book.Intern(w.address(1 + i))
	}
	var all [engines]*Engine
	before := liveBytes()
	for i := range all {
		all[i] = w.engine(Server)
	}
	fresh := (liveBytes() - before) / engines
	t.Logf("a new engine takes %d bytes", fresh)
	first := w.full(Server) // makes the contacts that the others then meet
	before = liveBytes()
	for _, e := range all {
		w.live(e, first)
	}
	grown := (liveBytes() - before) / engines
	waiting := -all[0].table.Len()
	all[0].table.EachHandle(func(identity.Contact) { waiting++ })
	tables := make([]*kbucket.Table, engines)
	before = liveBytes()
	for i := range tables {
		tables[i] = kbucket.New(first.cfg.Position, &w.book, 0)
		w.meetAll(first, func(c identity.Contact) { tables[i].Seen(epoch, c) })
	}
	table := (liveBytes() - before) / engines
	rest := fresh + grown - table
	if fresh > 7<<8 || table > 8<<10 || rest > 5<<10 {
		t.Error("that is too much")
	}
	t.Logf("one with %d contacts, %d that wait and %d round trip times: %d bytes, of which %d are the table and %d the rest",
		all[0].table.Len(), waiting, maxRTTs, fresh+grown, table, rest)
	runtime.KeepAlive(all)
	runtime.KeepAlive(tables)
}

// meetAll lists all contacts that the full engine met.
func (w *crowd) meetAll(full *Engine, meet func(identity.Contact)) {
	for _, c := range w.contacts[1:] {
		meet(c)
	}
}

// live has an engine do what a joined node has done: it met the contacts of another, ran
// a lookup of which some requests were answered, and was asked.
func (w *crowd) live(e, full *Engine) {
	e.enter(epoch, nil)
	w.meetAll(full, func(c identity.Contact) {
		e.contacted(c, true, false)
		var rtt rpc.RTT
		rtt.Sample(100 * time.Millisecond)
		e.rtts.set(c, rtt)
	})
	e.probes = nil
	e.leave()
	now := epoch
	for op := OpID(1); op <= 4; op++ {
		pending := e.Closest(now, op, e.randomIn(0), nil)
		for len(pending) > 0 {
			f := pending[0]
			pending = pending[1:]
			if f.Kind == SendRequest {
				m := &rpc.Message{Type: rpc.FindNode, ID: f.RequestID, Response: true, Serves: true}
				pending = append(pending, e.Receive(now, &Inbound{From: f.To, Message: m, Proven: true}, nil)...)
			}
		}
		ask := &rpc.Message{Type: rpc.FindNode, ID: uint64(op), Target: e.randomIn(1)}
		e.Receive(now, &Inbound{From: w.contacts[0], Message: ask, Room: 1180, Proven: true}, nil)
	}
	if e.requests.Len()+len(e.lookups) > 0 {
		panic("not at rest")
	}
}

func liveBytes() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first cycle moved out of pools and finalizers
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
