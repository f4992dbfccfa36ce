package engine

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// A sender is an engine whose requests the test answers.
type sender struct {
	t    *testing.T
	e    *Engine
	book identity.Contacts
	now  time.Time
	to   identity.Address
	op   OpID

	sent []rpc.Message // requests, as they were when they were sent
	ends []*Result     // of operations
}

func newSender(t *testing.T) *sender {
	s := &sender{t: t, now: time.Unix(1_000_000, 0)}
	self, peer := identity.KeyFromSeed([32]byte{1}).ID(), identity.KeyFromSeed([32]byte{2}).ID()
	s.to = identity.Address{ID: peer, Endpoint: netip.MustParseAddrPort("20.0.0.2:4100")}
	cfg := Config{Self: self, Endpoint: netip.MustParseAddrPort("20.0.0.1:4100"), Mode: Server, Namespaces: store.NewNamespaces("kadmium")}
	s.e = New(cfg, &s.book, rand.New(rand.NewPCG(1, 2)), s.now)
	return s
}

func (s *sender) take(fx []Effect) {
	for _, f := range fx {
		switch f.Kind {
		case SendRequest:
			m := *f.Message
			if m.Type.IsRead() { // of the node itself
				continue
			}
			m.Settled = append([]uint64(nil), m.Settled...)
			s.sent = append(s.sent, m)
		case Finish:
			s.ends = append(s.ends, f.Result)
		}
	}
}

func (s *sender) message(payload string) OpID {
	s.op++
	s.take(s.e.SendMessage(s.now, s.op, s.to, "/p", []byte(payload), nil))
	return s.op
}

func (s *sender) last() rpc.Message { return s.sent[len(s.sent)-1] }

func (s *sender) answer(m rpc.Message, status rpc.Status, resent bool) {
	s.take(s.e.Receive(s.now, &Inbound{
		From: s.book.Intern(s.to), Resent: resent,
		Message: &rpc.Message{Type: m.Type, ID: m.ID, Response: true, Serves: true, Status: status, Payload: []byte("re")},
	}, nil))
}

// pass lets time pass until n more requests were sent (0: all of it), and returns how long
// that took.
func (s *sender) pass(n int, most time.Duration) time.Duration {
	s.t.Helper()
	began, want := s.now, len(s.sent)+n
	for s.now.Sub(began) < most && (n == 0 || len(s.sent) < want) {
		s.now = s.now.Add(10 * time.Millisecond)
		s.take(s.e.Tick(s.now, nil))
	}
	if len(s.sent) != want {
		s.t.Fatalf("%d requests within %v, want %d", len(s.sent)-want+n, most, n)
	}
	return s.now.Sub(began)
}

// A message answered Later is sent again under its ID, after pauses of 200 ms that double
// to 2 s, less a random part of up to half.
func TestLater(t *testing.T) {
	s := newSender(t)
	s.message("x")
	for _, most := range []time.Duration{200, 400, 800, 1600, 2000, 2000} {
		s.answer(s.last(), rpc.Later, false)
		most *= time.Millisecond
		if took := s.pass(1, time.Minute); took < most/2 || took > most+10*time.Millisecond {
			t.Errorf("sent again after %v, want %v to %v", took, most/2, most)
		}
		if m := s.last(); m.ID != s.sent[0].ID || string(m.Payload) != "x" {
			t.Fatalf("sent again as %+v", m)
		}
	}
	s.answer(s.last(), rpc.OK, false)
	if len(s.ends) != 1 || s.ends[0].Err != nil || string(s.ends[0].Payload) != "re" {
		t.Errorf("ended with %+v", s.ends)
	}
}

// A message that was put off is not sent again once it is cancelled.
func TestLaterEndsWithTheOperation(t *testing.T) {
	s := newSender(t)
	op := s.message("x")
	s.answer(s.last(), rpc.Later, false)
	s.take(s.e.Cancel(s.now, op, nil))
	s.pass(0, 10*time.Second)
	if s.e.requests.Len() != 0 || len(s.ends) != 1 || !errors.Is(s.ends[0].Err, ErrCancelled) {
		t.Errorf("%d requests, ended with %+v", s.e.requests.Len(), s.ends)
	}
}

