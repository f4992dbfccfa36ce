package engine

import (
	"container/heap"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sort"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/rpc"
	"kadmium/store"
)

// An eclipseWorld is one engine, the victim, among peers that are played: honest ones, which
// come and go and answer as nodes with ideal tables do, and attackers, which are always
// there, speak to the victim unasked, and name each other. Time is virtual.
type eclipseWorld struct {
	t                 testing.TB
	e                 *Engine
	cfg               Config
	now               time.Time
	rnd               *rand.Rand
	peers             []eclipsePeer // by contact; none at 0
	at                map[netip.AddrPort]identity.Contact
	live              []identity.Contact // honest peers that are up, by position
	attack            [][]identity.Contact
	pending           deliveries
	seq               uint64
	requests          int
	results           map[OpID]*Result
	lastOp            OpID
	sessions          bool
	attackersAreNodes bool // honest peers name an attacker for one of twenty
	buckets           int  // that attackers have identities for
}

type eclipsePeer struct {
	position identity.Position
	address  identity.Address
	honest   bool
	up       bool
}

func (w *eclipseWorld) Position(c identity.Contact) *identity.Position { return &w.peers[c].position }
func (w *eclipseWorld) Address(c identity.Contact) identity.Address    { return w.peers[c].address }
func (w *eclipseWorld) Intern(a identity.Address) identity.Contact     { return w.at[a.Endpoint] }

// The time for which users of the KAD network were up and down (Weibull; sim/sessions.go).
func (w *eclipseWorld) session(up bool) time.Duration {
	shape, scale := 0.476, 413.68
	if up {
		shape, scale = 0.615, 169.54
	}
	return time.Duration(scale * math.Pow(-math.Log(1-w.rnd.Float64()), 1/shape) * float64(time.Minute))
}

// newEclipseWorld makes a world of so many honest peers; with sessions, a fifth of them is
// up at a time.
func newEclipseWorld(t testing.TB, seed uint64, honest int, sessions bool, table func() kbucket.Policy) *eclipseWorld {
	w := &eclipseWorld{t: t, now: epoch, rnd: rand.New(rand.NewPCG(seed, 7)), sessions: sessions,
		peers: make([]eclipsePeer, 1), at: make(map[netip.AddrPort]identity.Contact), results: make(map[OpID]*Result)}
	self := w.randomPosition()
	w.buckets = int(math.Log2(float64(honest))) + 1
	for range honest {
		c := w.add(w.randomPosition(), len(w.peers), true)
		if !sessions || w.rnd.Float64() < 0.2 {
			w.flip(c)
		} else {
			w.after(w.session(false), func() { w.flip(c) })
		}
	}
	if sessions {
		w.run(12*time.Hour, func() bool { return false })
	}
	w.cfg = Config{Self: identity.ID{1}, Position: self, Endpoint: netip.MustParseAddrPort("9.9.9.9:4100"), Mode: Server,
		Namespaces: store.NewNamespaces(testNetwork), Table: table}
	return w
}

func (w *eclipseWorld) randomPosition() (p identity.Position) {
	for i := 0; i < len(p); i += 8 {
		binary.LittleEndian.PutUint64(p[i:], w.rnd.Uint64())
	}
	return p
}

func (w *eclipseWorld) add(p identity.Position, subnet int, honest bool) identity.Contact {
	c := identity.Contact(len(w.peers))
	ip := netip.AddrFrom4([4]byte{20 + byte(subnet>>16), byte(subnet >> 8), byte(subnet), byte(len(w.peers)%250 + 1)})
	a := identity.Address{Endpoint: netip.AddrPortFrom(ip, uint16(1024+len(w.peers)%60000))}
	binary.BigEndian.PutUint32(a.ID[4:], uint32(c))
	w.peers = append(w.peers, eclipsePeer{p, a, honest, !honest})
	w.at[a.Endpoint] = c
	return c
}

