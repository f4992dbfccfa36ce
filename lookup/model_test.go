package lookup

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"kadmium/identity"

	"pgregory.net/rapid"
)

// A model is the lookup in its simplest form: it sorts everything again at each step and
// keeps no counts. The property test compares the two after each call.
type model struct {
	cfg     Config
	most    int // candidates
	w       *world
	self    identity.Position
	target  identity.Position
	known   []*known // in the order in which they were named
	turn    int
	last    int // round of the last outcome
	rounds  int
	asks    int
	done    Reason
	answers int
}

type known struct {
	c, namedBy identity.Contact
	state      state
	hop, round int
	path       int // that asked
	burst      bool
	paths      map[int]bool
}

func (m *model) at(c identity.Contact) identity.Position { return *m.w.Position(c) }

// sorted are the candidates by distance, those of one peer in the order of m.known.
func (m *model) sorted() []*known {
	all := slices.Clone(m.known)
	slices.SortStableFunc(all, func(a, b *known) int {
		pa, pb := m.at(a.c), m.at(b.c)
		da, db := identity.Xor(&pa, &m.target), identity.Xor(&pb, &m.target)
		return bytes.Compare(da[:], db[:])
	})
	return all
}

// of are the candidates that path p knows, in one of the states, by distance.
func (m *model) of(p int, states ...state) (all []*known) {
	for _, k := range m.sorted() {
		if k.paths[p] && slices.Contains(states, k.state) {
			all = append(all, k)
		}
	}
	return all[:min(len(all), m.cfg.K)]
}

// admit reports whether c, named by another (nil: our own table), is new.
func (m *model) admit(c identity.Contact, by *known, paths map[int]bool) bool {
	new := &known{c: c, hop: 1, paths: paths}
	if by != nil {
		new.namedBy, new.hop = by.c, by.hop+1
	}
	refused := m.at(c) == m.self
	for _, k := range m.known {
		if m.at(k.c) != m.at(c) {
			continue
		}
		for p := range paths {
			k.paths[p] = true
		}
		new.paths = k.paths
		if k.c == c || k.state == answered || by != nil && k.namedBy == by.c {
			refused = true
		}
		if k.state != failed {
			new.state = spare
		}
	}
	if refused || by != nil && !m.addressAllowed(c) {
		return false
	}
	m.known = append(m.known, new)
	for _, k := range slices.Backward(m.sorted()) {
		if len(m.known) > m.most && (k.state == unasked || k.state == spare) {
			m.known = slices.DeleteFunc(m.known, func(other *known) bool { return other == k })
		}
	}
	return m.find(c) != nil
}

func (m *model) addressAllowed(c identity.Contact) bool {
	ip := func(c identity.Contact) netip.Addr { return m.w.Address(c).Endpoint.Addr() }
	within := func(four, six int) netip.Prefix {
		if ip(c).Is4() {
			six = four
		}
		p, _ := ip(c).Prefix(six)
		return p
	}
	limited := !identity.IsLocal(ip(c))
	hosts, subnets, sites := 0, 0, 0
	for _, k := range m.known {
		if k.namedBy == 0 || ip(k.c).Is4() != ip(c).Is4() {
			continue
		}
		if ip(k.c) == ip(c) {
			hosts++
		}
		if limited && within(24, 64).Contains(ip(k.c)) {
			subnets++
		}
		if limited && ip(c).Is6() && within(0, 48).Contains(ip(k.c)) {
			sites++
		}
	}
	most := PerSubnet
	if m.cfg.PerSubnet == 1 {
		most = 1
	}
	return ip(c).IsLoopback() || hosts < PerIP && subnets < most && sites < PerSite
}

