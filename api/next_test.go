package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"kadmium"
)

// What a problem says to do next is true of the request that had it.
func TestNextIsTrueOfTheRequest(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	peer := b.node.ID().String()
	long := strings.Repeat("a", maxBody+1)
	for _, c := range []struct {
		method, target, body string
		status               int
		says, not            string // in next
	}{
		{"DELETE", "/v1/published/%2Fv%2Fnone", "", 404, "check the name", "trace"},
		{"GET", "/v1/peers/" + peer + "/notes/none", "", 404, "check the name", "trace"},
		{"GET", "/v1/values/%2Fv%2Fnone", "", 404, "--trace", ""},
		{"GET", "/v1/values/%2Fv%2Fnone?trace", "", 404, "check the name", "--trace"},
		{"PUT", "/v1/peers/" + peer + "/notes/%ff", "x", 422, "UTF-8", "shorten"},
		{"PUT", "/v1/peers/" + peer + "/notes/n", strings.Repeat("a", 1025), 422, "1024 bytes", ""},
		{"PUT", "/v1/peers/" + peer + "/notes/n", long, 413, "a note may have 1024 bytes", "key"},
		{"POST", "/v1/messages/" + peer + "/x", long, 413, "a message's payload may have 1024 bytes", "key"},
		{"PUT", "/v1/values/%2Fv%2Fx", long, 413, "a value with its key may have about 1000 bytes", "payload"},
		{"GET", "/v1/table", long, 413, "send none", "key"},
		{"GET", "/healthz/", "", 400, "/healthz", "key"},
		{"GET", "/v1//table", "", 400, "/v1/table", "key"},
		{"GET", "/v1/values/%2Fv%2Fx/", "", 400, "/v1/values/%2Fv%2Fx", "write"},
		{"GET", "/v1/values//v/hello", "", 400, "/v1/values/%2Fv%2Fhello", ""},
		{"GET", "/v1/values/a//b", "", 400, "as one segment", ""},
		{"GET", "/v1/values/v/hello", "", 404, "as one segment", ""},
		{"GET", "/v1/values", "", 404, "?key64=", ""},
		{"GET", "/v1/peers//ip4/127.0.0.1/udp/1", "", 400, "as one segment", "key"},
		{"GET", "/v1/table/x", "", 404, "see docs/api.md", "segment"},
		{"GET", "/v1/nothing/at/all", "", 404, "see docs/api.md", "segment"},
		{"GET", "/v1/a%zz", "", 400, "", ""}, // of package http: a line of text
		{"GET", "/v1/values/%2Fv%2Fx?trace=maybe", "", 400, "trace=sse", ""},
		{"GET", "/v1/peers/" + peer + "?local=maybe", "", 400, "local=false", "sse"},
	} {
		e := a.send(c.method, c.target, c.body)
		var p Problem
		if e.Header.Get("Content-Type") == problemType {
			if err := json.Unmarshal([]byte(e.body), &p); err != nil {
				t.Fatal(err)
			}
		}
		if e.StatusCode != c.status || !strings.Contains(p.Next, c.says) || c.not != "" && strings.Contains(p.Next, c.not) {
			t.Errorf("%s %s: %d, next: %q; want %d, with %q, without %q", c.method, c.target, e.StatusCode, p.Next, c.status, c.says, c.not)
		}
	}
}

// What an error is about is named once, and not where it has no name.
func TestErrorsNameTheirSubjectOnce(t *testing.T) {
	t.Parallel()
	a, _ := pair(t)
	for _, c := range []struct{ method, target, detail string }{
		{"GET", "/v1/values?key64=", "invalid key: the key is empty"},
		{"PUT", "/v1/providers?key64=", "invalid key: the key is empty"},
		{"DELETE", "/v1/published?key64=", "invalid key: the key is empty"},
		{"POST", "/v1/peers/%2Fip4%2Fx/ping", `not an address: "/ip4/x"`},
		{"POST", "/v1/peers/%2Fdns4%2Fx%2Ftcp%2F1/ping", `not an address: "/dns4/x/tcp/1": want`},
		{"POST", "/v1/peers/%2Fdns6%2F127.0.0.1%2Fudp%2F4100/ping", "/dns6/127.0.0.1/udp/4100: the name has no usable address"},
	} {
		e := a.send(c.method, c.target, "")
		var p Problem
		if err := json.Unmarshal([]byte(e.body), &p); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(p.Detail, c.detail) {
			t.Errorf("%s %s: detail %q, want %q", c.method, c.target, p.Detail, c.detail)
		}
	}
}

// A body whose length is said to be over the limit is refused before it comes. Who sends it
// all the same reads the answer.
func TestTooLongBodyIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.server.serve(t.Context(), l, s.server.onSocket()))
	for _, sent := range []int{0, maxBody + 1, 4 << 20} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		length := max(int64(sent), 100_000_000_000)
		if sent > 0 {
			length = int64(sent)
		}
		began := time.Now()
		fmt.Fprintf(c, "PUT /v1/values/%%2Fv%%2Fx HTTP/1.1\r\nHost: kad\r\nContent-Length: %d\r\n\r\n", length)
		if _, err := c.Write(make([]byte, sent)); err != nil {
			t.Errorf("sending %d bytes: %v", sent, err)
		}
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("sending %d bytes: %v", sent, err)
		}
		body, _ := io.ReadAll(r.Body)
		if took := time.Since(began); r.StatusCode != http.StatusRequestEntityTooLarge || took > bodyTime/2 || !strings.Contains(string(body), "too large") {
			t.Errorf("sending %d bytes: %d within %s: %s", sent, r.StatusCode, took, body)
		}
	}
}

// What anybody may read says what of it needs the token.
func TestOpenReadsSayWhatNeedsTheToken(t *testing.T) {
	t.Parallel()
	_, b := pair(t)
	p := onTCP(t, b.server, true)
	peer := b.node.ID().String()
	for _, target := range []string{"/v1/peers/" + peer + "?local", "/v1/peers/" + peer[len(peer)-8:], "/v1/values/%2Fv%2Fx?trace=sse"} {
		r, err := p.client.Get(p.origin + target)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", target, r.StatusCode)
		}
	}
	doc := document()
	for _, says := range []string{"what the node knows of it, which needs the token", "the last 8 characters of an ID need the token", "as it happens, which needs the token"} {
		if !strings.Contains(doc, says) {
			t.Errorf("docs/api.md lacks %q", says)
		}
	}
}

// The document lists every kind of event, and what it says.
func TestDocumentHasTheKindsOfEvents(t *testing.T) {
	doc := document()
	for _, kind := range kadmium.EventKinds() {
		if eventDocs[kind] == "" || !strings.Contains(doc, "| `"+kind+"` | "+eventDocs[kind]) {
			t.Errorf("kind %q: %q", kind, eventDocs[kind])
		}
	}
	if len(eventDocs) != len(kadmium.EventKinds()) {
		t.Errorf("%d kinds are described, %d there are", len(eventDocs), len(kadmium.EventKinds()))
	}
}
