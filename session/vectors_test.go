package session

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kadmium/identity"
	"kadmium/rpc"
)

// update writes testdata/wire anew: go test ./session -run Vectors -update.
var update = flag.Bool("update", false, "write testdata/wire instead of comparing with it")

// A vector is one file of testdata/wire: named values in hex, in order.
type vector struct {
	file, about string
	lines       []string
}

func (v *vector) add(name string, value []byte) {
	v.lines = append(v.lines, fmt.Sprintf("%s: %x", name, value))
}

func (v *vector) String() string {
	return "# " + strings.ReplaceAll(v.about, "\n", "\n# ") + "\n# docs/wire.md says what each value is. All values are in hex.\n" + strings.Join(v.lines, "\n") + "\n"
}

// count is n bytes that count up from first, for inputs easy to recognize.
func count(first byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

// vectors makes all vectors from fixed inputs: one exchange of FIND_NODE, first as
// a first contact and then under its session, and the two datagrams of refusal.
func vectors(t *testing.T) []*vector {
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
	first := &vector{file: "first_request.txt", about: "A first request: FIND_NODE, sender serves. The cookie is not signed; with_cookie is a retry that carries one."}
	first.add("network_name", []byte("kadmium"))
	first.add("network_tag", n.tag[:])
	first.add("initiator_seed", seedA)
	first.add("initiator_key", keyA[:])
	first.add("responder_key", keyB[:])
	first.add("initiator_ephemeral_secret", secretA)
	first.add("initiator_ephemeral", i.private.PublicKey().Bytes())
	first.add("initiator_session_id", idA)
	first.add("request_id", requestIDBytes)
	first.add("body", bodyA)
	first.add("signed_text", signedRequest(&n, i.datagram))
	first.add("request_hash", hashRequest(i.datagram).Sum(nil))
	first.add("datagram", i.datagram)
	withCookie := bytes.Clone(i.datagram)
	copy(withCookie[requestCookie:], count(0xb0, 16))
	first.add("cookie", count(0xb0, 16))
	first.add("with_cookie", withCookie)

	req, err := b.ParseFirstRequest(i.datagram)
	must(err)
	r, err := b.Verify(&req, addrA)
	must(err)
	d, answered, err := r.Answer(noon, FlagServes, bodyB)
	must(err)
	h := hashRequest(i.datagram)
	response := &vector{file: "first_response.txt", about: "The first response to first_request.txt, and the keys of the session that follows.\nThe request was seen to come from 198.51.100.7:4100."}
	response.add("responder_seed", seedB)
	response.add("responder_ephemeral_secret", secretB)
	response.add("responder_session_id", idB)
	response.add("nonce", nonce)
	response.add("body", bodyB)
	response.add("signed_text", signedResponse(&n, h.Sum(nil), d))
	response.add("datagram", d)
	h.Write(d)
	response.add("responder_ephemeral", d[responseEphemeral:responseSession])
	ephemeralB, err := i.private.Curve().NewPublicKey(d[responseEphemeral:responseSession])
	must(err)
	shared, err := i.private.ECDH(ephemeralB)
	must(err)
	keys, err := expandKeys(shared, h.Sum(nil))
	must(err)
	response.add("shared_secret", shared)
	response.add("salt", h.Sum(nil))
	response.add("initiator_to_responder_key", keys[:32])
	response.add("responder_to_initiator_key", keys[32:])

	resp, err := a.ParseFirstResponse(d)
	must(err)
	initiated, err := i.Complete(noon, &resp, addrB)
	must(err)
	question, err := initiated.Seal(nil, KindRequest, request+1, uint8(rpc.FindNode), FlagServes, bodyA)
	must(err)
	next, err := initiated.Seal(nil, KindRequest, request+2, uint8(rpc.Ping), 0, nil)
	must(err)
	sessionRequest := &vector{file: "session_request.txt", about: "The first two requests under the session: FIND_NODE (sender serves) with counter 0,\nand a PING with an empty body (sender does not serve) with counter 1."}
	sessionRequest.add("request_id", []byte{1, 2, 3, 4, 5, 6, 7, 9})
	sessionRequest.add("body", bodyA)
	sessionRequest.add("datagram", question)
	sessionRequest.add("second_request_id", []byte{1, 2, 3, 4, 5, 6, 7, 10})
	sessionRequest.add("second_datagram", next)
	if got, err := answered.Open(bytes.Clone(question)); err != nil || !bytes.Equal(got.Body, bodyA) {
		t.Fatalf("the session request opens to %+v, %v", got, err)
	}
	reply, err := answered.Seal(nil, KindResponse, request+1, uint8(rpc.FindNode), FlagServes, bodyB)
	must(err)
	sessionResponse := &vector{file: "session_response.txt", about: "The response to the first datagram of session_request.txt, with counter 0."}
	sessionResponse.add("request_id", []byte{1, 2, 3, 4, 5, 6, 7, 9})
	sessionResponse.add("body", bodyB)
	sessionResponse.add("datagram", reply)
	if got, err := initiated.Open(bytes.Clone(reply)); err != nil || !bytes.Equal(got.Body, bodyB) {
		t.Fatalf("the session response opens to %+v, %v", got, err)
	}

	cookies, err := NewCookies(bytes.NewReader(count(0xc0, 32)))
	must(err)
	cookie := cookies.Make(noon, addrA)
	cookieVector := &vector{file: "cookie.txt", about: "A COOKIE that answers first_request.txt, sent from 198.51.100.7:4100, at 2026-01-02 12:00 UTC.\nOnly its maker reads a cookie, so others may make theirs in any way."}
	cookieVector.add("secret", count(0xc0, 32))
	cookieVector.add("cookie", cookie[:])
	cookieVector.add("datagram", AppendCookie(nil, &n, request, cookie))
	noticeVector := &vector{file: "notice.txt", about: "The notice *leave* of the initiator, under the session of first_response.txt, with counter 2."}
	leave, err := initiated.Seal(nil, KindNotice, 0, uint8(NoticeLeave), 0, nil)
	must(err)
	noticeVector.add("datagram", leave)
	if got, err := answered.Open(bytes.Clone(leave)); err != nil || got.Kind != KindNotice || NoticeType(got.Type) != NoticeLeave {
		t.Fatalf("the notice opens to %+v, %v", got, err)
	}
	withIt := bytes.Clone(i.datagram)
	copy(withIt[requestCookie:], cookie[:])
	cookieContact := &vector{file: "cookie_contact.txt", about: "A first contact with a cookie, as the responder of cookie.txt asks for it: the request of first_request.txt,\nthe cookie, the request with it, and the response, which is that of first_response.txt, as neither hash nor signature covers the cookie."}
	cookieContact.add("request", i.datagram)
	cookieContact.add("cookie", AppendCookie(nil, &n, request, cookie))
	cookieContact.add("request_with_cookie", withIt)
	cookieContact.add("response", d)
	again, err := b.ParseFirstRequest(withIt)
	must(err)
	if !cookies.Check(noon, addrA, again.Cookie) || !bytes.Equal(hashRequest(withIt).Sum(nil), hashRequest(i.datagram).Sum(nil)) {
		t.Fatal("the request with the cookie is another one")
	}
	noSession := &vector{file: "nosession.txt", about: "The NOSESSION that the first datagram of session_request.txt draws from a responder that lost the session."}
	noSession.add("datagram", AppendNoSession(nil, answered.receiveID, TagOf(question)))
	return []*vector{first, response, sessionRequest, sessionResponse, cookieVector, cookieContact, noSession, noticeVector}
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

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		path := filepath.Join("..", "testdata", "wire", v.file)
		if *update {
			if err := os.WriteFile(path, []byte(v.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.String(); got != string(want) {
			t.Errorf("%s is not what comes out:\n%s", path, got)
		}
	}
}

// readVector is the named value of a file.
func readVector(t testing.TB, file, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "wire", file))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			b, err := hex.DecodeString(strings.TrimSpace(value))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Fatalf("%s has no %s", file, name)
	return nil
}
