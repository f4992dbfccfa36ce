package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kadmium"
)

// A PUT is answered with 201 if it made what was not there, whatever sequence it took, and
// with 200 or 204 if it replaced something.
func TestCreated(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	id := b.node.ID().String()
	for _, c := range []struct {
		target, body string
		header       []string
		status       int
	}{
		{"/v1/values/%2Fv%2Fx", "one", nil, 201},
		{"/v1/values/%2Fv%2Fx", "two", nil, 200},
		{"/v1/values/%2Fv%2Fx?seq=9", "three", nil, 200},
		{"/v1/values/%2Fv%2Fseq1?seq=1", "of a given sequence, which asks nobody what is held", nil, 200},
		{"/v1/values/%2Fv%2Fseq1?seq=1", "zz: of the same sequence, and greater", nil, 200},
		{"/v1/values/%2Fv%2Fnew?seq=7", "x", []string{"If-None-Match", "*"}, 201},
		{"/v1/values/%2Fv%2Fshort?ttl=1s&once", "x", nil, 201},
		{"/v1/providers/cats", "", nil, 201},
		{"/v1/providers/cats", "", nil, 200},
		{"/v1/peers/" + id + "/notes/n", "", nil, 201},
		{"/v1/peers/" + id + "/notes/n", "x", nil, 204},
	} {
		e := a.send("PUT", c.target, c.body, c.header...).is(t, c.status)
		if strings.Contains(e.body, `"created":true`) != (c.status == 201 && e.body != "") {
			t.Errorf("PUT %s: %d, and %s", c.target, e.StatusCode, e.body)
		}
	}
	a.send("DELETE", "/v1/providers/cats", "").is(t, 200)
	a.send("PUT", "/v1/providers/cats", "").is(t, 201)
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if e := a.send("GET", "/v1/values/%2Fv%2Fshort", ""); e.StatusCode == 404 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the record does not expire")
		}
	}
	a.send("PUT", "/v1/values/%2Fv%2Fshort", "x").is(t, 201, `"sequence":2`) // the sequence is remembered, no record is held
}

// Conditions are those of RFC 9110, section 13: lists, *, weak tags, and what is none.
func TestConditions(t *testing.T) {
	t.Parallel()
	a, _ := pair(t)
	const key = "/v1/values/%2Fv%2Fx"
	a.send("PUT", key, "one").is(t, 201)
	tag := a.send("GET", key, "").Header.Get("ETag")
	asJSON := a.send("GET", key, "", "Accept", "application/json").Header.Get("ETag")
	if tag == asJSON || strings.HasPrefix(tag+asJSON, "W/") {
		t.Errorf("the bytes have the ETag %s, the JSON %s", tag, asJSON)
	}
	current := func() string { return a.send("GET", key, "").Header.Get("ETag") }
	sequence := func() string { n, _, _ := strings.Cut(current()[1:], "-"); return n }
	otherHash := func() string { return `"` + sequence() + `-0123456789abcdef"` }
	for _, c := range []struct {
		what, method, name string
		value              func() string
		status             int
	}{
		{"one tag", "PUT", "If-Match", current, 200},
		{"the JSON's", "PUT", "If-Match", func() string { return strings.TrimSuffix(current(), `"`) + `-json"` }, 200},
		{"the sequence", "PUT", "If-Match", func() string { return `"` + sequence() + `"` }, 200},
		{"a list", "PUT", "If-Match", func() string { return `"77-0123456789abcdef",, ` + current() + ` , W/"3"` }, 200},
		{"any", "PUT", "If-Match", func() string { return " * " }, 200},
		{"another hash", "PUT", "If-Match", otherHash, 412},
		{"another sequence", "PUT", "If-Match", func() string { return `"99"` }, 412},
		{"others, in a list", "PUT", "If-Match", func() string { return otherHash() + `, "99", "a,b"` }, 412},
		{"a weak tag", "PUT", "If-Match", func() string { return "W/" + current() }, 412},
		{"none of one that is there", "PUT", "If-None-Match", current, 412},
		{"none of one that is there, weak", "PUT", "If-None-Match", func() string { return "W/" + current() }, 412},
		{"none of another", "PUT", "If-None-Match", otherHash, 200},
		{"none", "PUT", "If-None-Match", func() string { return "*" }, 412},
		{"a get of what is there", "GET", "If-Match", current, 200},
		{"a get of any", "GET", "If-Match", func() string { return "*" }, 200},
		{"a get of another", "GET", "If-Match", otherHash, 412},
		{"a get by a weak tag", "GET", "If-Match", func() string { return "W/" + current() }, 412},
		{"a get of a newer", "GET", "If-None-Match", otherHash, 200},
		{"a get of a newer, by a list", "GET", "If-None-Match", func() string { return otherHash() + ", W/" + current() }, 304},
		{"a get of bytes beside the JSON", "GET", "If-None-Match", func() string { return strings.TrimSuffix(current(), `"`) + `-json"` }, 200},
		{"no quotation marks", "PUT", "If-Match", func() string { return "1-0123456789abcdef" }, 400},
		{"no end", "PUT", "If-Match", func() string { return `"1` }, 400},
		{"no comma", "PUT", "If-Match", func() string { return `"1" "2"` }, 400},
		{"a space", "PUT", "If-Match", func() string { return `"1 2"` }, 400},
		{"any and one", "PUT", "If-Match", func() string { return `*, "1"` }, 400},
		{"nothing", "PUT", "If-Match", func() string { return "" }, 400},
		{"a small w", "GET", "If-None-Match", func() string { return `w/"1"` }, 400},
	} {
		value := c.value()
		e := a.send(c.method, key, "one", c.name, value).is(t, c.status)
		if e.StatusCode == 412 && !strings.Contains(e.body, "/problems/conflict") || e.StatusCode == 400 && !strings.Contains(e.body, `"next":"`) {
			t.Errorf("%s: %s", c.what, e.body)
		}
		if t.Failed() {
			t.Fatalf("%s: %s: %s", c.what, c.name, value)
		}
	}
	a.send("PUT", key, "two", "If-Match", current(), "If-None-Match", otherHash()).is(t, 200)
	a.send("PUT", "/v1/values/%2Fv%2Fnone", "x", "If-Match", "*").is(t, 412)
	a.send("PUT", "/v1/values/%2Fv%2Fnone", "x", "If-None-Match", `"1"`).is(t, 201)
	lone := serve(t)
	lone.send("PUT", "/v1/values/%2Fv%2Fx", "x", "If-Match", "*").is(t, 412)
	lone.send("PUT", "/v1/values/%2Fv%2Fx", "x", "If-None-Match", `"1", "2"`).is(t, 201)
}

