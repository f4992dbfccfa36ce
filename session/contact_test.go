package session

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// noon is when tests begin.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

var (
	addrA = netip.MustParseAddrPort("198.51.100.7:4100")
	addrB = netip.MustParseAddrPort("[2001:db8::5]:4200")
)

const typePing = uint8(rpc.Ping)

// mayOpen is what transport has of the table of RPCs.
func mayOpen(t uint8, receiverKnown bool) bool { return rpc.Type(t).MayOpen(receiverKnown) }

func endpoint(t testing.TB, seed byte, network string) *Endpoint {
	t.Helper()
	n, err := NewNetwork(network)
	if err != nil {
		t.Fatal(err)
	}
	return NewEndpoint(identity.KeyFromSeed([32]byte{seed}), n, mayOpen, rand.Reader)
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
	i, err := a.Initiate(b.ID(), 0, typePing, FlagServes, 77, []byte("question"))
	if err != nil {
		t.Fatal(err)
	}
	return verified(t, i, b)
}

// verified is the handshake of a first contact that b has verified.
func verified(t testing.TB, i *Initiator, b *Endpoint) *handshake {
	t.Helper()
	req, err := b.ParseFirstRequest(i.Datagram())
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
	resp, err := e.ParseFirstResponse(h.response)
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

// What cannot be sent is refused before anything is spent on it.
func TestRefusesWhatCannotBeSent(t *testing.T) {
	a, b := endpoint(t, 1, "test"), endpoint(t, 2, "test")
	for _, test := range []struct {
		name string
		to   identity.ID
		rpc  uint8
		size int
		want error
	}{
		{"largest body", b.ID(), 2, MaxFirstBody, nil},
		{"body too large", b.ID(), 2, MaxFirstBody + 1, ErrTooLarge},
		{"STORE", b.ID(), 4, 0, ErrType},
		{"FIND_NODE to nobody", identity.ID{}, 2, 0, ErrType},
		{"PING to nobody", identity.ID{}, typePing, 0, nil},
		{"oneself", a.ID(), typePing, 0, ErrSender},
	} {
		i, err := a.Initiate(test.to, 0, test.rpc, 0, 1, make([]byte, test.size))
		if err != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
		if err == nil && len(i.Datagram()) != firstRequestSize(test.size) {
			t.Errorf("%s: %d bytes", test.name, len(i.Datagram()))
		}
	}
	h := ask(t, a, b)
	if _, _, err := h.responder.Answer(noon, 0, make([]byte, h.responder.Room()+1)); err != ErrTooLarge {
		t.Errorf("answer over its room: %v", err)
	}
	s, _ := contact(t, a, b, noon)
	if d, err := s.Seal([]byte{1}, KindRequest, 1, 1, 0, make([]byte, MaxSessionBody+1)); err != ErrTooLarge || len(d) != 1 {
		t.Errorf("session body too large: %v", err)
	}
	if d, err := s.Seal(nil, KindRequest, 1, 1, 0, make([]byte, MaxSessionBody)); err != nil || len(d) != MaxDatagram {
		t.Errorf("largest session body: %d bytes, %v", len(d), err)
	}
	for _, name := range []string{"", string(make([]byte, 256))} {
		if _, err := NewNetwork(name); !errors.Is(err, ErrNetworkName) {
			t.Errorf("a name of %d bytes: %v", len(name), err)
		}
	}
}

// A source of randomness that fails makes no half-made keys.
func TestRandomnessFails(t *testing.T) {
	b := endpoint(t, 2, "test")
	for n := range 40 {
		a := endpoint(t, 1, "test")
		a.random = bytes.NewReader(make([]byte, n))
		if i, err := a.Initiate(b.ID(), 0, typePing, 0, 1, nil); err == nil || i != nil {
			t.Errorf("initiated with %d random bytes", n)
		}
	}
	h := ask(t, endpoint(t, 1, "test"), b)
	for n := range 48 {
		r := *h.responder
		r.endpoint = &Endpoint{b.key, b.id, b.network, b.mayOpen, bytes.NewReader(make([]byte, n))}
		if _, s, err := r.Answer(noon, 0, nil); err == nil || s != nil {
			t.Errorf("answered with %d random bytes", n)
		}
	}
	if _, err := NewGate(bytes.NewReader(make([]byte, 31))); err == nil {
		t.Error("a cookie secret of 31 bytes")
	}
}

// The observed address has one encoding, and the initiator reads what the
// responder saw.
func TestObservedAddress(t *testing.T) {
	a, b := endpoint(t, 1, "test"), endpoint(t, 2, "test")
	h := ask(t, a, b).answer(t, noon)
	mapped := netip.AddrFrom16(addrA.Addr().As16()).As16()
	for name, change := range map[string]func(d []byte){
		"family 0":              func(d []byte) { d[responseFamily] = 0 },
		"family 5":              func(d []byte) { d[responseFamily] = 5 },
		"IPv4 with a tail":      func(d []byte) { d[responseIP+4] = 1 },
		"IPv4 mapped into IPv6": func(d []byte) { d[responseFamily] = 6; copy(d[responseIP:], mapped[:]) },
		"port 0":                func(d []byte) { clear(d[responsePort:responseBodyLen]) },
		"no address":            func(d []byte) { clear(d[responseIP:responsePort]) },
		"a group":               func(d []byte) { d[responseIP] = 239 },
	} {
		d := bytes.Clone(h.response)
		change(d)
		if _, err := a.ParseFirstResponse(d); err != ErrObserved {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, source := range []netip.AddrPort{addrA, addrB} {
		r := *h.responder
		r.source, r.hash = source, hashRequest(h.request)
		d, _, err := r.Answer(noon, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := a.ParseFirstResponse(d); err != nil || resp.Observed != source {
			t.Errorf("seen at %v, read %v, %v", source, resp.Observed, err)
		}
	}
}

// An address counts as proven only after an answer came from there.
func TestProvenAddressMoves(t *testing.T) {
	s, _ := contact(t, endpoint(t, 1, "test"), endpoint(t, 2, "test"), noon)
	if !s.ProvenAt(addrB) || s.ProvenAt(addrA) {
		t.Fatal("proven where it did not answer")
	}
	if s.Prove(addrA); !s.ProvenAt(addrA) || s.ProvenAt(addrB) {
		t.Fatal("the proven address has not moved")
	}
}

// A sealed text may carry a coordinate, which is skipped; one that is cut short, another
// version and a notice with a request ID are malformed, and use their counter up.
func TestSealedText(t *testing.T) {
	from, to := contact(t, endpoint(t, 1, "test"), endpoint(t, 2, "test"), noon)
	for _, test := range []struct {
		name string
		kind Kind
		id   uint64
		text []byte
		body string
		want error
	}{
		{"no coordinate", KindRequest, 5, []byte{2, 1, FlagServes, 'x'}, "x", nil},
		{"a later version", KindResponse, 5, []byte{63, 1, 0, 'x'}, "x", nil},
		{"version 1", KindRequest, 5, []byte{1, 1, 0}, "", ErrText},
		{"a coordinate", KindRequest, 5, []byte{2, 1, FlagServes | FlagCoordinate, 1, 2, 3, 4, 5, 6, 'x'}, "x", nil},
		{"a coordinate cut short", KindRequest, 5, []byte{2, 1, FlagCoordinate, 1, 2, 3, 4, 5}, "", ErrText},
		{"a notice", KindNotice, 0, []byte{2, byte(NoticeLeave), 0}, "", nil},
		{"a notice with a request ID", KindNotice, 5, []byte{2, byte(NoticeLeave), 0}, "", ErrText},
	} {
		d := sealText(from, test.kind, test.id, test.text)
		got, err := to.Open(bytes.Clone(d))
		if err != test.want || string(got.Body) != test.body {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
		if _, err := to.Open(d); err != ErrReplay {
			t.Errorf("%s, again: %v", test.name, err)
		}
	}
}

// sealText seals a text that Seal would not write.
func sealText(s *Session, kind Kind, id uint64, text []byte) []byte {
	header := binary.BigEndian.AppendUint64([]byte{Version, byte(kind)}, s.sendID)
	header = binary.BigEndian.AppendUint64(header, s.sent)
	header = binary.BigEndian.AppendUint64(header, id)
	binary.BigEndian.PutUint64(s.nonce[nonceZeros:], s.sent)
	s.sent++
	return append(header, s.seal.Seal(nil, s.nonce[:], text, header)...)
}

// Nobody makes a first contact in the name of a key of small order, for which anybody can
// sign.
func TestFirstContactsOfSmallOrderAreRefused(t *testing.T) {
	a, b := endpoint(t, 1, "test"), endpoint(t, 2, "test")
	h := ask(t, a, b).answer(t, noon)
	for _, first := range []byte{0, 1} { // of order 4 and 1
		request, response := bytes.Clone(h.request), bytes.Clone(h.response)
		copy(request[requestFrom:], make([]byte, 32))
		copy(response[responseFrom:], make([]byte, 32))
		request[requestFrom], response[responseFrom] = first, first
		request[requestFrom+31], response[responseFrom+31] = 0x80, 0x80
		if _, err := b.ParseFirstRequest(request); err != ErrSender {
			t.Errorf("a first request of %d: %v", first, err)
		}
		if _, err := a.ParseFirstResponse(response); err != ErrSender {
			t.Errorf("a first response of %d: %v", first, err)
		}
	}
}
