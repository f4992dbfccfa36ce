package transport

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/rpc"
	"kadmium/transport/memnet"
)

// A write that waited for a session, also while this node was stopped, is not sent once the
// peer may have forgotten that it executed the try before (wire.md, section 4).
func TestWriteIsNotSentTooLateAfterItsLastTry(t *testing.T) {
	for _, c := range []struct {
		latency time.Duration
		want    []byte
	}{
		{rpc.MaxTryGap/2 - time.Second, []byte{3, 1, 2, 3}},
		{rpc.MaxTryGap/2 + time.Second, []byte{3, 1, 2}},
	} {
		inWorld(t, func(t *testing.T, w *world) {
			a, b := w.peer(1), w.peer(2)
			w.meet(a, b)
			b.silent = true
			mark := len(w.sent)
			id := a.ask(b.addr, rpc.AppMessage, "x")
			w.settle()
			b.silent = false
			w.Set(memnet.Conditions{Latency: c.latency - time.Second/2}) // settling took a second
			a.again(b.addr, rpc.AppMessage, "x", id, true)
			time.Sleep(2*c.latency + time.Second)
			synctest.Wait()
			w.wantKinds(mark, c.want...)
		})
	}
}

// A write without a session is sealed as soon as a PING has made one (wire.md rule 1).
func TestWriteOpensItsSession(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1, func(c *Config, _ *limits) { c.Serves = func() bool { return true } }), w.peer(2)
		one, two := a.ask(b.addr, rpc.Store, "one"), a.ask(b.addr, rpc.AppMessage, "two")
		if s := a.Stats(); s.PendingWrites != 2 || s.Outstanding != 3 {
			t.Errorf("waiting: %+v", s)
		}
		w.settle()
		got := b.wantRequests(3)
		if got[0].Type != rpc.Ping || got[0].Proven || !got[0].Serves {
			t.Errorf("first came %+v", got[0])
		}
		for i, want := range []string{"one", "two"} {
			if in := got[1+i]; !in.Proven || string(in.Body) != want {
				t.Errorf("then came %+v with %q", in, in.Body)
			}
		}
		answers := a.inbox()
		if len(answers) != 2 || answers[0].ID != one || answers[1].ID != two || !answers[0].Ambiguous {
			t.Fatalf("answered with %+v", answers)
		}
		w.wantKinds(0, 1, 2, 3, 3, 4, 4)
		if s := a.Stats(); s.PendingWrites != 0 || s.Outstanding != 0 {
			t.Errorf("left behind: %+v", s)
		}
	})
}

// Writes that wait for the same session send no PING of their own, also if the PING is on
// its way when they begin: an IP that never answered is sent ten first requests a minute.
func TestWritesShareOneOpening(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		const writes = 15
		for range writes {
			a.ask(b.addr, rpc.AppMessage, "x")
			synctest.Wait() // a worker has signed and sent what is to be sent
		}
		w.settle()
		if kinds := w.kinds(0); !slices.Equal(kinds[:2], []byte{1, 2}) || len(kinds) != 2+2*writes {
			t.Errorf("datagrams of kinds %v", kinds)
		}
		b.wantRequests(1 + writes)
		if n := len(a.inbox()); n != writes {
			t.Errorf("%d answers", n)
		}
	})
}

// The PING is sent again when a write that waits is, by whichever comes first.
func TestRepeatedWriteRepeatsThePing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.Partition(func(_, to netip.Addr) bool { return to == b.addr.Endpoint.Addr() })
		one := a.ask(b.addr, rpc.Store, "one")
		synctest.Wait()
		two := a.ask(b.addr, rpc.Store, "two")
		a.Forget(one)
		w.settle()
		w.Partition(nil)
		a.again(b.addr, rpc.Store, "two", two, false)
		w.settle()
		a.wantAnswer(b.addr, two, "re:two")
		w.wantKinds(0, 1, 1, 2, 3, 4)
	})
}

func TestForgottenWriteIsNotSent(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		a.Forget(a.ask(b.addr, rpc.Store, "x"))
		a.Forget(a.next)
		w.settle()
		if s := a.Stats(); s.PendingWrites != 0 || s.Outstanding != 0 || len(a.outstanding.openings) != 0 {
			t.Errorf("left behind: %+v", s)
		}
		for _, in := range b.inbox() {
			if in.Type != rpc.Ping {
				t.Errorf("came %+v", in)
			}
		}
	})
}

// A write that is sent again says what then remains of a lifetime, also if it waited
// for a session meanwhile.
func TestRepeatedWriteCarriesItsNewBody(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		for range 2 { // without a session, then with one
			w.Partition(func(_, to netip.Addr) bool { return to == b.addr.Endpoint.Addr() })
			id := a.ask(b.addr, rpc.Store, "3 s left")
			w.settle()
			w.Partition(nil)
			a.again(b.addr, rpc.Store, "2 s left", id, false)
			w.settle()
			a.wantAnswer(b.addr, id, "re:2 s left")
			b.inbox()
		}
	})
}