func (m *model) next() identity.Contact {
	if m.done != 0 {
		return 0
	}
	for range m.cfg.DisjointPaths {
		p := m.turn
		m.turn = (m.turn + 1) % m.cfg.DisjointPaths
		closest := m.of(p, unasked, asked, answered)
		i := slices.IndexFunc(closest, func(k *known) bool { return k.state == unasked })
		inFlight := 0
		for _, k := range m.known {
			if k.state == asked && k.path == p && !k.burst {
				inFlight++
			}
		}
		share := 1
		for share*m.cfg.DisjointPaths < m.cfg.Alpha {
			share++
		}
		if i < 0 || closest[0].state != answered && inFlight >= share {
			continue
		}
		k := closest[i]
		k.state, k.path, k.burst, k.round = asked, p, closest[0].state == answered, m.last+1
		m.rounds = max(m.rounds, k.round)
		m.asks++
		return k.c
	}
	return 0
}

func (m *model) find(c identity.Contact) *known {
	for _, k := range m.known {
		if k.c == c {
			return k
		}
	}
	return nil
}

// outcome is what happened to c: it answered with named, failed or overran.
func (m *model) outcome(c identity.Contact, s state, named []identity.Contact) {
	k := m.find(c)
	if m.done != 0 || k == nil || k.state != asked && k.state != aside || s == aside && k.state == aside {
		return
	}
	k.state, m.last = s, k.round
	switch s {
	case answered:
		m.answers++
		for _, c := range named[:min(len(named), m.cfg.K)] {
			m.admit(c, k, map[int]bool{k.path: true})
		}
	case failed:
		for _, other := range m.known {
			if other.state == spare && m.at(other.c) == m.at(c) {
				other.state = unasked
				break
			}
		}
	case aside:
		return
	}
	for p := range m.cfg.DisjointPaths {
		for _, k := range m.of(p, unasked, asked, aside, answered) {
			if k.state != answered {
				return
			}
		}
	}
	m.done = Exhausted
	if m.answers >= m.cfg.K {
		m.done = Converged
	}
}

func (m *model) closest() (all []identity.Contact) {
	for _, k := range m.sorted() {
		if k.state == answered && len(all) < m.cfg.K {
			all = append(all, k.c)
		}
	}
	return all
}

func (m *model) nearestKnown(n int) (all []identity.Contact) {
	for _, k := range m.sorted() {
		if (k.state == unasked || k.state == asked || k.state == answered) && len(all) < n {
			all = append(all, k.c)
		}
	}
	return all
}

// crowded is a world of few positions, some of which share their first 64 bits, and of
// few IP addresses, so that rare cases happen.
func crowded(t *rapid.T) *world {
	w := newWorld(0, 0, 1)
	ips := []string{"9.0.0.1", "9.0.0.2", "9.0.1.3", "9.0.2.4", "9.0.3.5", "9.0.4.6", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1",
		"2001:db8:0:2::1", "2001:db8:0:3::1", "10.0.0.1", "127.0.0.1"}
	for i := range rapid.IntRange(1, 40).Draw(t, "contacts") {
		var p identity.Position
		p[0] = rapid.ByteRange(0, 15).Draw(t, "first byte")
		p[31] = rapid.ByteRange(0, 2).Draw(t, "last byte")
		w.add(p, netip.AddrPortFrom(netip.MustParseAddr(rapid.SampledFrom(ips).Draw(t, "ip")), uint16(i+1)))
	}
	return w
}

