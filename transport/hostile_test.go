package transport

import (
	"crypto/rand"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
	"kadmium/transport/memnet"
)

// loopback peers are exempt from the limits by address, so that what is refused
// here is refused for what it is.
func (w *world) loopback(n byte) *peer {
	w.Helper()
	conn, err := w.Listen(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, n}), 4100))
	if err != nil {
		w.Fatal(err)
	}
	return startPeer(w.T, n, conn)
}

// caught is the next datagram that do causes, which is lost on its way.
func (w *world) caught(do func()) wire {
	w.Helper()
	mark := len(w.sent)
	w.Partition(func(_, _ netip.Addr) bool { return true })
	do()
	w.settle()
	w.Partition(nil)
	if len(w.sent) == mark {
		w.Fatal("nothing was sent")
	}
	return w.sent[len(w.sent)-1]
}

// mutants are every truncation of a datagram, every single flipped bit, and
// trailing bytes.
func mutants(d []byte) (all [][]byte) {
	for n := range d {
		all = append(all, d[:n:n])
	}
	for bit := range 8 * len(d) {
		m := slices.Clone(d)
		m[bit/8] ^= 1 << (bit % 8)
		all = append(all, m)
	}
	all = append(all, append(slices.Clone(d), 0), append(slices.Clone(d), make([]byte, 200)...))
	return append(all, make([]byte, len(d)), append(slices.Clone(d), make([]byte, session.MaxDatagram)...))
}

// hurl injects every mutant of a caught datagram. Nothing but a NOSESSION may
// come back, and the handler may see nothing.
func (w *world) hurl(d wire, victim *peer, except func(m []byte) bool) {
	w.Helper()
	w.Set(memnet.Conditions{})
	defer w.Set(memnet.Conditions{Latency: latency})
	victim.inbox()
	for _, m := range mutants(d.data) {
		if except != nil && except(m) {
			continue
		}
		mark := len(w.sent)
		w.Inject(d.from, d.to, m)
		synctest.Wait()
		for _, back := range w.sent[mark+1:] {
			if back.data[1] != 6 || len(back.data) > len(m) {
				w.Fatalf("%x\ndrew\n%x", m, back.data)
			}
		}
		if got := victim.inbox(); len(got) != 0 {
			w.Fatalf("%x\nreached the handler as %+v", m, got)
		}
	}
}

