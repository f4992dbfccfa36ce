package session

import (
	"testing"
	"time"
)

// After Rekey nothing is sent under the sessions there were, but for OldLife they
// still receive, also once a new one is in use.
func TestRekeyRetiresAllSessions(t *testing.T) {
	a, b := pair(t)
	old := meet(t, noon, a, b)
	delivers(t, noon, old.initiated, b)
	delivers(t, noon, old.answered, a)

	at := noon.Add(time.Minute)
	a.table.Rekey(at)
	if a.uses(at, b) != 0 {
		t.Error("a session is used after Rekey")
	}
	if b.uses(at, a) != old.initiated.ReceiveID() {
		t.Error("the peer does not use its session any more")
	}
	if !delivers(t, at, old.answered, a) {
		t.Error("the old session does not receive")
	}

	fresh := meet(t, at, a, b)
	if a.uses(at, b) != fresh.answered.ReceiveID() {
		t.Error("the new session is not used")
	}
	if !delivers(t, at, fresh.initiated, b) || !delivers(t, at, fresh.answered, a) {
		t.Error("the new session does not carry")
	}
	if b.uses(at, a) != fresh.initiated.ReceiveID() {
		t.Error("the peer does not use the new session")
	}
	if !delivers(t, at.Add(OldLife-1), old.answered, a) {
		t.Error("the old session does not receive for 30 s")
	}
	if delivers(t, at.Add(OldLife), old.answered, a) {
		t.Error("the old session receives for longer than 30 s")
	}
}

// A half-open session is an old one too: what the initiator sends under it arrives,
// but nothing is sent to the initiator under its keys.
func TestRekeyRetiresHalfOpenSessions(t *testing.T) {
	a, b := pair(t)
	h := meet(t, noon, a, b)
	b.table.Rekey(noon)
	if !delivers(t, noon, h.initiated, b) {
		t.Fatal("the half-open session does not receive")
	}
	if b.uses(noon, a) != 0 {
		t.Error("a session made before Rekey is used")
	}
	if delivers(t, noon.Add(OldLife), h.initiated, b) {
		t.Error("it receives for longer than 30 s")
	}
	fresh := meet(t, noon.Add(AtOnce), b, a)
	if b.uses(noon.Add(AtOnce), a) != fresh.answered.ReceiveID() {
		t.Error("the new session is not used")
	}
}

// Of the sessions that Rekey retired and that still open datagrams, the one heard
// last receives beside the one in use: one peer still holds few places.
func TestRekeyLeavesOnePeerFewSessions(t *testing.T) {
	a, b := pair(t)
	var met []*handshake
	for i := range 20 {
		met = append(met, meet(t, noon.Add(time.Duration(i)*time.Millisecond), a, b))
	}
	at := noon.Add(time.Second)
	b.table.Rekey(at)
	for _, h := range met {
		if !delivers(t, at, h.initiated, b) {
			t.Fatal("not delivered")
		}
	}
	if n := b.table.Live(); n > 2 {
		t.Errorf("%d sessions of one peer", n)
	}
	// Each once more: every one but the two has gone.
	received := 0
	for _, h := range met {
		if delivers(t, at, h.initiated, b) {
			received++
		}
	}
	if received != b.table.Live() {
		t.Errorf("%d sessions receive, %d are held", received, b.table.Live())
	}
}

// Rekey while nothing is there, twice, and of a first contact that is being answered:
// its session is used as usual.
func TestRekeyDuringAFirstContact(t *testing.T) {
	a, b := pair(t)
	a.table.Rekey(noon)
	h := ask(t, a.Endpoint, b.Endpoint)
	if !b.table.Claim(noon, h.responder) {
		t.Fatal("not claimed")
	}
	a.table.Rekey(noon)
	b.table.Rekey(noon)
	h.answer(t, noon)
	if !b.table.AddAnswered(noon, h.responder, h.answered, h.response) {
		t.Fatal("not stored")
	}
	a.finish(t, noon, h)
	if a.uses(noon, b) != h.answered.ReceiveID() {
		t.Error("the session is not used by its initiator")
	}
	if !delivers(t, noon, h.initiated, b) || b.uses(noon, a) != h.initiated.ReceiveID() {
		t.Error("the session is not used by its responder")
	}
}
