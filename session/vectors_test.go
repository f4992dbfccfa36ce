package session

import (
	"bytes"
	"testing"

	"kadmium/identity"
	"kadmium/internal/vectors"
	"kadmium/rpc"
)

// count is n bytes that count up from first, for inputs easy to recognize.
func count(first byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

// vectorFiles makes all vectors from fixed inputs: one exchange of FIND_NODE, first as
// a first contact and then under its session, and the two datagrams of refusal.
func vectorFiles(t *testing.T) []*vectors.File {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	n, err := NewNetwork("kadmium")
	must(err)
	seedA, seedB := count(0x00, 32), count(0x20, 32)
	secretA, secretB := count(0x40, 32), count(0x60, 32)
	idA, idB, nonce := count(0x80, 8), count(0x90, 8), count(0xa0, 16)
	a := NewEndpoint(identity.KeyFromSeed([32]byte(seedA)), n, mayOpen, bytes.NewReader(append(secretA[:32:32], idA...)))
	b := NewEndpoint(identity.KeyFromSeed([32]byte(seedB)), n, mayOpen, bytes.NewReader(bytes.Join([][]byte{idB, secretB, nonce}, nil)))
	const request = 0x0102030405060708
	requestIDBytes := count(1, 8)
	bodyA, bodyB := findNode(t), oneContact(t)
	keyA, keyB := a.ID(), b.ID()

	i, err := a.Initiate(b.ID(), 0, uint8(rpc.FindNode), FlagServes, request, bodyA)
	must(err)
	first := &vectors.File{Name: "first_request.txt", About: "A first request: FIND_NODE, sender serves. The cookie is not signed; with_cookie is a retry that carries one."}
	first.Add("network_name", []byte("kadmium"))
	first.Add("network_tag", n.tag[:])
	first.Add("initiator_seed", seedA)
	first.Add("initiator_key", keyA[:])
	first.Add("responder_key", keyB[:])
	first.Add("initiator_ephemeral_secret", secretA)
	first.Add("initiator_ephemeral", i.private.PublicKey().Bytes())
	first.Add("initiator_session_id", idA)
	first.Add("request_id", requestIDBytes)
	first.Add("body", bodyA)
	first.Add("signed_text", signedRequest(&n, i.datagram))
	first.Add("request_hash", hashRequest(i.datagram).Sum(nil))
	first.Add("datagram", i.datagram)
	withCookie := bytes.Clone(i.datagram)
	copy(withCookie[requestCookie:], count(0xb0, 16))
	first.Add("cookie", count(0xb0, 16))
	first.Add("with_cookie", withCookie)

	req, err := b.ParseFirstRequest(i.datagram)
	must(err)
	r, err := b.Verify(&req, addrA)
	must(err)
	d, answered, err := r.Answer(noon, FlagServes, bodyB)
	must(err)
	h := hashRequest(i.datagram)
	response := &vectors.File{Name: "first_response.txt", About: "The first response to first_request.txt, and the keys of the session that follows.\nThe request was seen to come from 198.51.100.7:4100."}
	response.Add("responder_seed", seedB)
	response.Add("responder_ephemeral_secret", secretB)
	response.Add("responder_session_id", idB)
	response.Add("nonce", nonce)
	response.Add("body", bodyB)
	response.Add("signed_text", signedResponse(&n, h.Sum(nil), d))
	response.Add("datagram", d)
	h.Write(d)
	response.Add("responder_ephemeral", d[responseEphemeral:responseSession])
	ephemeralB, err := i.private.Curve().NewPublicKey(d[responseEphemeral:responseSession])
	must(err)
	shared, err := i.private.ECDH(ephemeralB)
	must(err)
	keys, err := expandKeys(shared, h.Sum(nil))
	must(err)
	response.Add("shared_secret", shared)
	response.Add("salt", h.Sum(nil))
	response.Add("initiator_to_responder_key", keys[:32])
	response.Add("responder_to_initiator_key", keys[32:])

	resp, err := a.ParseFirstResponse(d)
	must(err)
	initiated, err := i.Complete(noon, &resp, addrB)
	must(err)
	question, err := initiated.Seal(nil, KindRequest, request+1, uint8(rpc.FindNode), FlagServes, bodyA)
	must(err)
	next, err := initiated.Seal(nil, KindRequest, request+2, uint8(rpc.Ping), 0, nil)
	must(err)
	sessionRequest := &vectors.File{Name: "session_request.txt", About: "The first two requests under the session: FIND_NODE (sender serves) with counter 0,\nand a PING with an empty body (sender does not serve) with counter 1."}
	sessionRequest.Add("request_id", []byte{1, 2, 3, 4, 5, 6, 7, 9})
	sessionRequest.Add("body", bodyA)
	sessionRequest.Add("datagram", question)
	sessionRequest.Add("second_request_id", []byte{1, 2, 3, 4, 5, 6, 7, 10})
	sessionRequest.Add("second_datagram", next)
	if got, err := answered.Open(bytes.Clone(question)); err != nil || !bytes.Equal(got.Body, bodyA) {
		t.Fatalf("the session request opens to %+v, %v", got, err)
	}
	reply, err := answered.Seal(nil, KindResponse, request+1, uint8(rpc.FindNode), FlagServes, bodyB)
	must(err)
	sessionResponse := &vectors.File{Name: "session_response.txt", About: "The response to the first datagram of session_request.txt, with counter 0."}
	sessionResponse.Add("request_id", []byte{1, 2, 3, 4, 5, 6, 7, 9})
	sessionResponse.Add("body", bodyB)
	sessionResponse.Add("datagram", reply)
	if got, err := initiated.Open(bytes.Clone(reply)); err != nil || !bytes.Equal(got.Body, bodyB) {
		t.Fatalf("the session response opens to %+v, %v", got, err)
	}

	cookies, err := NewCookies(bytes.NewReader(count(0xc0, 32)))
	must(err)
	cookie := cookies.Make(noon, addrA)
	cookieVector := &vectors.File{Name: "cookie.txt", About: "A COOKIE that answers first_request.txt, sent from 198.51.100.7:4100, at 2026-01-02 12:00 UTC.\nOnly its maker reads a cookie, so others may make theirs in any way."}
	cookieVector.Add("secret", count(0xc0, 32))
	cookieVector.Add("cookie", cookie[:])
	cookieVector.Add("datagram", AppendCookie(nil, &n, request, cookie))
	noticeVector := &vectors.File{Name: "notice.txt", About: "The notice *leave* of the initiator, under the session of first_response.txt, with counter 2."}
	leave, err := initiated.Seal(nil, KindNotice, 0, uint8(NoticeLeave), 0, nil)
	must(err)
	noticeVector.Add("datagram", leave)
	if got, err := answered.Open(bytes.Clone(leave)); err != nil || got.Kind != KindNotice || NoticeType(got.Type) != NoticeLeave {
		t.Fatalf("the notice opens to %+v, %v", got, err)
	}
	withIt := bytes.Clone(i.datagram)
	copy(withIt[requestCookie:], cookie[:])
	cookieContact := &vectors.File{Name: "cookie_contact.txt", About: "A first contact with a cookie, as the responder of cookie.txt asks for it: the request of first_request.txt,\nthe cookie, the request with it, and the response, which is that of first_response.txt, as neither hash nor signature covers the cookie."}
	cookieContact.Add("request", i.datagram)
	cookieContact.Add("cookie", AppendCookie(nil, &n, request, cookie))
	cookieContact.Add("request_with_cookie", withIt)
	cookieContact.Add("response", d)
	again, err := b.ParseFirstRequest(withIt)
	must(err)
	if !cookies.Check(noon, addrA, again.Cookie) || !bytes.Equal(hashRequest(withIt).Sum(nil), hashRequest(i.datagram).Sum(nil)) {
		t.Fatal("the request with the cookie is another one")
	}
	noSession := &vectors.File{Name: "nosession.txt", About: "The NOSESSION that the first datagram of session_request.txt draws from a responder that lost the session."}
	noSession.Add("datagram", AppendNoSession(nil, answered.receiveID, TagOf(question)))
	return []*vectors.File{first, response, sessionRequest, sessionResponse, cookieVector, cookieContact, noSession, noticeVector}
}

// findNode is the body of a FIND_NODE for the place of the key /v/hello, by an asker
// that can use both families and knows a contact.
func findNode(t *testing.T) []byte {
	t.Helper()
	var book identity.Contacts
	body, err := new(rpc.Codec).Append(nil, &rpc.Message{
		Type: rpc.FindNode, Target: identity.KeyPosition([]byte("/v/hello")), Families: rpc.IPv4 | rpc.IPv6, Known: []uint16{0xbeef},
	}, &book)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// oneContact is the body of an answer that names a peer that is easy to recognize.
func oneContact(t *testing.T) []byte {
	t.Helper()
	a, err := identity.ParseAddress("/ip4/203.0.113.7/udp/4100/p2p/12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS")
	if err != nil {
		t.Fatal(err)
	}
	var book identity.Contacts
	body, err := new(rpc.Codec).Append(nil, &rpc.Message{
		Type: rpc.FindNode, Response: true, Contacts: []identity.Contact{book.Intern(a)},
	}, &book)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestVectors(t *testing.T) { vectors.Check(t, vectorFiles(t)) }