func TestEveryTruncationAndBitFlip(t *testing.T) {
	t.Run("first request", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a, b := w.loopback(1), w.loopback(2)
			d := w.caught(func() { a.ask(b.addr, rpc.FindNode, "x") })
			w.hurl(d, b, nil)
			if s := b.Stats(); s.HalfOpen != 0 || s.Sessions != 0 {
				t.Errorf("left behind: %+v", s)
			}
			w.Inject(d.from, d.to, d.data)
			w.settle()
			b.wantRequests(1)
			a.wantAnswer(b.addr, a.next, "re:x")
			w.hurl(d, b, nil) // also beside the stored reply
		})
	})
	t.Run("first response", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a, b := w.loopback(1), w.loopback(2)
			w.Partition(func(from, _ netip.Addr) bool { return from == b.addr.Endpoint.Addr() })
			id := a.ask(b.addr, rpc.FindNode, "x")
			w.settle()
			w.Partition(nil)
			d := w.sent[1]
			w.hurl(d, a, nil)
			if s := a.Stats(); s.Sessions != 0 {
				t.Errorf("left behind: %+v", s)
			}
			w.Inject(d.from, d.to, d.data)
			w.settle()
			a.wantAnswer(b.addr, id, "re:x")
		})
	})
	t.Run("session request", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a, b := w.loopback(1), w.loopback(2)
			w.meet(a, b)
			d := w.caught(func() { a.ask(b.addr, rpc.Store, "x") })
			w.hurl(d, b, nil)
			w.Inject(d.from, d.to, d.data)
			w.settle()
			b.wantRequests(1)
			a.wantAnswer(b.addr, a.next, "re:x")
			mark := len(w.sent)
			w.Inject(d.from, d.to, d.data) // replayed
			w.settle()
			b.wantRequests(0)
			w.wantKinds(mark, 3)
		})
	})
	t.Run("session response", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a, b := w.loopback(1), w.loopback(2)
			w.meet(a, b)
			w.Partition(func(from, _ netip.Addr) bool { return from == b.addr.Endpoint.Addr() })
			id := a.ask(b.addr, rpc.FindNode, "x")
			w.settle()
			w.Partition(nil)
			d := w.sent[len(w.sent)-1]
			w.hurl(d, a, nil)
			w.Inject(d.from, d.to, d.data)
			w.Inject(d.from, d.to, d.data)
			w.settle()
			a.wantAnswer(b.addr, id, "re:x")
		})
	})
	t.Run("cookie", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a := w.loopback(1)
			b := identity.Address{ID: seedKey(2).ID(), Endpoint: netip.MustParseAddrPort("127.0.0.2:4100")}
			id := a.ask(b, rpc.FindNode, "x")
			w.settle()
			network, _ := session.NewNetwork("test")
			d := wire{b.Endpoint, a.addr.Endpoint, session.AppendCookie(nil, &network, id, session.Cookie{1, 2, 3})}
			// The cookie itself means something only to its maker.
			w.hurl(d, a, func(m []byte) bool { return len(m) == len(d.data) && slices.Equal(m[:14], d.data[:14]) })
			mark := len(w.sent)
			w.Inject(d.from, d.to, d.data)
			w.settle()
			w.wantKinds(mark, 5, 1)
		})
	})
	t.Run("no session", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a, b := w.loopback(1), w.loopback(2)
			w.meet(a, b)
			sealed := w.caught(func() { a.ask(b.addr, rpc.FindNode, "x") })
			sid, _ := session.ReceiverOf(sealed.data)
			d := wire{sealed.to, sealed.from, session.AppendNoSession(nil, sid, session.TagOf(sealed.data))}
			w.hurl(d, a, nil)
			mark := len(w.sent)
			w.Inject(d.from, d.to, d.data)
			w.settle()
			w.wantKinds(mark, 6, 1, 2)
		})
	})
}

// A first contact replayed later, or from another address, changes nothing: its
// answer's keys are useless, and the live session stays in use.
func TestReplayedFirstContact(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		first := w.sent[0]
		time.Sleep(30 * time.Minute)
		mallory := netip.MustParseAddrPort("203.0.113.66:66")
		for _, from := range []netip.AddrPort{first.from, mallory} {
			mark := len(w.sent)
			w.Inject(from, first.to, first.data)
			w.settle()
			if got := b.wantRequests(1)[0]; got.Proven || got.From.Endpoint != from {
				t.Errorf("replayed from %v it came as %+v", from, got)
			}
			a.wantInboxEmpty()
			w.wantKinds(mark, 1, 2)
			if got := b.Stats().Sessions; got != 1 {
				t.Errorf("%d sessions", got)
			}
			id := a.ask(b.addr, rpc.FindNode, "still")
			w.settle()
			a.wantAnswer(b.addr, id, "re:still")
			w.wantKinds(mark, 1, 2, 3, 4)
			if in := b.wantRequests(1)[0]; !in.Proven {
				t.Errorf("the session's address is no longer proven: %+v", in)
			}
		}
		time.Sleep(30*time.Minute + session.OldLife)
		w.Inject(mallory, first.to, first.data)
		w.settle()
		if s := b.Stats(); s.Sessions != 0 || s.HalfOpen != 1 {
			t.Errorf("after an hour: %+v", s)
		}
	})
}

func (p *peer) wantInboxEmpty() {
	p.t.Helper()
	if got := p.inbox(); len(got) != 0 {
		p.t.Fatalf("got %+v", got)
	}
}

