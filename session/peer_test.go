package session

import (
	"bytes"
	"testing"
	"time"
)

// A node is one peer with its table, for stories about rule 4.
type node struct {
	*Endpoint
	table *Table
}

// pair is two nodes, the one with the smaller ID first.
func pair(t *testing.T) (smaller, larger node) {
	t.Helper()
	a, b := endpoint(t, 1, "test"), endpoint(t, 2, "test")
	ia, ib := a.ID(), b.ID()
	if bytes.Compare(ia[:], ib[:]) > 0 {
		a, b = b, a
	}
	return node{a, NewTable(a.ID(), 0, 0)}, node{b, NewTable(b.ID(), 0, 0)}
}

// receive answers the request of a handshake at its responder.
func (n node) receive(t *testing.T, now time.Time, h *handshake) {
	t.Helper()
	if !n.table.Claim(now, h.responder) {
		t.Fatal("not claimed")
	}
	h.answer(t, now)
	if !n.table.AddAnswered(now, h.responder, h.answered, h.response) {
		t.Fatal("not stored")
	}
}

// finish takes in the response at its initiator.
func (n node) finish(t *testing.T, now time.Time, h *handshake) {
	t.Helper()
	h.complete(t, now)
	if !n.table.AddInitiated(now, h.initiated) {
		t.Fatal("not added")
	}
}

// meet is a whole first contact of from with to.
func meet(t *testing.T, now time.Time, from, to node) *handshake {
	t.Helper()
	h := ask(t, from.Endpoint, to.Endpoint)
	to.receive(t, now, h)
	from.finish(t, now, h)
	return h
}

// uses is the session that from sends to its peer under, by the ID that the peer
// receives under; 0 if there is none.
func (n node) uses(now time.Time, peer node) uint64 {
	s, ok := n.table.ForPeer(now, peer.ID())
	if !ok {
		return 0
	}
	return s.sendID
}

// delivers sends one datagram under a session, and reports whether to opened it.
func delivers(t *testing.T, now time.Time, from *Session, to node) bool {
	t.Helper()
	s, ok := to.table.Find(now, from.sendID)
	if !ok {
		return false
	}
	if _, err := s.Open(seal(t, from)); err != nil {
		t.Fatal(err)
	}
	to.table.Confirm(now, s)
	return true
}

func TestInitiatorUsesTheSessionAtOnceAndResponderOnceHeard(t *testing.T) {
	a, b := pair(t)
	h := meet(t, noon, a, b)
	if a.uses(noon, b) != h.answered.ReceiveID() {
		t.Error("the initiator has no session")
	}
	if b.uses(noon, a) != 0 || b.table.HalfOpen() != 1 || b.table.Live() != 0 {
		t.Error("the responder's session is not half-open")
	}
	if h.answered.ProvenAt(addrA) {
		t.Error("the initiator's address is proven by a request alone")
	}
	if !h.initiated.ProvenAt(addrB) {
		t.Error("the responder's address is not proven by its response")
	}
	if !delivers(t, noon, h.initiated, b) {
		t.Fatal("half-open session not found")
	}
	if b.uses(noon, a) != h.initiated.ReceiveID() || b.table.HalfOpen() != 0 || b.table.Live() != 1 {
		t.Error("the responder's session is not live")
	}
	if !h.answered.ProvenAt(addrA) || h.answered.ProvenAt(addrB) {
		t.Error("the first session datagram proves the address, and no other")
	}
}

// A session that opened no datagram is given up by its initiator before its
// responder forgets it.
func TestUnconfirmedSessionsEnd(t *testing.T) {
	a, b := pair(t)
	h := meet(t, noon, a, b)
	if at := noon.Add(UnconfirmedUse - 1); a.uses(at, b) == 0 {
		t.Error("given up too early")
	}
	if at := noon.Add(UnconfirmedUse); a.uses(at, b) != 0 {
		t.Error("used too long")
	}
	if _, ok := b.table.Find(noon.Add(HalfOpenLife-1), h.answered.ReceiveID()); !ok {
		t.Error("forgotten too early")
	}
	if _, ok := b.table.Find(noon.Add(HalfOpenLife), h.answered.ReceiveID()); ok {
		t.Error("kept too long")
	}
	// A request sent late leaves the initiator waiting for its answer longer.
	at := noon.Add(UnconfirmedUse - 1)
	if !delivers(t, at, h.initiated, b) {
		t.Fatal("late, but in time")
	}
	at = at.Add(OldLife)
	if !delivers(t, at, h.answered, a) {
		t.Error("a late answer finds no session")
	}
	if a.uses(at, b) == 0 {
		t.Error("an opened datagram does not confirm the session")
	}
	for n, table := range []*Table{a.table, b.table} {
		if table.Expire(noon.Add(MaxAge+OldLife), true); table.Live() != 0 || table.HalfOpen() != 0 {
			t.Errorf("table %d keeps what is past its life", n)
		}
	}
}

