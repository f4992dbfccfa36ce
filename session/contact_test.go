package session

import (
	"bytes"
	"crypto/rand"
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
)

// noon is when tests begin.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

var (
	addrA = netip.MustParseAddrPort("198.51.100.7:4100")
	addrB = netip.MustParseAddrPort("[2001:db8::5]:4200")
)

func endpoint(t testing.TB, seed byte, network string) *Endpoint {
	t.Helper()
	n, err := NewNetwork(network)
	if err != nil {
		t.Fatal(err)
	}
	return NewEndpoint(identity.KeyFromSeed([32]byte{seed}), n, rand.Reader)
}

// A handshake is a first contact from a at addrA to b at addrB, step by step.
type handshake struct {
	initiator           *Initiator
	responder           *Responder
	request, response   []byte
	initiated, answered *Session
}

func ask(t testing.TB, a, b *Endpoint) *handshake {
	t.Helper()
	i, err := a.Initiate(b.ID(), typePing, FlagServes, 77, []byte("question"))
	if err != nil {
		t.Fatal(err)
	}
	req, err := ParseFirstRequest(i.Datagram(), b.Network(), b.ID())
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Verify(&req, addrA)
	if err != nil {
		t.Fatal(err)
	}
	return &handshake{initiator: i, responder: r, request: i.Datagram()}
}

func (h *handshake) answer(t testing.TB, now time.Time) *handshake {
	t.Helper()
	var err error
	if h.response, h.answered, err = h.responder.Answer(now, 0, []byte("answer")); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *handshake) complete(t testing.TB, now time.Time) *handshake {
	t.Helper()
	e := h.initiator.endpoint
	resp, err := ParseFirstResponse(h.response, e.Network(), e.ID())
	if err != nil {
		t.Fatal(err)
	}
	if h.initiated, err = h.initiator.Complete(now, &resp, addrB); err != nil {
		t.Fatal(err)
	}
	return h
}

// contact runs a whole first contact.
func contact(t testing.TB, a, b *Endpoint, now time.Time) (initiated, answered *Session) {
	t.Helper()
	h := ask(t, a, b).answer(t, now).complete(t, now)
	return h.initiated, h.answered
}

// seal is one session request of from's.
func seal(t testing.TB, from *Session) []byte {
	t.Helper()
	d, err := from.Seal(nil, KindRequest, 5, 2, FlagServes, []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A first contact leaves both sides with one session that carries both ways.
func TestFirstContactMakesASession(t *testing.T) {
	a, b := endpoint(t, 1, "test"), endpoint(t, 2, "test")
	sa, sb := contact(t, a, b, noon)
	for _, way := range []struct{ from, to *Session }{{sa, sb}, {sb, sa}, {sa, sb}} {
		d := seal(t, way.from)
		got, err := way.to.Open(bytes.Clone(d))
		if err != nil {
			t.Fatal(err)
		}
		if got.Kind != KindRequest || got.RequestID != 5 || got.Type != 2 || got.Flags != FlagServes || string(got.Body) != "hello" {
			t.Fatalf("got %+v", got)
		}
		if _, err := way.to.Open(d); err != ErrReplay {
			t.Fatalf("replay: %v", err)
		}
		if _, err := way.from.Open(seal(t, way.from)); err != ErrSessionID {
			t.Fatalf("reflected: %v", err)
		}
	}
}