// place is where p is, or would be, among the honest peers that are up.
func (w *eclipseWorld) place(p *identity.Position) int {
	return sort.Search(len(w.live), func(i int) bool { return slices.Compare(w.peers[w.live[i]].position[:], p[:]) >= 0 })
}

// flip has an honest peer come or go.
func (w *eclipseWorld) flip(c identity.Contact) {
	p := &w.peers[c]
	i := w.place(&p.position)
	if p.up = !p.up; p.up {
		w.live = slices.Insert(w.live, i, c)
		w.introduce(c)
	} else {
		w.live = slices.Delete(w.live, i, i+1)
	}
	if w.sessions {
		w.after(w.session(p.up), func() { w.flip(c) })
	}
}

// introduce has a peer that has come speak to the victim, if it would in its join: the 20
// nearest do, and of others one in twenty.
func (w *eclipseWorld) introduce(c identity.Contact) {
	if w.e == nil {
		return
	}
	p := w.Position(c)
	near := w.place(&w.cfg.Position)
	if i := w.place(p); i > near-DefaultK/2 && i < near+DefaultK/2 || w.rnd.IntN(20) == 0 {
		w.after(10*time.Second, func() {
			if w.peers[c].up {
				w.request(c)
			}
		})
	}
}

// attackFrom makes attackers in so many subnets: two identities of each in every bucket of
// the victim. Of the network at large each subnet is one node.
func (w *eclipseWorld) attackFrom(subnets int) {
	w.attack = make([][]identity.Contact, w.buckets)
	if subnets == 0 {
		return
	}
	for cpl := range w.attack {
		for i := range 2 * subnets {
			p := identity.RandomInRange(&w.cfg.Position, cpl, w.randomPosition())
			w.attack[cpl] = append(w.attack[cpl], w.add(p, 1<<20+i%subnets, false))
		}
	}
}

// speak has some attackers of each bucket send the victim a PING under a session, unasked.
func (w *eclipseWorld) speak(each int) {
	for _, all := range w.attack {
		for range each {
			w.request(all[w.rnd.IntN(len(all))])
		}
	}
}

// request has a peer send the victim a PING under a session.
func (w *eclipseWorld) request(from identity.Contact) {
	m := &rpc.Message{Type: rpc.Ping, ID: w.rnd.Uint64(), Serves: true}
	w.carryOut(w.e.Receive(w.now, &Inbound{From: from, Message: m, Token: m.ID, Room: 1180, Proven: true}, nil))
}

func (w *eclipseWorld) after(d time.Duration, do func()) {
	w.seq++
	heap.Push(&w.pending, delivery{w.now.Add(d), w.seq, do})
}

