package transport

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
	"kadmium/transport/memnet"
)

func TestFirstContactThenSession(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		id := a.ask(b.addr, rpc.FindNode, "one")
		w.settle()
		in := a.wantAnswer(b.addr, id, "re:one")
		if in.Observed != a.addr.Endpoint || !in.Serves || in.Ambiguous {
			t.Errorf("answered with %+v", in)
		}
		if asked := b.wantRequests(1)[0]; !asked.FirstContact || asked.Proven || asked.Serves || asked.From != a.addr {
			t.Errorf("first contact came as %+v", asked)
		}
		w.wantKinds(0, 1, 2)

		id = a.ask(b.addr, rpc.FindNode, "two")
		w.settle()
		a.wantAnswer(b.addr, id, "re:two")
		if asked := b.wantRequests(1)[0]; asked.FirstContact || !asked.Proven || asked.From != a.addr || asked.Room != session.MaxSessionBody {
			t.Errorf("request under the session came as %+v", asked)
		}
		id = b.ask(a.addr, rpc.Ping, "back")
		w.settle()
		b.wantAnswer(a.addr, id, "re:back")
		w.wantKinds(2, 3, 4, 3, 4)
	})
}

// A retry is byte-identical and gets the stored reply again (wire.md rule 1).
func TestRetryGetsTheStoredReply(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.Partition(func(from, _ netip.Addr) bool { return from == b.addr.Endpoint.Addr() })
		id := a.ask(b.addr, rpc.FindValue, "x")
		w.settle()
		a.again(b.addr, rpc.FindValue, "x", id, false)
		w.settle()
		w.Partition(nil)
		a.again(b.addr, rpc.FindValue, "x", id, true)
		w.settle()
		a.wantAnswer(b.addr, id, "re:x")
		b.wantRequests(1)
		w.wantKinds(0, 1, 2, 1, 2, 1, 2)
		for i := 2; i < len(w.sent); i++ {
			if !slices.Equal(w.sent[i].data, w.sent[i-2].data) {
				t.Errorf("datagram %d is not what %d was", i, i-2)
			}
		}
	})
}

// A first contact repeated in its victim's name draws no more full answers there than
// the victim's host may have first contacts (wire.md rule 8); with its cookie it still does.
func TestRepeatsOverTheHostLimitDrawCookies(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		id := a.ask(b.addr, rpc.FindNode, "x")
		w.settle()
		d := w.sent[0]
		mark := len(w.sent)
		for range 2 * session.FirstContactBurst {
			w.Inject(d.from, d.to, d.data)
		}
		w.settle()
		drawn := make(map[byte]int)
		for _, k := range w.kinds(mark) {
			drawn[k]++
		}
		if drawn[2] > session.FirstContactBurst || drawn[2] == 0 || drawn[2]+drawn[5] != 2*session.FirstContactBurst {
			t.Errorf("%d full answers and %d cookies", drawn[2], drawn[5])
		}
		network, _ := session.NewNetwork("test")
		_, cookie, err := session.ParseCookie(w.sent[len(w.sent)-1].data, &network)
		if err != nil {
			t.Fatal(err)
		}
		copy(d.data[120:], cookie[:])
		mark = len(w.sent)
		w.Inject(d.from, d.to, d.data)
		w.settle()
		w.wantKinds(mark, 1, 2)
		a.wantAnswer(b.addr, id, "re:x")
	})
}

// While the first copy is being answered, others are dropped.
func TestRetryOfAnUnansweredFirstContact(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		b.silent = true
		id := a.ask(b.addr, rpc.Ping, "x")
		w.settle()
		a.again(b.addr, rpc.Ping, "x", id, false)
		w.settle()
		in := b.wantRequests(1)[0]
		if err := b.Reply(in.Reply, false, []byte("late")); err != nil {
			t.Fatal(err)
		}
		w.settle()
		a.wantAnswer(b.addr, id, "late")
		if err := b.Reply(in.Reply, false, []byte("again")); !errors.Is(err, ErrStale) {
			t.Errorf("second reply: %v", err)
		}
		w.wantKinds(0, 1, 1, 2)
	})
}