func TestModel(t *testing.T) {
	var l Lookup
	rapid.Check(t, func(t *rapid.T) {
		w := crowded(t)
		anyone := rapid.Custom(func(t *rapid.T) identity.Contact {
			return identity.Contact(rapid.IntRange(1, len(w.positions)).Draw(t, "contact"))
		})
		cfg := Config{
			K:             rapid.IntRange(1, 6).Draw(t, "k"),
			Alpha:         rapid.IntRange(1, 4).Draw(t, "alpha"),
			DisjointPaths: rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, "paths"),
			PerSubnet:     rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "per subnet"),
		}
		m := &model{cfg: cfg, most: rapid.IntRange(8, 30).Draw(t, "most"), w: w, self: w.positions[0], target: identity.Position{0: rapid.ByteRange(0, 15).Draw(t, "target")}}
		seeds := rapid.SliceOfN(anyone, 0, 8).Draw(t, "seeds")
		now := epoch
		l.Reset(now, cfg, w, m.self, m.target, seeds)
		l.list.most = m.most // so few that some are dropped
		n := 0
		for _, c := range seeds {
			if m.admit(c, nil, map[int]bool{n % cfg.DisjointPaths: true}) {
				n++
			}
		}
		if len(m.known) == 0 {
			m.done = NoContacts
		}
		m.compare(t, &l, now)
		check := func(c identity.Contact, s state, named []identity.Contact) {
			now = now.Add(time.Millisecond)
			switch s {
			case answered:
				l.Answered(now, c, named)
			case failed:
				l.Failed(now, c)
			case aside:
				l.SetAside(now, c)
			}
			m.outcome(c, s, named)
			m.compare(t, &l, now)
		}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			c := anyone.Draw(t, "of") // mostly a contact that is waited for
			if waiting := m.waiting(); len(waiting) > 0 && rapid.IntRange(0, 9).Draw(t, "stray") > 0 {
				c = rapid.SampledFrom(waiting).Draw(t, "waited for")
			}
			s := rapid.SampledFrom([]state{answered, answered, failed, aside}).Draw(t, "outcome")
			check(c, s, rapid.SliceOfN(anyone, 0, 8).Draw(t, "named"))
		}
		// Whatever happened, it ends when all have answered or failed.
		for m.done == 0 {
			waiting := m.waiting()
			if len(waiting) == 0 {
				t.Fatalf("nobody is waited for, and it has not ended:\n%s", &l)
			}
			check(waiting[0], rapid.SampledFrom([]state{answered, failed}).Draw(t, "last outcome"), nil)
		}
	})
}

func (m *model) waiting() (all []identity.Contact) {
	for _, k := range m.known {
		if k.state == asked || k.state == aside {
			all = append(all, k.c)
		}
	}
	return all
}

// compare takes the contacts that both want to ask now, and compares all their results.
func (m *model) compare(t *rapid.T, l *Lookup, now time.Time) {
	for {
		got, ok := l.Next(now)
		want := m.next()
		if got != want || ok != (want != 0) {
			t.Fatalf("Next is %d, want %d\n%s", got, want, l)
		}
		if !ok {
			break
		}
	}
	reason, done := l.Done()
	if reason != m.done || done != (m.done != 0) {
		t.Fatalf("Done is %v, want %v\n%s", reason, m.done, l)
	}
	if got, want := l.Closest(nil), m.closest(); !slices.Equal(got, want) {
		t.Fatalf("Closest is %v, want %v\n%s", got, want, l)
	}
	if got, want := l.Known(nil, 5), m.nearestKnown(5); !slices.Equal(got, want) {
		t.Fatalf("Known is %v, want %v\n%s", got, want, l)
	}
	s := l.Stats()
	if s.RPCs != m.asks || s.Rounds != m.rounds || s.Answered != m.answers || s.RPCs > m.most {
		t.Fatalf("%+v, want %d requests, %d rounds, %d answers", s, m.asks, m.rounds, m.answers)
	}
	hops := 0
	if closest := m.closest(); len(closest) > 0 {
		hops = m.find(closest[0]).hop
	}
	if s.Hops != hops {
		t.Fatalf("%d hops, want %d\n%s", s.Hops, hops, l)
	}
	held := 0
	l.Each(func(c identity.Contact) {
		held++
		hop := int(l.list.entries[l.list.index(c)].hop)
		if k := m.find(c); k == nil || hop != k.hop {
			t.Fatalf("contact %d is held at hop %d, want %s", c, hop, fmt.Sprint(k))
		}
	})
	if held != len(m.known) {
		t.Fatalf("%d are held, want %d", held, len(m.known))
	}
}