// A condition that a resource does not compare is refused, not passed over.
func TestConditionsThatNobodyTakes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for i := range Routes() {
		r := &Routes()[i]
		if strings.HasPrefix(r.Pattern, "/v1/values/") {
			continue
		}
		target := strings.NewReplacer("{key}", "x", "{peer}", nobody, "{target}", "x", "{protocol}", "p", "{name}", "n").Replace(r.Pattern)
		for _, name := range []string{"If-Match", "If-None-Match"} {
			s.send(r.Method, target, "", name, `"1"`).is(t, 400, name, `"next":"`)
		}
	}
}

// What is answered is what the client prefers; if it accepts nothing that there is, it is
// told what there is.
func TestAccept(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	a.send("PUT", "/v1/values/%2Fv%2Fx", "value")
	const value, octets, json = "/v1/values/%2Fv%2Fx", "application/octet-stream", "application/json"
	for _, c := range []struct{ target, accept, kind string }{
		{value, "", octets},
		{value, "*/*", octets},
		{value, json, json},
		{value, "APPLICATION/JSON", json},
		{value, "application/json;q=0.1, application/octet-stream;q=0.5", octets},
		{value, "application/octet-stream;q=0.5,application/json; q=0.8", json},
		{value, "application/json, text/plain, */*", json},
		{value, "*/*, application/octet-stream;q=0", json},
		{value, "application/*;q=0.5, application/json;q=0.4", octets},
		{value, "application/json;q=0", problemType},
		{value, "application/json;q=0.000, */*", octets},
		{value, "application/json;q=0, */*;q=0.0", problemType},
		{value, "text/html", problemType},
		{value, `text/html;x="a,application/json"`, problemType},
		{value, "application/json;q=2", problemType},
		{value, "text/html, application/xhtml+xml, */*;q=0.8", octets},
		{value, eventStream, problemType},
		{value + "?quorum=2&trace", "text/event-stream, application/json;q=0.9", eventStream},
		{value + "?quorum=2&trace", "text/event-stream;q=0.5, application/json", json},
		{value + "?quorum=2&trace", "*/*", octets},
		{value + "?quorum=2&trace=sse", json, eventStream}, // which has no other form
		{"/v1/stats", "text/plain", problemType},
		{"/v1/stats", "text/*, application/*;q=0.1", json},
		{"/v1/openapi.json", "image/png", problemType},
		{"/v1/events", json, problemType},
		{"/metrics", "application/openmetrics-text", "text/plain"},
		{"/v1/closest/x", octets, problemType},
	} {
		var header []string
		if c.accept != "" {
			header = []string{"Accept", c.accept}
		}
		e := a.send("GET", c.target, "", header...)
		kind, _, _ := strings.Cut(e.Header.Get("Content-Type"), ";")
		if kind != c.kind || (kind == problemType) != (e.StatusCode == 406) {
			t.Errorf("GET %s, Accept %q: %d, %s", c.target, c.accept, e.StatusCode, kind)
		}
		if e.StatusCode == 406 && (!strings.Contains(e.body, "accept application/") && !strings.Contains(e.body, "accept text/") || e.Header.Get("Vary") != "Accept") {
			t.Errorf("GET %s, Accept %q: %v %s", c.target, c.accept, e.Header, e.body)
		}
		if strings.HasPrefix(c.target, value) && !strings.HasSuffix(c.target, "=sse") && e.Header.Get("Vary") != "Accept" {
			t.Errorf("GET %s, Accept %q: Vary %q", c.target, c.accept, e.Header.Get("Vary"))
		}
	}
	a.send("PUT", value, "none", "Accept", "text/html").is(t, 406)
	b.send("GET", value, "").is(t, 200, "value") // it was refused before anything was done
}

