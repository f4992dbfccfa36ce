package session

import (
	"bytes"
	"crypto/ecdh"
	"encoding/binary"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// damaged calls f with every truncation of the datagram, with every byte it could
// be lengthened by at the end cut to one, and with every bit of it flipped.
func damaged(datagram []byte, f func(what string, bit int, d []byte)) {
	for n := range datagram {
		f("cut to byte", n, bytes.Clone(datagram[:n]))
	}
	f("with a byte more than", len(datagram), append(bytes.Clone(datagram), 0))
	for bit := range len(datagram) * 8 {
		d := bytes.Clone(datagram)
		d[bit/8] ^= 1 << (bit % 8)
		f("with flipped bit", bit, d)
	}
}

func TestDamagedFirstRequestsAreRefused(t *testing.T) {
	a, b := endpoint(t, 1, "test"), endpoint(t, 2, "test")
	gate, err := NewGate(bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	admit := func(d []byte) bool {
		req, err := b.ParseFirstRequest(d)
		if err != nil || gate.Admit(noon, addrB, req.Cookie, false) != Verify {
			return false
		}
		_, err = b.Verify(&req, addrB)
		return err == nil
	}
	request := ask(t, a, b).request
	if !admit(request) {
		t.Fatal("the undamaged one is refused")
	}
	gate.claimed = NewHostLimiter(0, 1e6) // 3,300 in a moment are over a host's limit
	damaged(request, func(what string, bit int, d []byte) {
		if admit(d) {
			t.Fatalf("%s %d: accepted", what, bit)
		}
	})
}

func TestDamagedFirstResponsesAreRefused(t *testing.T) {
	a, b := endpoint(t, 1, "test"), endpoint(t, 2, "test")
	h := ask(t, a, b).answer(t, noon).complete(t, noon)
	damaged(h.response, func(what string, bit int, d []byte) {
		resp, err := a.ParseFirstResponse(d)
		if err != nil {
			return
		}
		if _, err := h.initiator.Complete(noon, &resp, addrB); err == nil {
			t.Fatalf("%s %d: accepted", what, bit)
		}
	})
}

// A damaged session datagram opens nothing and leaves no trace: the undamaged one
// still opens afterwards.
func TestDamagedSessionDatagramsAreRefused(t *testing.T) {
	a, b := endpoint(t, 1, "test"), endpoint(t, 2, "test")
	sa, sb := contact(t, a, b, noon)
	table := NewTable(a.ID(), 0, 0)
	table.AddInitiated(noon, sa)
	sealed, err := sb.Seal(nil, KindResponse, 9, 2, 0, []byte("body"))
	if err != nil {
		t.Fatal(err)
	}
	damaged(sealed, func(what string, bit int, d []byte) {
		id, err := ReceiverOf(d)
		if err != nil {
			return
		}
		s, ok := table.Find(noon, id)
		if !ok {
			return
		}
		if _, err := s.Open(d); err == nil {
			t.Fatalf("%s %d: accepted", what, bit)
		}
	})
	if _, err := sa.Open(sealed); err != nil {
		t.Fatalf("undamaged: %v", err)
	}
}

// Cookies and NOSESSIONs are not authenticated: what a damaged one says no longer
// fits a request in flight, but for the cookie itself, which its maker checks.
func TestDamagedCookiesAndNoSessions(t *testing.T) {
	n, _ := NewNetwork("test")
	cookie := Cookie{1, 2, 3}
	damaged(AppendCookie(nil, &n, 77, cookie), func(what string, bit int, d []byte) {
		id, c, err := ParseCookie(d, &n)
		if err == nil && id == 77 && c == cookie {
			t.Fatalf("cookie %s %d: accepted", what, bit)
		}
		if err == nil && id == 77 && bit/8 < CookieDatagram-len(cookie) {
			t.Fatalf("cookie %s %d: head accepted", what, bit)
		}
	})
	if _, _, err := ParseCookie(AppendCookie(nil, &n, 77, Cookie{}), &n); err != ErrCookie {
		t.Errorf("a cookie that is none: %v", err)
	}
	tag := Tag{9, 8, 7}
	damaged(AppendNoSession(nil, 5, tag), func(what string, bit int, d []byte) {
		if id, got, err := ParseNoSession(d); err == nil && id == 5 && got == tag {
			t.Fatalf("NOSESSION %s %d: accepted", what, bit)
		}
	})
}

// edit makes a signed first request of a to b that differs from a proper one.
func edit(t *testing.T, a, b *Endpoint, change func(d []byte) []byte) []byte {
	t.Helper()
	d := change(bytes.Clone(ask(t, a, b).request))
	signature := a.key.Sign(signedRequest(&a.network, d))
	copy(d[len(d)-signatureSize:], signature[:])
	return d
}

// What is signed properly but wrong is refused with its reason.
func TestWrongFirstRequests(t *testing.T) {
	a, b, c := endpoint(t, 1, "test"), endpoint(t, 2, "test"), endpoint(t, 3, "test")
	set := func(at int, with ...byte) func([]byte) []byte {
		return func(d []byte) []byte { copy(d[at:], with); return d }
	}
	other, zero, self := c.ID(), identity.ID{}, b.ID()
	for _, test := range []struct {
		name   string
		change func(d []byte) []byte
		want   error
	}{
		{"nothing", func(d []byte) []byte { return d }, nil},
		{"version 0", set(0, 0), ErrVersion},
		{"version 1", set(0, 1), ErrVersion},
		{"kind 0", set(1, 0), ErrKind},
		{"kind 7", set(1, 7), ErrKind},
		{"another kind", set(1, byte(KindFirstResponse)), ErrKind},
		{"another network's tag", set(requestTag, 1, 2, 3, 4), ErrNetwork},
		{"another destination", set(requestTo, other[:]...), ErrDestination},
		{"sent by its receiver", set(requestFrom, self[:]...), ErrSender},
		{"sent by nobody", set(requestFrom, zero[:]...), ErrSender},
		{"FIND_NODE", set(requestType, byte(rpc.FindNode)), nil},
		{"STORE", set(requestType, byte(rpc.Store)), ErrType},
		{"ADD_PROVIDER", set(requestType, byte(rpc.AddProvider)), ErrType},
		{"MESSAGE", set(requestType, byte(rpc.AppMessage)), ErrType},
		{"type 0", set(requestType, 0), ErrType},
		{"the first unknown type", set(requestType, byte(rpc.TypeLimit)), ErrType},
		{"type 255", set(requestType, 255), ErrType},
		{"PING to nobody", set(requestTo, zero[:]...), nil},
		{"FIND_NODE to nobody", func(d []byte) []byte { return set(requestType, 2)(set(requestTo, zero[:]...)(d)) }, ErrType},
		{"unknown flags", set(requestFlags, 0xff), nil},
		{"body longer than the datagram", set(requestBodyLen, 0xff, 0xff), ErrLength},
		{"padding not zero", set(requestBody+200, 1), ErrPadding},
		{"padding too short", func(d []byte) []byte { return d[:len(d)-1] }, ErrLength},
		{"padding too long", func(d []byte) []byte { return append(d, 0) }, ErrLength},
		{"empty body", set(requestBodyLen, 0, 0), ErrPadding}, // its bytes are padding now
	} {
		d := edit(t, a, b, test.change)
		req, err := b.ParseFirstRequest(d)
		if err == nil {
			_, err = b.Verify(&req, addrA)
		}
		if err != test.want {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

// The tag only sorts out strays; what keeps networks apart is the signature.
func TestAnotherNetworkWithTheSameTag(t *testing.T) {
	a, b, c := endpoint(t, 1, "test"), endpoint(t, 2, "test"), endpoint(t, 2, "tesu")
	if _, err := c.ParseFirstRequest(ask(t, a, b).request); err != ErrNetwork {
		t.Fatalf("other tag: %v", err)
	}
	c.network.tag = a.network.tag
	h := ask(t, a, b)
	req, err := c.ParseFirstRequest(h.request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Verify(&req, addrA); err != ErrSignature {
		t.Fatalf("request of another network: %v", err)
	}
	h.answer(t, noon)
	h.initiator.endpoint.network.name = "tesu"
	resp, err := a.ParseFirstResponse(h.response)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.initiator.Complete(noon, &resp, addrB); err != ErrSignature {
		t.Fatalf("response of another network: %v", err)
	}
}

// A response counts only for its own request and from the peer that was asked.
func TestWrongFirstResponses(t *testing.T) {
	a, b, c := endpoint(t, 1, "test"), endpoint(t, 2, "test"), endpoint(t, 3, "test")
	h := ask(t, a, b).answer(t, noon)
	complete := func(i *Initiator, response []byte) error {
		resp, err := a.ParseFirstResponse(response)
		if err != nil {
			return err
		}
		_, err = i.Complete(noon, &resp, addrB)
		return err
	}
	again := ask(t, a, b) // the same question under the same request ID, another key
	if err := complete(again.initiator, h.response); err != ErrSignature {
		t.Errorf("answer to another request: %v", err)
	}
	other, err := a.Initiate(b.ID(), 0, typePing, 0, 78, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := complete(other, h.response); err != ErrUnexpected {
		t.Errorf("answer with another request ID: %v", err)
	}
	// c answers what b was asked.
	liar := *h.responder
	liar.endpoint, liar.hash = c, hashRequest(h.request)
	response, _, err := liar.Answer(noon, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := complete(h.initiator, response); err != ErrUnexpected {
		t.Errorf("answer of another peer: %v", err)
	}
	if err := complete(h.initiator, h.response); err != nil {
		t.Errorf("the true answer: %v", err)
	}
	own := edit(t, b, a, func(d []byte) []byte { return d })
	if _, err := a.ParseFirstResponse(own); err != ErrKind {
		t.Errorf("a request as a response: %v", err)
	}
}

// Points of small order force the shared secret to zero (RFC 7748, section 6.1;
// the list is that of its points of order 1, 2, 4 and 8, reduced or not).
func TestZeroSharedSecretIsRefused(t *testing.T) {
	p := func(last byte, low ...byte) (point []byte) { // 2^255 - 19 and its neighbours
		point = bytes.Repeat([]byte{0xff}, 32)
		copy(point, low)
		point[31] = last
		return point
	}
	one := make([]byte, 32)
	one[0] = 1
	order8 := []byte{0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
		0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00}
	a, b := endpoint(t, 1, "test"), endpoint(t, 2, "test")
	for i, point := range [][]byte{make([]byte, 32), one, order8, p(0x7f, 0xec), p(0x7f, 0xed), p(0x7f, 0xee)} {
		d := edit(t, a, b, func(d []byte) []byte { copy(d[requestEphemeral:], point); return d })
		req, err := b.ParseFirstRequest(d)
		if err != nil {
			t.Fatal(err)
		}
		r, err := b.Verify(&req, addrA)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Answer(noon, 0, nil); err != ErrKeyExchange {
			t.Errorf("point %d at the responder: %v", i, err)
		}
		h := ask(t, a, b).answer(t, noon)
		copy(h.response[responseEphemeral:], point)
		signature := b.key.Sign(signedResponse(&b.network, hashRequest(h.request).Sum(nil), h.response))
		copy(h.response[len(h.response)-signatureSize:], signature[:])
		resp, err := a.ParseFirstResponse(h.response)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.initiator.Complete(noon, &resp, addrB); err != ErrKeyExchange {
			t.Errorf("point %d at the initiator: %v", i, err)
		}
	}
	if _, err := ecdh.X25519().NewPublicKey(one); err != nil {
		t.Error("the points were refused for their form, not their order")
	}
}

// A sealed datagram has a counter below MaxCounter; one beyond is not even
// decrypted, and a session that used them up sends nothing more.
func TestCountersEnd(t *testing.T) {
	a, b := endpoint(t, 1, "test"), endpoint(t, 2, "test")
	sa, sb := contact(t, a, b, noon)
	sa.sent = MaxCounter - 1
	last := seal(t, sa)
	if _, err := sa.Seal(nil, KindRequest, 1, 1, 0, nil); err != ErrExhausted {
		t.Fatalf("sealed beyond the end: %v", err)
	}
	if _, err := sb.Open(last); err != nil {
		t.Fatal(err)
	}
	beyond := seal(t, sb)
	binary.BigEndian.PutUint64(beyond[sessionCounter:], MaxCounter)
	if _, err := sa.Open(beyond); err != ErrReplay {
		t.Fatalf("counter beyond the end: %v", err)
	}
	table := NewTable(a.ID(), 0, 0)
	table.AddInitiated(noon, sa)
	if _, ok := table.ForPeer(noon.Add(time.Second), b.ID()); ok {
		t.Fatal("an exhausted session is still used")
	}
}

// The numbers that session and rpc must agree on, without one importing the other.
func TestAgreesWithRPC(t *testing.T) {
	if MaxDatagram != rpc.MaxDatagram {
		t.Error("sizes differ")
	}
	if room := FirstResponseRoom(MinFirstRequest); room < rpc.MaxContacts*51+16 {
		t.Errorf("%d bytes for 20 contacts", room)
	}
}
