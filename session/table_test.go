package session

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Rule 1: a retry is byte-identical and gets the stored reply again, as often as
// it comes, whatever its cookie; from elsewhere it is another first contact.
func TestRetryGetsTheStoredReply(t *testing.T) {
	a, b := pair(t)
	h := ask(t, a.Endpoint, b.Endpoint)
	key := func(from netip.AddrPort) RequestKey {
		req, err := b.ParseFirstRequest(h.initiator.Datagram())
		if err != nil {
			t.Fatal(err)
		}
		return req.Key(from)
	}
	if state, _ := b.table.Asked(noon, key(addrA)); state != Unseen {
		t.Fatal("known before it came")
	}
	if !b.table.Claim(noon, h.responder) || b.table.Claim(noon, h.responder) {
		t.Fatal("of two copies one is worked on")
	}
	if state, _ := b.table.Asked(noon, key(addrA)); state != Working {
		t.Fatal("not being worked on")
	}
	h.answer(t, noon)
	if !b.table.AddAnswered(noon, h.responder, h.answered, h.response) || b.table.AddAnswered(noon, h.responder, h.answered, h.response) {
		t.Fatal("one answer is stored")
	}
	h.initiator.SetCookie(Cookie{1})
	for _, at := range []time.Time{noon, noon.Add(HalfOpenLife - 1)} {
		if state, reply := b.table.Asked(at, key(addrA)); state != Answered || !bytes.Equal(reply, h.response) {
			t.Fatalf("retry at %v: state %d", at, state)
		}
	}
	if state, _ := b.table.Asked(noon, key(addrB)); state != Unseen {
		t.Error("the reply would go to another address")
	}
	if state, _ := b.table.Asked(noon.Add(HalfOpenLife), key(addrA)); state != Unseen || b.table.HalfOpen() != 0 {
		t.Error("kept too long")
	}
}

// The stored reply goes with the promotion, and with it all trace of the request.
func TestPromotionDropsTheReply(t *testing.T) {
	a, b := pair(t)
	h := meet(t, noon, a, b)
	delivers(t, noon, h.initiated, b)
	if len(b.table.asked) != 0 || b.table.HalfOpen() != 0 {
		t.Error("the half-open entry is still there")
	}
}

// A claim that was too long in coming founds nothing.
func TestAnswerAfterTheClaimIsGone(t *testing.T) {
	a, b := pair(t)
	h := ask(t, a.Endpoint, b.Endpoint)
	b.table.Claim(noon, h.responder)
	b.table.Expire(noon.Add(HalfOpenLife), true)
	h.answer(t, noon)
	if b.table.AddAnswered(noon.Add(HalfOpenLife), h.responder, h.answered, h.response) {
		t.Error("stored")
	}
}

// A half-open flood pushes out half-open entries only.
func TestHalfOpenFloodBesideLiveSessions(t *testing.T) {
	a, b := pair(t)
	b.table = NewTable(b.ID(), 4, 8)
	h := meet(t, noon, a, b)
	delivers(t, noon, h.initiated, b)
	for i := range 1000 {
		r := &Responder{receiveID: uint64(i), key: RequestKey{hash: [16]byte{byte(i), byte(i >> 8)}}}
		b.table.Claim(noon, r)
		b.table.AddAnswered(noon, r, &Session{receiveID: r.receiveID, made: noon.UnixNano()}, nil)
	}
	if b.table.HalfOpen() != 8 || len(b.table.asked) != 8 {
		t.Errorf("%d half-open, %d requests known, bound 8", b.table.HalfOpen(), len(b.table.asked))
	}
	if !delivers(t, noon, h.initiated, b) || !delivers(t, noon, h.answered, a) {
		t.Error("the live session is gone")
	}
}

// A session whose random ID is taken is refused; the one that has it stays.
func TestTakenReceiveID(t *testing.T) {
	a, b := pair(t)
	h := meet(t, noon, a, b)
	other, _ := contact(t, a.Endpoint, b.Endpoint, noon)
	other.receiveID = h.initiated.receiveID
	if a.table.AddInitiated(noon, other) {
		t.Error("added twice")
	}
	if s, _ := a.table.Find(noon, h.initiated.receiveID); s != h.initiated {
		t.Error("pushed out by one with its ID")
	}
}

// Whatever is done to a table, its parts agree and keep their bounds.
func TestTableStaysConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const live, half, peers = 6, 5, 4
		table := NewTable([32]byte{9}, live, half)
		now, next := noon, uint64(0)
		known := map[uint64]*Session{}
		newSession := func(initiated bool) *Session {
			next++
			peer := [32]byte{byte(rapid.IntRange(7, 7+peers).Draw(t, "peer"))}
			s := &Session{receiveID: next, peer: peer, made: now.UnixNano(), initiated: initiated}
			known[next] = s
			return s
		}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				table.AddInitiated(now, newSession(true))
			case 1:
				s := newSession(false)
				r := &Responder{receiveID: s.receiveID}
				binary.BigEndian.PutUint64(r.key.hash[:], s.receiveID)
				if table.Claim(now, r) && rapid.Bool().Draw(t, "answered") {
					table.AddAnswered(now, r, s, []byte("reply"))
				}
			case 2, 3:
				if id := rapid.Uint64Range(0, next).Draw(t, "id"); known[id] != nil {
					if s, ok := table.Find(now, id); ok {
						table.Confirm(now, s)
					}
				}
			case 4:
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(OldLife)).Draw(t, "pause")))
			case 5:
				table.Expire(now, rapid.Bool().Draw(t, "force"))
			}
			linked := 0
			for id, s := range table.peers {
				for ; s != nil; s = s.next {
					linked++
					if o, ok := table.live.Peek(s.receiveID); !ok || o != s || shortID(s.peer) != id {
						t.Fatalf("session %d is linked but not live", s.receiveID)
					}
				}
			}
			if linked != table.Live() || linked > live || table.HalfOpen() > half || len(table.asked) != table.HalfOpen() {
				t.Fatalf("%d linked, %d live, %d half-open, %d asked", linked, table.Live(), table.HalfOpen(), len(table.asked))
			}
			for _, first := range table.peers {
				if s, ok := table.ForPeer(now, first.peer); ok && (s.peer != first.peer || !s.receives(now.UnixNano())) {
					t.Fatal("sends under another peer's session, or one that receives nothing")
				}
			}
		}
	})
}