// STORE, ADD_PROVIDER, MESSAGE and unknown types are refused as a first contact,
// however well signed (wire.md rule 1).
func TestWritesAsFirstContact(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.loopback(1), w.loopback(2)
		d := w.caught(func() { a.ask(b.addr, rpc.FindNode, "x") })
		mark := len(w.sent)
		writes, unknown := 0, 0
		for kind := range 256 {
			switch t := rpc.Type(kind); {
			case t.IsRead():
				continue
			case t.Valid():
				writes++
			default:
				unknown++
			}
			m := slices.Clone(d.data)
			m[7] = byte(kind)
			// Signed anew, as its sender could.
			text := append([]byte("kadmium first request\x00\x04test"), m[:120]...)
			text = append(text, m[136:len(m)-64]...)
			signature := seedKey(1).Sign(text)
			copy(m[len(m)-64:], signature[:])
			w.Inject(d.from, d.to, m)
		}
		w.settle()
		b.wantInboxEmpty()
		if got := len(w.sent) - mark; got != writes+unknown {
			t.Errorf("%d datagrams, of which %d are ours", got, writes+unknown)
		}
		s := b.Stats()
		if s.Dropped["write as first contact"] != uint64(writes) || s.Dropped["unexpected type"] != uint64(unknown) || s.HalfOpen != 0 {
			t.Errorf("counted %+v", s)
		}
	})
}

// Wrong destination, wrong network, oneself as the sender: cheap to refuse.
func TestStrayFirstContacts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.loopback(1), w.loopback(2)
		c := w.loopback(3)
		stray := identity.Address{ID: c.addr.ID, Endpoint: b.addr.Endpoint}
		a.ask(stray, rpc.FindNode, "x")
		network, _ := session.NewNetwork("another")
		other, err := session.NewEndpoint(seedKey(9), network, mayOpen, rand.Reader).Initiate(b.addr.ID, 0, 1, 0, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.Inject(a.addr.Endpoint, b.addr.Endpoint, other.Datagram())
		w.settle()
		b.wantInboxEmpty()
		w.wantKinds(0, 1, 1)
		if s := b.Stats(); s.Dropped["another destination"] != 1 || s.Dropped["another network"] != 1 {
			t.Errorf("counted %+v", s)
		}
	})
}

// Unsolicited answers, and the right ID from a wrong address, reach no handler.
func TestUnsolicitedAnswers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, c := w.peer(1), w.peer(2), w.peer(3)
		w.meet(a, b)
		w.meet(a, c)
		elsewhere := netip.AddrPortFrom(b.addr.Endpoint.Addr(), 9)

		// Under a session, from a wrong address, then late.
		w.Partition(func(from, _ netip.Addr) bool { return from == b.addr.Endpoint.Addr() })
		id := a.ask(b.addr, rpc.FindNode, "x")
		w.settle()
		w.Partition(nil)
		d := w.sent[len(w.sent)-1]
		w.Inject(elsewhere, d.to, d.data)
		w.settle()
		a.wantInboxEmpty()
		a.Forget(id)
		w.Inject(d.from, d.to, d.data)
		w.settle()
		a.wantInboxEmpty()
		if s := a.Stats(); s.Dropped["wrong address"] != 1 || s.Dropped["unsolicited"] != 1 {
			t.Errorf("counted %+v", s.Dropped)
		}

		// Another peer with a session knows the ID: the answer is not its to give.
		b.silent = true
		id = a.ask(b.addr, rpc.FindNode, "y")
		w.settle()
		fromC, ok := c.table.ForPeer(time.Now(), a.addr.ID)
		if !ok {
			t.Fatal("c has no session with a")
		}
		forged, err := fromC.Seal(nil, session.KindResponse, id, uint8(rpc.FindNode), 0, []byte("lie"))
		if err != nil {
			t.Fatal(err)
		}
		w.Inject(b.addr.Endpoint, a.addr.Endpoint, forged)
		w.settle()
		a.wantInboxEmpty()

		// An unsolicited first response.
		first := w.sent[1]
		w.Inject(first.from, first.to, first.data)
		w.settle()
		a.wantInboxEmpty()
		if s := a.Stats(); s.Dropped["unsolicited"] != 3 {
			t.Errorf("counted %+v", s.Dropped)
		}
	})
}

