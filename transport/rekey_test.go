package transport

import (
	"testing"
	"time"

	"kadmium/rpc"
	"kadmium/session"
)

// After Rekey the next request to a peer is a first contact, and those after it go
// under the new session. What was in flight is answered under the old one, and the
// peer may still send under that.
func TestRekey(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		b.silent = true
		inFlight := a.ask(b.addr, rpc.FindNode, "in flight")
		w.settle()
		asked := b.wantRequests(1)[0]
		b.silent = false

		mark := len(w.sent)
		a.Rekey()
		id := b.ask(a.addr, rpc.FindNode, "under the old one")
		w.settle()
		b.wantAnswer(a.addr, id, "re:under the old one")
		a.wantRequests(1)
		w.wantKinds(mark, 3, 4)

		mark = len(w.sent)
		for _, body := range []string{"fresh", "sealed"} {
			id := a.ask(b.addr, rpc.FindNode, body)
			w.settle()
			a.wantAnswer(b.addr, id, "re:"+body)
			b.wantRequests(1)
		}
		w.wantKinds(mark, 1, 2, 3, 4)

		if err := b.Reply(asked.Reply, true, []byte("late")); err != nil {
			t.Fatal(err)
		}
		w.settle()
		a.wantAnswer(b.addr, inFlight, "late")
		w.wantKinds(mark, 1, 2, 3, 4, 4)
	})
}

// A write after Rekey has a PING make the session first (wire.md rule 1).
func TestRekeyBeforeAWrite(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		a.Rekey()
		mark := len(w.sent)
		id := a.ask(b.addr, rpc.Store, "x")
		w.settle()
		a.wantAnswer(b.addr, id, "re:x")
		w.wantKinds(mark, 1, 2, 3, 4)
	})
}

// A peer that heard nothing new and still uses the old session once its 30 s are
// over is told so, and begins again.
func TestRekeyedSessionEnds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		a.Rekey()
		time.Sleep(session.OldLife)
		mark := len(w.sent)
		id := b.ask(a.addr, rpc.FindNode, "x")
		w.settle()
		b.wantAnswer(a.addr, id, "re:x")
		w.wantKinds(mark, 3, 6, 1, 2)
	})
}