// Allow has what a resource has: HEAD beside GET, and OPTIONS, which is answered.
func TestAllow(t *testing.T) {
	t.Parallel()
	g := serveTCP(t, TCPConfig{Open: true})
	for _, c := range []struct {
		line   string
		status int
		allow  string
	}{
		{"POST /v1/values/%2Fv%2Fx", 405, "GET, HEAD, OPTIONS, PUT"},
		{"PATCH /v1/published/x", 405, "DELETE, OPTIONS"},
		{"GET /v1/published?key64=eA", 405, "DELETE, OPTIONS"},
		{"OPTIONS /v1/values/%2Fv%2Fx", 204, "GET, HEAD, OPTIONS, PUT"},
		{"OPTIONS /v1/values?key64=eA", 204, "GET, HEAD, OPTIONS, PUT"},
		{"OPTIONS /v1/peers/x/notes/n", 204, "DELETE, GET, HEAD, OPTIONS, PUT"},
		{"OPTIONS /v1/stats", 204, "GET, HEAD, OPTIONS"},
		{"OPTIONS /healthz", 204, "GET, HEAD, OPTIONS"},
		{"OPTIONS *", 204, "DELETE, GET, HEAD, OPTIONS, POST, PUT"},
		{"OPTIONS /v1/nothing", 404, ""},
		{"OPTIONS /v1/page", 404, ""},
		{"GET /v1/page", 404, ""},
		{"OPTIONS /", 204, "GET, HEAD, OPTIONS"},
		{"POST /", 405, "GET, HEAD, OPTIONS"},
		{"PUT /page/node.js", 405, "GET, HEAD, OPTIONS"},
		{"GET /page/x", 404, ""},
	} {
		answer := g.raw(c.line + " HTTP/1.1\r\nHost: ADDR\r\nConnection: close\r\nContent-Length: 0\r\n" + authorized + "\r\n")
		response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != c.status || response.Header.Get("Allow") != c.allow {
			t.Errorf("%s: want %d, Allow: %s; got %s", c.line, c.status, c.allow, answer)
		}
		if response.StatusCode >= 400 && response.Header.Get("Content-Type") != problemType {
			t.Errorf("%s: no problem: %s", c.line, answer)
		}
		checkHeaders(t, c.line, response.Header)
	}
}

// A key is named once, and key64 is no parameter of what has no key.
func TestKeyNamedTwice(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, method := range []string{"GET", "PUT"} {
		s.send(method, "/v1/values/%2Fv%2Fx?key64=L3YveA", "").is(t, 400, "twice", `"next":"leave one of them out`)
	}
	s.send("GET", "/v1/stats?key64=L3YveA", "").is(t, 400, `no parameter \"key64\"`)
	s.send("GET", "/v1/nothing?key64=L3YveA", "").is(t, 404)
}

// An answer that says to come again says when.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	s := serve(t)
	after := func(e exchanged, want string) {
		t.Helper()
		if got := e.Header.Get("Retry-After"); got != want {
			t.Errorf("%s: Retry-After %q, want %q", e.body, got, want)
		}
	}
	for range maxStreams {
		s.server.streams <- struct{}{}
	}
	after(s.send("GET", "/v1/events", "").is(t, 429, "/problems/busy"), "1")
	for range maxStreams {
		<-s.server.streams
	}
	for range maxScrapes {
		s.server.scrapes <- struct{}{}
	}
	after(s.send("GET", "/metrics", "").is(t, 429, "/problems/busy"), "1")
	for range maxScrapes {
		<-s.server.scrapes
	}
	after(s.send("GET", "/v1/closest/x", "").is(t, 503, "/problems/no-peers"), "") // it never joins
	if p := ProblemOf(fmt.Errorf("x: %w", kadmium.ErrBusy)); p.header.Get("Retry-After") != "1" {
		t.Errorf("busy: %v", p.header)
	}
}