// run lets time pass, or until over.
func (w *eclipseWorld) run(d time.Duration, over func() bool) {
	for end := w.now.Add(d); !over(); {
		at := end
		wake := time.Time{}
		if w.e != nil {
			if wake = w.e.WakeAt(); !wake.IsZero() && wake.Before(at) {
				at = wake
			}
		}
		if len(w.pending) > 0 && !w.pending[0].at.After(at) {
			next := heap.Pop(&w.pending).(delivery)
			w.now = later(w.now, next.at)
			next.do()
			continue
		}
		w.now = later(w.now, at)
		if !at.Before(end) {
			return
		}
		w.carryOut(w.e.Tick(w.now, nil))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (w *eclipseWorld) carryOut(fx []Effect) {
	for _, f := range fx {
		switch f.Kind {
		case SendRequest:
			w.requests++
			to, id, kind, target := f.To, f.Message.ID, f.Message.Type, f.Message.Target
			w.after(50*time.Millisecond, func() { w.answer(to, id, kind, target) })
		case Finish:
			w.results[f.Op] = f.Result
		}
	}
}

func (w *eclipseWorld) answer(from identity.Contact, id uint64, kind rpc.Type, target identity.Position) {
	p := &w.peers[from]
	if !p.up {
		return
	}
	m := &rpc.Message{Type: kind, ID: id, Response: true, Serves: true}
	if kind == rpc.FindNode {
		if p.honest {
			m.Contacts = w.known(p, &target)
		} else {
			m.Contacts = w.named(&target)
		}
	}
	w.carryOut(w.e.Receive(w.now, &Inbound{From: from, Message: m, Proven: true}, nil))
}

// known is what an honest peer with an ideal table names: k at random of the subtree of the
// target that it knows best.
func (w *eclipseWorld) known(p *eclipsePeer, target *identity.Position) []identity.Contact {
	low, high := *target, *target
	for b := identity.CommonPrefixLen(&p.position, target) + 1; b < identity.Bits; b++ {
		low[b/8] &^= 0x80 >> (b % 8)
		high[b/8] |= 0x80 >> (b % 8)
	}
	if of := w.live[w.place(&low):w.place(&high)]; len(of) >= DefaultK {
		chosen := make([]identity.Contact, 0, DefaultK)
		for _, i := range w.rnd.Perm(len(of))[:DefaultK] {
			c := of[i]
			if w.attackersAreNodes && len(w.attack[0]) > 0 && w.rnd.IntN(20) == 0 {
				all := w.attack[min(identity.CommonPrefixLen(&w.cfg.Position, w.Position(c)), len(w.attack)-1)]
				c = all[w.rnd.IntN(len(all))]
			}
			chosen = append(chosen, c)
		}
		w.sort(chosen, target)
		return chosen
	}
	i := w.place(target)
	near := slices.Clone(w.live[max(0, i-64):min(len(w.live), i+64)])
	w.sort(near, target)
	return near[:min(len(near), DefaultK)]
}

func (w *eclipseWorld) sort(contacts []identity.Contact, target *identity.Position) {
	slices.SortFunc(contacts, func(a, b identity.Contact) int {
		return identity.Compare(target, w.Position(a), w.Position(b))
	})
}

// named are 20 attackers of the target's bucket at random: the victim takes any.
func (w *eclipseWorld) named(target *identity.Position) []identity.Contact {
	all := w.attack[min(identity.CommonPrefixLen(&w.cfg.Position, target), len(w.attack)-1)]
	var chosen []identity.Contact
	for range DefaultK {
		chosen = append(chosen, all[w.rnd.IntN(len(all))])
	}
	return chosen
}

// start makes the victim's engine, which loads what was saved.
func (w *eclipseWorld) start(saved []store.Change) {
	w.e = New(w.cfg, w, rand.New(rand.NewPCG(w.rnd.Uint64(), 2)), w.now)
	for _, c := range saved {
		if err := w.e.Load(w.now, c); err != nil {
			w.t.Fatal(err)
		}
	}
}

// join has the victim join through some honest peers that are up.
func (w *eclipseWorld) join(through int) *Result {
	var addresses []identity.Address
	for range through {
		addresses = append(addresses, w.Address(w.live[w.rnd.IntN(len(w.live))]))
	}
	return w.operate(func(op OpID) []Effect { return w.e.Join(w.now, op, addresses, nil) })
}

func (w *eclipseWorld) operate(begin func(op OpID) []Effect) *Result {
	w.lastOp++
	op := w.lastOp
	w.carryOut(begin(op))
	w.run(2*time.Minute, func() bool { return w.results[op] != nil })
	return w.results[op]
}

// share is the attackers' part of the victim's table.
func (w *eclipseWorld) share() float64 {
	attackers := 0
	w.e.table.Each(func(c identity.Contact, _ time.Time, _, _ int) {
		if !w.peers[c].honest {
			attackers++
		}
	})
	return float64(attackers) / float64(max(w.e.table.Len(), 1))
}

// captured is the number of lookups, of n, whose result has no honest peer.
func (w *eclipseWorld) captured(n int) (captured int) {
	for range n {
		target := w.randomPosition()
		r := w.operate(func(op OpID) []Effect { return w.e.Closest(w.now, op, target, nil) })
		if r == nil || !slices.ContainsFunc(r.Contacts, func(c identity.Contact) bool { return w.peers[c].honest }) {
			captured++
		}
	}
	return captured
}