// Rule 4: the new session stands beside the live one until it has opened a
// datagram, and the old one still receives for 30 s.
func TestNewSessionBesideTheOldOne(t *testing.T) {
	a, b := pair(t)
	old := meet(t, noon, a, b)
	delivers(t, noon, old.initiated, b)
	delivers(t, noon, old.answered, a)

	later := noon.Add(time.Minute)
	fresh := meet(t, later, a, b)
	if b.uses(later, a) != old.initiated.ReceiveID() {
		t.Error("the responder uses a session before it has opened a datagram")
	}
	if a.uses(later, b) != fresh.answered.ReceiveID() {
		t.Error("the initiator does not use the new session")
	}
	if !delivers(t, later, old.initiated, b) || !delivers(t, later, old.answered, a) {
		t.Error("the live session is harmed by a new one beside it")
	}
	delivers(t, later, fresh.initiated, b)
	if b.uses(later, a) != fresh.initiated.ReceiveID() {
		t.Error("the responder does not use the new session")
	}
	if !delivers(t, later.Add(OldLife-1), old.initiated, b) {
		t.Error("the old session does not receive for 30 s")
	}
	if delivers(t, later.Add(OldLife), old.initiated, b) {
		t.Error("the old session receives for longer than 30 s")
	}
	if delivers(t, later.Add(time.Second), fresh.answered, a); a.uses(later.Add(UnconfirmedUse), b) != fresh.answered.ReceiveID() {
		t.Error("the initiator does not stay with the new session")
	}
}

// An initiator whose new session leads nowhere goes back to the live one, unless
// the peer said that it lost that.
func TestNewSessionThatLeadsNowhere(t *testing.T) {
	a, b := pair(t)
	old := meet(t, noon, a, b)
	delivers(t, noon, old.initiated, b)
	delivers(t, noon, old.answered, a)
	h := ask(t, a.Endpoint, b.Endpoint).answer(t, noon.Add(time.Minute)) // never stored at b
	a.finish(t, noon.Add(time.Minute), h)
	at := noon.Add(time.Minute + UnconfirmedUse)
	if a.uses(at, b) != old.answered.ReceiveID() {
		t.Error("does not go back to the live session")
	}
	a.table.Suspect(old.initiated)
	if a.uses(at, b) != old.answered.ReceiveID() {
		t.Error("an unauthenticated NOSESSION ended a live session")
	}
	meet(t, at, a, b)
	at = at.Add(UnconfirmedUse)
	if a.uses(at, b) != 0 {
		t.Error("still uses a session that the peer lost")
	}
}

// Both sides open at once, whatever the order in which things arrive: both
// sessions work, and in the end both sides use the smaller peer's.
func TestBothOpenAtOnce(t *testing.T) {
	for order := range 16 {
		a, b := pair(t)
		ha, hb := ask(t, a.Endpoint, b.Endpoint), ask(t, b.Endpoint, a.Endpoint)
		now := noon
		b.receive(t, now, ha)
		now = now.Add(10 * time.Millisecond)
		a.receive(t, now, hb)
		now = now.Add(10 * time.Millisecond)
		first, second := func() { a.finish(t, now, ha) }, func() { b.finish(t, now, hb) }
		if order&1 != 0 {
			first, second = second, first
		}
		first()
		now = now.Add(10 * time.Millisecond)
		second()
		// Requests under both sessions, then answers to them, in any order.
		for _, swap := range []bool{order&2 != 0, order&4 != 0} {
			way := [2]func() bool{
				func() bool { return delivers(t, now, ha.initiated, b) && delivers(t, now, ha.answered, a) },
				func() bool { return delivers(t, now, hb.initiated, a) && delivers(t, now, hb.answered, b) },
			}
			if swap {
				way[0], way[1] = way[1], way[0]
			}
			for _, f := range way {
				now = now.Add(10 * time.Millisecond)
				if !f() {
					t.Fatalf("order %d: a session does not carry", order)
				}
			}
		}
		if a.uses(now, b) != ha.answered.ReceiveID() || b.uses(now, a) != ha.initiated.ReceiveID() {
			t.Errorf("order %d: not both use the session of the smaller peer", order)
		}
		if a.table.Expire(now.Add(OldLife), true); a.table.Live() != 1 {
			t.Errorf("order %d: %d sessions in the end", order, a.table.Live())
		}
	}
}