// A node that is not ready says when it asks its neighbours again.
func TestRetryAfterOfANodeThatIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, network := inMemory(t, 2)
		c, stop := NewServer(nil, nodes[1]).Local(t.Context())
		defer stop()
		defer c.Close()
		s := &served{t: t, http: c.http, host: "kad"}
		if e := s.send("GET", "/readyz", "").is(t, 200); e.Header.Get("Retry-After") != "" {
			t.Errorf("ready: %v", e.Header)
		}
		network.Partition(func(netip.Addr, netip.Addr) bool { return true })
		time.Sleep(time.Minute)
		if e := s.send("GET", "/readyz", "").is(t, 503); e.Header.Get("Retry-After") != "15" {
			t.Errorf("not ready: %v", e.Header)
		}
	})
}

// The last words to a client that waits are a problem like others, with the headers of every
// answer on TCP.
func TestLastWords(t *testing.T) {
	t.Parallel()
	for what, say := range map[string]func(*connections){
		"the end":  func(l *connections) { l.end(ProblemOf(kadmium.ErrClosed)) },
		"the wait": func(l *connections) { l.hurry() },
	} {
		pipes := newPipes()
		l := newConnections(t.Context(), acceptor{Listener: pipes}, 1, new(counters))
		l.guarded = true
		go func() { _, _ = l.Accept() }()
		c, err := pipes.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(patience); l.places() == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the connection is not accepted")
			}
		}
		go say(l)
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		b, _ := io.ReadAll(response.Body)
		checkHeaders(t, what, response.Header)
		if response.Header.Get("Content-Type") != problemType || !strings.Contains(string(b), `"next":"`) || response.Header.Get("Date") == "" {
			t.Errorf("%s: %v %s", what, response.Header, b)
		}
	}
}

// places is how many connections are open.
func (l *connections) places() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

// A request's header may have 16 KiB in all.
func TestHeaderBound(t *testing.T) {
	t.Parallel()
	g := serveTCP(t, TCPConfig{})
	for _, c := range []struct {
		size   int
		status string
	}{{maxHeader, "HTTP/1.1 200 "}, {maxHeader + 1, "HTTP/1.1 431 "}} {
		head := strings.NewReplacer("ADDR", g.addr, "TOKEN", g.token).Replace("GET /v1/stats HTTP/1.1\r\nHost: ADDR\r\nConnection: close\r\n" + authorized + "X: ")
		request := head + strings.Repeat("x", c.size-len(head)-len("\r\n\r\n")) + "\r\n\r\n"
		if answer := g.raw(request); !strings.HasPrefix(answer, c.status) {
			t.Errorf("%d bytes: want %s, got %.100s", len(request), c.status, answer)
		}
	}
}

// What a user gave stays as it is in a message; only the words of the errors are plain.
func TestPlainWordsKeepWhatAUserGave(t *testing.T) {
	t.Parallel()
	const key = "/v/context canceled, context deadline exceeded\n2"
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("%s: %w", key, kadmium.ErrNotFound), key + ": not found"},
		{fmt.Errorf("%s: %w", key, context.Canceled), key + ": interrupted"},
		{fmt.Errorf("%s: %w", key, fmt.Errorf("asking: %w", context.DeadlineExceeded)), key + ": asking: timed out"},
		{fmt.Errorf("%w: %q", kadmium.ErrBadOption, "context canceled"), kadmium.ErrBadOption.Error() + `: "context canceled"`},
		{errors.Join(errors.New("one"), fmt.Errorf("x: %w", context.Canceled)), "one; x: interrupted"},
		{fmt.Errorf("%w; others hold %s", context.Canceled, key), "interrupted; others hold " + key},
		{fmt.Errorf("%w: %w", kadmium.ErrNotStored, context.Canceled), kadmium.ErrNotStored.Error() + ": interrupted"},
	} {
		if got := PlainWords(c.err); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	s := serve(t)
	s.send("DELETE", "/v1/published/%2Fv%2Fcontext%20canceled", "").is(t, 404, "/v/context canceled: ")
}

// Every problem of a 429 that is known says when to come again.
func TestEveryBusyProblemSaysWhen(t *testing.T) {
	t.Parallel()
	if !slices.ContainsFunc(knownProblems, func(k knownProblem) bool { return k.status == http.StatusTooManyRequests }) {
		t.Error("there is none")
	}
	for _, k := range knownProblems {
		if k.status == http.StatusTooManyRequests && ProblemOf(k.err).header.Get("Retry-After") == "" {
			t.Errorf("%s: nothing says when to come again", k.name)
		}
	}
}