// An unknown destination may be pinged, and anyone may answer (wire.md rule 2).
func TestUnknownPeerIsPinged(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		id := a.ask(identity.Address{Endpoint: b.addr.Endpoint}, rpc.Ping, "who")
		w.settle()
		a.wantAnswer(b.addr, id, "re:who")
		b.inbox()
		a.ask(b.addr, rpc.FindNode, "x")
		w.settle()
		w.wantKinds(2, 3, 4)
	})
}

// Under load a first contact draws a cookie, and only those that bring it back
// are verified (wire.md rule 8).
func TestCookieUnderLoad(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2, func(_ *Config, l *limits) { l.cookieAbove = 0 })
		id := a.ask(b.addr, rpc.FindNode, "x")
		w.settle()
		if in := a.wantAnswer(b.addr, id, "re:x"); !in.Ambiguous {
			t.Error("the round trip of a restarted request was taken for one")
		}
		w.wantKinds(0, 1, 5, 1, 2)
		if len(w.sent[1].data) >= len(w.sent[0].data) {
			t.Error("the cookie is larger than the request")
		}
		// Nothing but the cookie changed, so nothing was signed again.
		for i := range w.sent[0].data {
			if i < 120 || i >= 136 {
				if w.sent[0].data[i] != w.sent[2].data[i] {
					t.Fatalf("byte %d changed with the cookie", i)
				}
			}
		}
		if a.Stats().Restarts != 1 {
			t.Errorf("%d restarts counted", a.Stats().Restarts)
		}
	})
}

// A cookie of another address is worth nothing.
func TestCookieOfAnotherAddress(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2, func(_ *Config, l *limits) { l.cookieAbove = 0 })
		a.ask(b.addr, rpc.FindNode, "x")
		w.settle()
		a.inbox()
		b.inbox()
		withCookie, mark := w.sent[2].data, len(w.sent)
		w.Inject(netip.MustParseAddrPort("203.0.113.9:9"), b.addr.Endpoint, withCookie)
		w.settle()
		b.wantRequests(0)
		w.wantKinds(mark, 1, 5)
	})
}

// A forged cookie is malformed input while none is asked for.
func TestCookieThatNobodyMade(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		d := w.caught(func() { a.ask(b.addr, rpc.FindNode, "x") })
		d.data[120] = 1
		mark := len(w.sent)
		w.Inject(d.from, d.to, d.data)
		w.settle()
		b.wantRequests(0)
		w.wantKinds(mark, 1)
		if got := b.Stats().Dropped["bad cookie"]; got != 1 {
			t.Errorf("%d bad cookies counted", got)
		}
	})
}

// Both sides open at once: both complete, and afterwards both use one session,
// the one begun by the smaller peer ID (wire.md rule 4).
func TestBothOpenAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		ida, idb := a.ask(b.addr, rpc.FindNode, "a"), b.ask(a.addr, rpc.FindNode, "b")
		w.settle()
		for p, id := range map[*peer]uint64{a: ida, b: idb} {
			got := p.inbox()
			if len(got) != 2 || got[0].Response || !got[1].Response || got[1].ID != id {
				t.Fatalf("got %+v", got)
			}
		}
		for round := range 3 {
			mark := len(w.sent)
			ida, idb = a.ask(b.addr, rpc.FindNode, "a"), b.ask(a.addr, rpc.FindNode, "b")
			w.settle()
			for p, id := range map[*peer]uint64{a: ida, b: idb} {
				got := p.inbox()
				if len(got) != 2 || got[0].Response || !got[1].Response || got[1].ID != id {
					t.Fatalf("round %d: got %+v", round, got)
				}
			}
			w.wantKinds(mark, 3, 3, 4, 4)
		}
		la, _ := a.table.ForPeer(time.Now(), b.addr.ID)
		lb, _ := b.table.ForPeer(time.Now(), a.addr.ID)
		if la.ReceiveID() != lb.SendID() || lb.ReceiveID() != la.SendID() {
			t.Error("the two sides use different sessions")
		}
	})
}