// One side begins two first contacts at once, and they come about in another order at
// each end: both sides use the same session all the same.
func TestOneSideOpensTwoAtOnce(t *testing.T) {
	for order := range 4 {
		a, b := pair(t)
		h := [2]*handshake{ask(t, a.Endpoint, b.Endpoint), ask(t, a.Endpoint, b.Endpoint)}
		now := noon
		for i := range h {
			b.receive(t, now, h[i^order&1])
			now = now.Add(10 * time.Millisecond)
		}
		for i := range h {
			done := h[i^order>>1]
			a.finish(t, now, done)
			now = now.Add(10 * time.Millisecond)
			if !delivers(t, now, done.initiated, b) || !delivers(t, now, done.answered, a) {
				t.Fatalf("order %d: a session does not carry", order)
			}
		}
		now = now.Add(OldLife)
		sent, ok := a.table.ForPeer(now, b.ID())
		if !ok || b.uses(now, a) != sent.ReceiveID() {
			t.Errorf("order %d: the sides use different sessions", order)
		}
		if _, ok := b.table.Find(now, sent.SendID()); !ok {
			t.Errorf("order %d: the session in use does not carry after 30 s", order)
		}
	}
}

// A session that one side begins after another, and within 5 s of it, is the one in use
// at both sides: its initiator chooses a greater ID for it.
func TestOneSideOpensAgainAtOnce(t *testing.T) {
	for range 20 {
		a, b := pair(t)
		now := noon
		for range 3 {
			again, err := a.Initiate(b.ID(), a.table.LastInitiated(now, b.ID()), typePing, 0, 77, nil)
			if err != nil {
				t.Fatal(err)
			}
			h := verified(t, again, b.Endpoint)
			b.receive(t, now, h)
			a.finish(t, now, h)
			if !delivers(t, now, h.initiated, b) || b.uses(now, a) != h.initiated.ReceiveID() {
				t.Fatal("the responder does not use the newer session")
			}
			now = now.Add(AtOnce / 10)
		}
		if last := a.table.LastInitiated(now.Add(AtOnce), b.ID()); last != 0 {
			t.Fatalf("%x bounds the ID of a session begun 5 s later", last)
		}
	}
}

// A peer that restarts opens a new session later: it is used, whichever ID is smaller.
func TestRestartedPeer(t *testing.T) {
	for _, swap := range []bool{false, true} {
		a, b := pair(t)
		if swap {
			a, b = b, a
		}
		old := meet(t, noon, a, b)
		delivers(t, noon, old.initiated, b)
		delivers(t, noon, old.answered, a)
		b = node{b.Endpoint, NewTable(b.ID(), 0, 0)}
		at := noon.Add(AtOnce)
		if delivers(t, at, old.initiated, b) {
			t.Fatal("a restarted peer knows the session")
		}
		fresh := meet(t, at, b, a)
		delivers(t, at, fresh.initiated, a)
		if a.uses(at, b) != fresh.initiated.ReceiveID() {
			t.Error("the new session is not used")
		}
	}
}

// One peer, however often it comes again, holds few places of the table.
func TestOnePeerHoldsFewSessions(t *testing.T) {
	a, b := pair(t)
	now := noon
	for range 50 {
		h := meet(t, now, a, b)
		if !delivers(t, now, h.initiated, b) {
			t.Fatal("not delivered")
		}
		now = now.Add(100 * time.Millisecond)
	}
	if n := b.table.Live(); n > 2 {
		t.Errorf("%d sessions of one peer", n)
	}
}