// An answer signed by another key than the one asked is no answer.
func TestAnswerOfAnotherKey(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.loopback(1), w.loopback(2)
		d := w.caught(func() { a.ask(b.addr, rpc.FindNode, "x") })
		network, _ := session.NewNetwork("test")
		mallory := session.NewEndpoint(seedKey(66), network, mayOpen, rand.Reader)
		// Addressed to mallory in transit, it no longer has a's signature.
		m := slices.Clone(d.data)
		id := mallory.ID()
		copy(m[48:80], id[:])
		f, err := mallory.ParseFirstRequest(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := mallory.Verify(&f, d.from); err == nil {
			t.Fatal("a request addressed anew still verifies")
		}
		// Answered by mallory as if it were b, with a signature of its own.
		w.Inject(d.from, d.to, d.data)
		w.Partition(func(from, _ netip.Addr) bool { return from == b.addr.Endpoint.Addr() })
		w.settle()
		w.Partition(nil)
		answer := slices.Clone(w.sent[len(w.sent)-1].data)
		for _, claim := range []identity.ID{mallory.ID(), b.addr.ID} {
			copy(answer[16:48], claim[:])
			signature := seedKey(66).Sign(answer[:len(answer)-64])
			copy(answer[len(answer)-64:], signature[:])
			w.Inject(b.addr.Endpoint, a.addr.Endpoint, answer)
		}
		w.settle()
		a.wantInboxEmpty()
		if s := a.Stats(); s.Dropped["unsolicited"] != 1 || s.Dropped["bad signature"] != 1 || s.Sessions != 0 {
			t.Errorf("counted %+v", s)
		}
	})
}

// A datagram of an unknown type, request or notice, shows that the initiator has the keys: it
// confirms the session, and has no other effect (wire.md, section 5). One whose text is
// malformed does not.
func TestUnknownTypeConfirmsASession(t *testing.T) {
	for _, c := range []struct {
		name      string
		kind      session.Kind
		malformed bool
	}{
		{"request", session.KindRequest, false},
		{"notice", session.KindNotice, false},
		{"notice with a request ID", session.KindNotice, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, b := w.peer(1), w.peer(2)
				a.ask(b.addr, rpc.FindNode, "x")
				w.settle()
				b.wantRequests(1)
				live, _ := a.table.ForPeer(time.Now(), b.addr.ID)
				id := uint64(0)
				if c.kind == session.KindRequest || c.malformed {
					id = 7
				}
				d, err := live.Seal(nil, c.kind, id, 99, 0, nil)
				if err != nil {
					t.Fatal(err)
				}
				mark := len(w.sent)
				w.Inject(a.addr.Endpoint, b.addr.Endpoint, d)
				w.settle()
				b.wantInboxEmpty()
				w.wantKinds(mark, byte(c.kind))
				half, used := 0, 1
				if c.malformed {
					half, used = 1, 0
				}
				if s := b.Stats(); s.HalfOpen != half || s.Sessions != used {
					t.Errorf("%d half-open, %d in use; want %d and %d", s.HalfOpen, s.Sessions, half, used)
				}
			})
		})
	}
}

// An unknown RPC type under a session draws nothing.
func TestUnknownTypeUnderASession(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		live, _ := a.table.ForPeer(time.Now(), b.addr.ID)
		mark := len(w.sent)
		for _, kind := range []uint8{0, uint8(rpc.TypeLimit), 255} {
			d, err := live.Seal(nil, session.KindRequest, 7, kind, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			w.Inject(a.addr.Endpoint, b.addr.Endpoint, d)
		}
		w.settle()
		b.wantInboxEmpty()
		w.wantKinds(mark, 3, 3, 3)
	})
}