// The last try is a first contact again, although there is a session.
func TestFreshTry(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		mark := len(w.sent)
		b.silent = true
		id := a.ask(b.addr, rpc.FindNode, "x")
		w.settle()
		b.mu.Lock()
		b.silent = false
		b.mu.Unlock()
		a.again(b.addr, rpc.FindNode, "x", id, true)
		w.settle()
		a.wantAnswer(b.addr, id, "re:x")
		w.wantKinds(mark, 3, 1, 2)
		id = a.ask(b.addr, rpc.FindNode, "y")
		w.settle()
		a.wantAnswer(b.addr, id, "re:y")
	})
}

// At most ten first contacts a minute go to an IP that never answered (wire.md rule 7),
// whatever the ports, peers and requests.
func TestLimitOnAnIPThatNeverAnswered(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.peer(1)
		victim := netip.MustParseAddr("203.0.113.5")
		refused := 0
		for i := range 60 {
			to := identity.Address{ID: seedKey(byte(100 + i)).ID(), Endpoint: netip.AddrPortFrom(victim, uint16(1000+i))}
			err := a.Request(Request{To: to, ID: uint64(i), Type: rpc.FindNode})
			if errors.Is(err, ErrTooManyFirstContacts) {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
			w.settle()
		}
		if len(w.sent) != session.UnansweredContacts || refused != 60-len(w.sent) {
			t.Errorf("%d datagrams in a minute, %d refused", len(w.sent), refused)
		}
		if got := a.Stats().Outstanding; got != len(w.sent) {
			t.Errorf("%d outstanding", got)
		}
	})
}

// A try that is refused ends its request, whatever tries went before: its caller was
// told so and forgets nothing.
func TestRefusedTryLeavesNothing(t *testing.T) {
	for _, kind := range []rpc.Type{rpc.FindNode, rpc.Store} {
		inWorld(t, func(t *testing.T, w *world) {
			a := w.peer(1)
			try := func(i int) error {
				at := netip.AddrPortFrom(netip.MustParseAddr("203.0.113.5"), uint16(1000+i))
				return a.Request(Request{To: identity.Address{ID: seedKey(byte(100 + i)).ID(), Endpoint: at}, ID: uint64(i), Type: kind})
			}
			for i := range session.UnansweredContacts {
				if err := try(i); err != nil {
					t.Fatal(err)
				}
			}
			w.settle()
			for i := range session.UnansweredContacts + 1 {
				if err := try(i); !errors.Is(err, ErrTooManyFirstContacts) {
					t.Errorf("try %d: %v", i, err)
				}
			}
			if s := a.Stats(); s.Outstanding != 0 || s.PendingWrites != 0 || len(a.outstanding.openings) != 0 {
				t.Errorf("%v left behind %d requests, %d writes that wait", kind, s.Outstanding, s.PendingWrites)
			}
		})
	}
}

// A lossy, duplicating, reordering network: three tries bring nearly all answers,
// and no answer comes twice.
func TestLossyNetwork(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		w.Set(memnet.Conditions{Latency: latency, Jitter: latency, Loss: .1, Duplicate: .1, Reorder: .1})
		open := make(map[uint64]bool)
		for range 500 {
			open[a.ask(b.addr, rpc.FindNode, "x")] = true
		}
		for try := range 3 {
			w.settle()
			for _, in := range a.inbox() {
				if !open[in.ID] {
					t.Fatalf("answer to %d came twice", in.ID)
				}
				delete(open, in.ID)
				a.Forget(in.ID)
			}
			if try == 2 {
				break
			}
			for id := range open {
				a.again(b.addr, rpc.FindNode, "x", id, try == 1)
			}
		}
		if len(open) > 25 {
			t.Errorf("%d of 500 requests were not answered", len(open))
		}
	})
}