// No try is sent 20 s after the one before: by then the peer may have forgotten the
// message. So a sender that was stopped for 21 s gives up.
func TestNoTryAfterALongPause(t *testing.T) {
	s := newSender(t)
	s.message("x")
	s.now = s.now.Add(21 * time.Second)
	s.take(s.e.Tick(s.now, nil))
	if len(s.ends) != 1 || !errors.Is(s.ends[0].Err, ErrNoAnswer) {
		t.Errorf("sent %d times, ended with %+v", len(s.sent), s.ends)
	}
	s.message("y")
	s.answer(s.last(), rpc.Later, false)
	s.now = s.now.Add(21 * time.Second)
	n := len(s.sent)
	s.take(s.e.Tick(s.now, nil))
	if len(s.ends) != 2 || !errors.Is(s.ends[1].Err, ErrNoAnswer) {
		t.Errorf("put off: sent %d times more, ended with %+v", len(s.sent)-n, s.ends)
	}
}

// A message names up to eight others that were answered as often as they were sent.
func TestSettledMessagesAreNamedOnce(t *testing.T) {
	s := newSender(t)
	for range 10 {
		s.message("x")
	}
	ten := s.sent
	for i, m := range ten {
		s.answer(m, rpc.OK, i == 9) // the transport sent the tenth again
	}
	s.message("y")
	if got := s.last().Settled; len(got) != 8 || got[0] != ten[0].ID || got[7] != ten[7].ID {
		t.Errorf("named %x", got)
	}
	s.pass(1, 10*time.Second) // a try of y is lost, or only late
	s.answer(s.last(), rpc.OK, false)
	s.message("z")
	if got := s.last().Settled; len(got) != 1 || got[0] != ten[8].ID {
		t.Errorf("then named %x, want %x", got, ten[8].ID)
	}
	s.message("a")
	if got := s.last().Settled; len(got) != 0 {
		t.Errorf("then named %x", got)
	}
}

// A swap is put off for 30 s at most, and a write that may come twice not at all.
func TestLaterOfStores(t *testing.T) {
	for _, cas := range []bool{true, false} {
		s := newSender(t)
		m := s.e.newRequest(rpc.Store)
		m.Record, m.CAS = &rpc.Record{Key: []byte("/v/k"), TTL: time.Hour}, cas
		var end *fanOut
		s.e.enter(s.now, nil)
		s.e.fanOut(0, []identity.Contact{s.book.Intern(s.to)}, func(identity.Contact) *rpc.Message { return m }, func(f *fanOut) { end = f })
		s.take(s.e.leave())
		began := s.now
		for s.answer(s.last(), rpc.Later, false); end == nil; s.answer(s.last(), rpc.Later, false) {
			s.pass(1, 3*time.Second)
		}
		took := s.now.Sub(began)
		if cas != (took >= storeLater) || took > storeLater+2*maxLater || len(end.refusals) != 1 || end.refusals[0].Status != rpc.Later {
			t.Errorf("with compare-and-swap %v: put off for %v, refused: %v", cas, took, end.refusals)
		}
	}
}

// A message answered Working is polled, after 250 ms or a quarter of the time since it was
// sent, and 5 s at most. A poll has its ID, and neither protocol nor payload.
func TestPolls(t *testing.T) {
	s := newSender(t)
	s.message("x")
	for range 60 {
		passed := s.now.Sub(time.Unix(1_000_000, 0))
		s.answer(s.last(), rpc.Working, false)
		want := min(max(250*time.Millisecond, passed/4), 5*time.Second)
		if took := s.pass(1, 10*time.Second); took < want || took > want+10*time.Millisecond {
			t.Errorf("after %v polled in %v, want %v", passed, took, want)
		}
		if m := s.last(); m.ID != s.sent[0].ID || !m.Poll || len(m.Payload) > 0 || m.Protocol != "" {
			t.Fatalf("polled by %+v", m)
		}
	}
	s.answer(s.last(), rpc.OK, false)
	if len(s.ends) != 1 || s.ends[0].Err != nil || string(s.ends[0].Payload) != "re" {
		t.Errorf("ended with %+v", s.ends)
	}
}

// A poll that the peer does not know, or answers in no try, ends the message.
func TestPollsThatEnd(t *testing.T) {
	s := newSender(t)
	s.message("x")
	s.answer(s.last(), rpc.Working, false)
	s.pass(1, time.Second)
	s.answer(s.last(), rpc.Forgotten, false)
	if len(s.ends) != 1 || !errors.Is(s.ends[0].Err, ErrNoAnswer) {
		t.Errorf("forgotten: ended with %+v", s.ends)
	}
	s.message("y")
	s.answer(s.last(), rpc.Working, false)
	s.pass(pollTries, time.Minute)
	s.pass(0, 10*time.Second)
	if len(s.ends) != 2 || !errors.Is(s.ends[1].Err, ErrNoAnswer) {
		t.Errorf("silent: ended with %+v", s.ends)
	}
}
