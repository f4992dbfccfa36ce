package transport

import (
	"errors"
	"net/netip"
	"testing"

	"kadmium/identity"
	"kadmium/rpc"
)

// Inside a session writes are at-most-once: a retry gets the first answer again
// (wire.md rule 3), also under a renewed session.
func TestWritesAreAtMostOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		w.Partition(func(from, _ netip.Addr) bool { return from == b.addr.Endpoint.Addr() })
		id := a.ask(b.addr, rpc.Store, "x")
		w.settle()
		a.again(b.addr, rpc.Store, "x", id, false)
		w.settle()
		w.Partition(nil)
		a.again(b.addr, rpc.Store, "x", id, true)
		w.settle()
		a.wantAnswer(b.addr, id, "re:x")
		got := b.wantRequests(2)
		if got[0].Type != rpc.Store || got[1].Type != rpc.Ping {
			t.Errorf("the handler saw %v and %v", got[0].Type, got[1].Type)
		}
		if got := b.Stats().Answers; got != 1 {
			t.Errorf("%d answers kept", got)
		}
	})
}

// A retry of a write that is still being worked on is dropped.
func TestRetryOfAnUnansweredWrite(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		b.silent = true
		id := a.ask(b.addr, rpc.AppMessage, "x")
		w.settle()
		a.again(b.addr, rpc.AppMessage, "x", id, false)
		w.settle()
		in := b.wantRequests(1)[0]
		if err := b.Reply(in.Reply, false, []byte("late")); err != nil {
			t.Fatal(err)
		}
		if err := b.Reply(in.Reply, false, []byte("again")); !errors.Is(err, ErrStale) {
			t.Errorf("second reply: %v", err)
		}
		w.settle()
		a.wantAnswer(b.addr, id, "late")
	})
}

func TestAnswersAreBounded(t *testing.T) {
	a := atMostOnce{most: 10}
	body := make([]byte, 1000)
	for i := range uint64(2000) {
		if a.begin(writeKey{id: i}) != nil {
			t.Fatalf("write %d was known", i)
		}
		if !a.finish(writeKey{id: i}, true, body) || a.finish(writeKey{id: i}, true, body) {
			t.Fatalf("write %d was not finished once", i)
		}
		if a.len() > 10 || a.bytes != a.len()*len(body) {
			t.Fatalf("%d answers of %d bytes kept", a.len(), a.bytes)
		}
	}
	a = atMostOnce{most: 5000}
	for i := range uint64(4000) {
		k := writeKey{identity.ID{byte(i)}, i}
		a.begin(k)
		a.finish(k, true, body)
	}
	if a.bytes > maxAnswerBytes || a.bytes < maxAnswerBytes-len(body) {
		t.Errorf("%d bytes kept", a.bytes)
	}
	if known := a.begin(writeKey{identity.ID{3999 % 256}, 3999}); known == nil || !known.done {
		t.Error("the latest was forgotten")
	}
	if len(a.byPeer) > 256 {
		t.Errorf("%d peers are remembered", len(a.byPeer))
	}
	if a.finish(writeKey{id: 9999}, true, nil) {
		t.Error("finished what never began")
	}
}

// A peer that floods with writes evicts its own answers and no others, also not
// one that is being worked on.
func TestFloodOfWritesIsItsOwnLoss(t *testing.T) {
	a := atMostOnce{most: 4096}
	slow := writeKey{identity.ID{1}, 1}
	a.begin(slow)
	for i := range uint64(10_000) {
		k := writeKey{identity.ID{2}, i}
		a.begin(k)
		a.finish(k, true, []byte("x"))
	}
	if a.len() != maxAnswersOfPeer+1 {
		t.Errorf("%d answers kept", a.len())
	}
	if known := a.begin(slow); known == nil || known.done {
		t.Error("another peer's write was forgotten")
	}
}

// A write that was given up unanswered may be tried again; one that was answered
// keeps its answer.
func TestAbandonedWriteIsNew(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		b.silent = true
		id := a.ask(b.addr, rpc.Store, "x")
		w.settle()
		b.Abandon(b.wantRequests(1)[0].Reply)
		a.again(b.addr, rpc.Store, "x", id, false)
		w.settle()
		in := b.wantRequests(1)[0]
		if err := b.Reply(in.Reply, true, []byte("done")); err != nil {
			t.Fatal(err)
		}
		b.Abandon(in.Reply)
		if err := b.Reply(in.Reply, true, []byte("twice")); !errors.Is(err, ErrStale) {
			t.Errorf("second reply: %v", err)
		}
		w.settle()
		a.wantAnswer(b.addr, id, "done")
	})
}
