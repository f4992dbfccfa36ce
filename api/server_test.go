package api

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kadmium"
)

// patience bounds everything that a test waits for.
const patience = 20 * time.Second

// A served is a node with its server, and an HTTP client of that.
type served struct {
	t      *testing.T
	node   *kadmium.Node
	server *Server
	client *Client
	http   *http.Client
	host   string // that the requests name
}

// serve starts a node, a server on its own unless it has bootstrap peers, and serves it.
func serve(t *testing.T, bootstrap ...string) *served {
	t.Helper()
	n, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}, Mode: kadmium.Server, Bootstrap: bootstrap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := n.Joined(ctx); err != nil {
		t.Fatal(err)
	}
	s := NewServer(nil, n)
	l := newPipes()
	stop := s.serve(t.Context(), l, s.onSocket())
	t.Cleanup(stop)
	c := NewClient(l.dial)
	t.Cleanup(c.Close)
	return &served{t, n, s, c, c.http, "kad"}
}

// pair are two nodes that know each other.
func pair(t *testing.T) (a, b *served) {
	t.Helper()
	a = serve(t)
	return a, serve(t, a.node.Addresses()[0].String())
}

// An exchanged is the response to a request, with its whole body.
type exchanged struct {
	*http.Response
	body string
}

// send sends a request as it stands: the target's escapes are not touched.
func (s *served) send(method, target, body string, header ...string) exchanged {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://kad/", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.URL.Opaque = "//" + s.host + target
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	response, err := s.http.Do(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, target, err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, target, err)
	}
	return exchanged{response, string(b)}
}

// is checks the status and that the body holds each of the texts.
func (e exchanged) is(t *testing.T, status int, says ...string) exchanged {
	t.Helper()
	if e.StatusCode != status {
		t.Errorf("%s %s: status %d, want %d: %s", e.Request.Method, e.Request.URL.Opaque, e.StatusCode, status, e.body)
	}
	for _, text := range says {
		if !strings.Contains(e.body, text) {
			t.Errorf("%s %s: the body lacks %q: %s", e.Request.Method, e.Request.URL.Opaque, text, e.body)
		}
	}
	return e
}

// Keys are any bytes: what a path says escaped is the key, and key64 says every key.
func TestKeysInPaths(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for i, c := range []struct{ target, key string }{
		{"/v1/providers/%2Fv%2Fhello", "/v/hello"},
		{"/v1/providers/%2e%2e", ".."},
		{"/v1/providers/%2E", "."},
		{"/v1/providers/%00", "\x00"},
		{"/v1/providers/%ff", "\xff"},
		{"/v1/providers/a%2F%2Fb", "a//b"},
		{"/v1/providers/a%252Fb", "a%2Fb"},
		{"/v1/providers/a+b", "a+b"},
		{"/v1/providers/a\"<b>", "a\"<b>"},
		{"/v1/providers/%22a%2Fb\"", "\"a/b\""},
		{"/v1/providers?key64=Li4", ".."},
		{"/v1/providers?key64=_w", "\xff"},
		{"/v1/providers?key64=_w%3D%3D", "\xff"},
		{"http://example.com/v1/providers/a%2Fb", "a/b"},
	} {
		parts, values, err := find("GET", c.target, strings.Contains(c.target, "key64"))
		if err != nil || values["key"] != c.key && !strings.Contains(c.target, "key64") {
			t.Errorf("%d: %s names %q of %v, %v", i, c.target, values["key"], parts, err)
			continue
		}
		if _, err := s.node.Provide(t.Context(), c.key); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(c.target, "/") && !strings.ContainsAny(c.target, "\"<") {
			s.send("GET", c.target, "").is(t, 200, s.node.ID().String())
		}
		if got, err := s.client.Providers(t.Context(), c.key, 0, Call{}); err != nil || got.Key != c.key {
			t.Errorf("the client asks for %q: %+v, %v", c.key, got, err)
		}
	}
	for _, target := range []string{"/v1/values/..", "/v1/values/.", "/v1/values/a//b", "/v1/values//v/hello", "/v1/values/", "/v1/values/a/b", "/v1/values", "/v1/values?key64=%21"} {
		if e := s.send("GET", target, ""); e.StatusCode != 400 && e.StatusCode != 404 || !strings.Contains(e.body, "key64") {
			t.Errorf("GET %s: %d %s, want 400 or 404 and a hint at key64", target, e.StatusCode, e.body)
		}
	}
}

// A value travels as bare bytes, with the rest in headers, or whole as JSON.
func TestValues(t *testing.T) {
	t.Parallel()
	s := serve(t)
	value := "<script>\x00\xff</script>"
	s.send("PUT", "/v1/values/%2Fv%2Fa%ff?ttl=2h", value).is(t, 201, `"sequence":1`, `"key_base64"`)
	got := s.send("GET", "/v1/values/%2Fv%2Fa%ff", "").is(t, 200)
	if got.body != value {
		t.Errorf("got %q", got.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment",
		"Content-Security-Policy": "sandbox; default-src 'none'",
		"Kad-Sequence":            "1", "Kad-Key": "%2Fv%2Fa%FF", "Kad-From": s.node.ID().String(), "Kad-Answers": "1", "Kad-Hops": "", // it asked nobody

	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
		}
	}
	tag := got.Header.Get("ETag")
	if e := s.send("GET", "/v1/values/%2Fv%2Fa%ff", "", "If-None-Match", tag).is(t, 304); e.body != "" || e.Header.Get("ETag") != tag {
		t.Errorf("not modified: %q, %v", e.body, e.Header)
	}
	if e := s.send("HEAD", "/v1/values/%2Fv%2Fa%ff", "").is(t, 200); e.body != "" || e.ContentLength != int64(len(value)) || e.Header.Get("ETag") != tag {
		t.Errorf("HEAD: %q, %v", e.body, e.Header)
	}
	s.send("GET", "/v1/values/%2Fv%2Fa%ff", "", "Accept", "application/json").is(t, 200, `"value_base64":"PHNjcmlwdD4A/zwvc2NyaXB0Pg=="`)

	const key = "/v1/values/%2Fv%2Fa%ff"
	s.send("PUT", key, "x", "If-None-Match", "*").is(t, 412, "/problems/conflict")
	s.send("PUT", key, "x", "If-Match", tag).is(t, 200)
	s.send("PUT", key, "y", "If-Match", tag).is(t, 412, "/problems/conflict")
	s.send("PUT", key, "y", "If-Match", `"1"`).is(t, 412, "/problems/conflict", `"conflict":1`) // what the holders say
	sequence := s.send("GET", key, "").is(t, 200, "x").Header.Get("Kad-Sequence")
	s.send("PUT", key, "y", "If-Match", `"`+sequence+`"`).is(t, 200)
	s.send("PUT", key+"?seq=1", "older").is(t, 409, "/problems/older")
	s.send("PUT", "/v1/values/%2Fv%2Fnew", "x", "If-None-Match", "*").is(t, 201)
}

// What cannot be served is refused with a problem, which says what to do.
func TestProblems(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, c := range []struct {
		method, target, body string
		status               int
		says                 string
	}{
		{"GET", "/v1/values/%2Fv%2Fnone", "", 503, "/problems/no-peers"},
		{"DELETE", "/v1/published/%2Fv%2Fnone", "", 404, "/problems/not-found"},
		{"GET", "/v1/values/hello", "", 422, "/problems/invalid"},
		{"GET", "/v1/values/%2Fbogus%2Fx", "", 422, "/problems/unknown-namespace"},
		{"GET", "/v1/values/%2Fimm%2Fx", "", 422, "/problems/invalid"},
		{"GET", "/v1/values?key64=", "", 400, "/problems/empty-key"},
		{"GET", "/v1/values/" + strings.Repeat("a", 513), "", 413, "/problems/too-large"},
		{"PUT", "/v1/values/%2Fv%2Fx", strings.Repeat("a", 1001), 413, "/problems/too-large"},
		{"PUT", "/v1/values/%2Fv%2Fx", strings.Repeat("a", maxBody+1), 413, "65536 bytes"},
		{"PUT", "/v1/values/%2Fv%2Fx", strings.Repeat("a", 4<<20), 413, "65536 bytes"},
		{"GET", "/v1/values/%2Fv%2Fx?quorum=0", "", 400, "quorum"},
		{"GET", "/v1/values/%2Fv%2Fx?quorum=many", "", 400, "quorum"},
		{"GET", "/v1/values/%2Fv%2Fx?quorum=1&quorum=2", "", 400, "2 times"},
		{"GET", "/v1/values/%2Fv%2Fx?qourum=2", "", 400, "it takes key64, quorum"},
		{"GET", "/v1/values/%2Fv%2Fx?trace=perhaps", "", 400, "trace"},
		{"GET", "/v1/values/%2Fv%2Fx?timeout=-1s", "", 400, "timeout"},
		{"GET", "/v1/values/%2Fv%2Fx?timeout=11m", "", 400, "timeout"},
		{"GET", "/v1/values/%2Fv%2Fx?timeout=soon", "", 400, "timeout"},
		{"GET", "/v1/values/%2Fv%2Fx?node=1", "", 400, "node"},
		{"GET", "/v1/values/%2Fv%2Fx?a=%zz", "", 400, "query"},
		{"PUT", "/v1/values/%2Fv%2Fx?ttl=1ms", "x", 400, "ttl"},
		{"PUT", "/v1/values/%2Fv%2Fx?seq=-1", "x", 400, "seq"},
		{"GET", "/v1/peers/nobody", "", 400, "/problems/bad-peer-id"},
		{"GET", "/v1/peers/" + s.node.ID().String(), "", 400, "is the node that you ask"},
		{"POST", "/v1/peers/127.0.0.1:0/ping", "", 400, "127.0.0.1:0"},
		{"POST", "/v1/peers/nowhere/ping", "", 400, "/problems/bad-peer-id"},
		{"POST", "/v1/peers/[::1]:9/ping", "", 504, "no IPv6 socket"},
		{"POST", "/v1/peers/%2Fip4%2F127.0.0.1%2Ftcp%2F4100/ping", "", 400, "/problems/bad-address"},
		{"POST", "/v1/peers/127.0.0.1:1/ping", "", 504, "/problems/no-answer"},
		{"POST", "/v1/messages/127.0.0.1:9/a%ff", "", 400, "/problems/bad-protocol"},
		{"POST", "/v1/messages/127.0.0.1:9/p", strings.Repeat("a", 1025), 413, "1024"},
		{"POST", "/v1/messages/" + s.node.ID().String() + "/p", "", 404, "/problems/no-handler"},
		{"GET", "/v1/closest/%2Fv%2Fx", "", 503, "/problems/no-peers"},
		{"GET", "/v1/closest?key64=", "", 400, "/problems/empty-key"},
		{"GET", "/v1/closest/12D3KooWbad", "", 400, "/problems/bad-peer-id"},
		{"GET", "/v1/events?kinds=weather", "", 400, "lookup step"},
		{"GET", "/v1/events?protocol=", "", 400, "/problems/bad-protocol"},
		{"GET", "/v1/nothing", "", 404, "/problems/no-such-resource"},
		{"GET", "//", "", 400, ""},
		{"POST", "/v1/values/%2Fv%2Fx", "", 405, "GET, HEAD, OPTIONS, PUT"},
		{"TRACE", "/v1/stats", "", 405, "GET"},
	} {
		e := s.send(c.method, c.target, c.body).is(t, c.status, c.says, `"next":"`, `"exit":`)
		if e.Header.Get("Content-Type") != "application/problem+json" || strings.Contains(e.body, `"next":""`) || strings.Contains(e.body, "Go ") {
			t.Errorf("%s %s: %v %s", c.method, c.target, e.Header, e.body)
		}
		if e.StatusCode == 405 && e.Header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", c.method, c.target)
		}
	}
}

// Two nodes: every resource that asks the network.
func TestResources(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	if err := b.node.Handle("/echo", func(_ context.Context, m kadmium.Message) ([]byte, error) { return m.Payload, nil }); err != nil {
		t.Fatal(err)
	}
	id, at := b.node.ID().String(), b.node.Addresses()[0]
	a.send("PUT", "/v1/values/%2Fv%2Fx", "y").is(t, 201, `"holders":2`)
	b.send("GET", "/v1/values/%2Fv%2Fx?quorum=2&trace", "", "Accept", "application/json").is(t, 200, `"trace":[`, `"asked"`)
	a.send("GET", "/v1/values/%2Fv%2Fnone?trace", "").is(t, 404, `"lookup":{`, `"trace":[`)
	if e := a.send("GET", "/v1/values/%2Fv%2Fnone", "").is(t, 404, `"lookup":{`, `"title":"not found"`); strings.Contains(e.body, `"trace"`) {
		t.Errorf("without ?trace: %s", e.body)
	}
	a.send("GET", "/v1/peers/"+id, "").is(t, 200, at.String(), `"hops":`)
	a.send("POST", "/v1/peers/"+id+"/ping?protocols", "").is(t, 200, at.String(), `"protocols":["/echo"]`, `"lookup":`)
	a.send("POST", "/v1/peers/"+at.Endpoint.String()+"/ping", "").is(t, 200, at.String())
	a.send("POST", "/v1/peers/"+segment(at.String())+"/ping", "").is(t, 200, at.String())
	a.send("GET", "/v1/closest/%2Fv%2Fx", "").is(t, 200, id, `"target":`)
	a.send("GET", "/v1/closest/"+id, "").is(t, 200, b.node.ID().Position().String())
	a.send("PUT", "/v1/providers/cats", "").is(t, 201, `"holders":2`)
	a.send("GET", "/v1/published", "").is(t, 200, `"key":"cats"`, `"kind":"record"`)
	a.send("PUT", "/v1/providers/birds", "").is(t, 201)
	if e := a.send("GET", "/v1/published?max=1", "").is(t, 200, `"key":"birds"`); strings.Contains(e.body, "cats") || strings.Contains(e.body, "record") {
		t.Errorf("one publication: %s", e.body)
	}
	a.send("GET", "/v1/published?max=-1", "").is(t, 400, "max")
	a.send("DELETE", "/v1/providers/birds", "").is(t, 200)
	a.send("GET", "/v1/held?max=5", "").is(t, 200, `"key":"cats"`, `"kind":"provider"`)
	a.send("GET", "/v1/held?max=0", "").is(t, 400)
	b.send("GET", "/v1/providers/cats?max=1", "").is(t, 200, a.node.ID().String())
	a.send("DELETE", "/v1/providers/cats", "").is(t, 200, `"key":"cats"`)
	a.send("DELETE", "/v1/providers/cats", "").is(t, 404, "cats: ")
	a.send("GET", "/v1/table", "").is(t, 200, id)
	a.send("GET", "/v1/stats?node=0", "").is(t, 200, a.node.ID().String())
	a.send("GET", "/v1/nodes", "").is(t, 200, `[{"node":0,"peer":"`+a.node.ID().String()+`"}]`)
	a.send("GET", "/v1/tasks", "").is(t, 200, `"name":"refresh`)
	e := a.send("POST", "/v1/messages/"+id+"/%2Fecho", "a\x00\xff").is(t, 200)
	if e.body != "a\x00\xff" || e.Header.Get("Kad-From") != at.String() || e.Header.Get("Kad-Ms") == "" {
		t.Errorf("reply %q, %v", e.body, e.Header)
	}
	a.send("POST", "/v1/messages/"+segment(at.String())+"/%2Fecho", "hi", "Accept", "application/json").is(t, 200, `"reply":"hi"`)
	stream := a.send("GET", "/v1/closest/%2Fv%2Fx?trace=sse", "").is(t, 200, "event: step\ndata: {", "event: result\ndata: {")
	if stream.Header.Get("Content-Type") != eventStream || strings.Count(stream.body, "\n\n") < 4 {
		t.Errorf("a traced lookup: %v\n%s", stream.Header, stream.body)
	}
	a.send("GET", "/v1/values/%2Fv%2Fnone?trace", "", "Accept", "text/event-stream").is(t, 200, "event: step", "event: problem", "/problems/not-found")
}

// Events and copies of messages are streamed as they happen; a copy takes a message from
// no handler.
func TestEvents(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	handled := make(chan string, 1)
	if err := b.node.Handle("/chat", func(_ context.Context, m kadmium.Message) ([]byte, error) {
		handled <- string(m.Payload)
		return []byte("ok"), nil
	}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", "http://kad/v1/events?kinds=message,record+stored&protocol=/chat&protocol=/news", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := b.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if e := a.send("POST", "/v1/messages/"+b.node.ID().String()+"/%2Fchat", "hello").is(t, 200); e.body != "ok" {
		t.Errorf("the handler replied %q", e.body)
	}
	if got := <-handled; got != "hello" {
		t.Errorf("handled %q", got)
	}
	a.send("POST", "/v1/messages/"+b.node.ID().String()+"/%2Fnews", "").is(t, 404, "/problems/no-handler")
	a.send("PUT", "/v1/values/%2Fv%2Fx", "y").is(t, 201)
	var got bytes.Buffer
	for want := []string{"event: message\n", `"payload":"hello"`, `"protocol":"/news"`, "event: record stored\n"}; len(want) > 0; {
		part := make([]byte, 4096)
		n, err := response.Body.Read(part)
		if got.Write(part[:n]); err != nil {
			t.Fatalf("the stream ended with %v, and lacks %q:\n%s", err, want, &got)
		}
		for len(want) > 0 && strings.Contains(got.String(), want[0]) {
			want = want[1:]
		}
	}
	if strings.Contains(got.String(), "lookup step") {
		t.Errorf("events that were not asked for:\n%s", &got)
	}
}

// More streams than there are places for are refused, and a place is free again when its
// client has left.
func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	for range maxStreams {
		r, err := http.NewRequestWithContext(ctx, "GET", "http://kad/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := s.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
	}
	s.send("GET", "/v1/events", "").is(t, 429, "/problems/busy")
	s.send("GET", "/v1/stats", "").is(t, 200)
	if refused := s.server.Counters()["http.streams.refused"]; refused != 1 {
		t.Errorf("%d refused streams counted", refused)
	}
	leave()
	for end := time.Now().Add(patience); len(s.server.streams) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d streams are left", len(s.server.streams))
		}
	}
}

// A client that leaves ends what it asked for.
func TestClientThatLeaves(t *testing.T) {
	t.Parallel()
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	s := serve(t)
	ctx, leave := context.WithCancel(t.Context())
	to, err := ParseDestination(silent.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, err := s.client.Ping(ctx, to, false, Call{})
		ended <- err
	}()
	_ = silent.SetReadDeadline(time.Now().Add(patience))
	if _, _, err := silent.ReadFrom(make([]byte, 2048)); err != nil { // the ping is under way
		t.Fatal(err)
	}
	if s.node.Stats().Gauges["operations"] != 1 {
		t.Error("no operation is under way")
	}
	leave()
	if err := <-ended; err != context.Canceled {
		t.Errorf("the client says %v", err)
	}
	for end := time.Now().Add(patience); s.node.Stats().Gauges["operations"] > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the operation goes on")
		}
	}
}

// What is suspect of a value is said beside its bytes, too.
func TestSuspectHeader(t *testing.T) {
	for _, suspect := range []kadmium.Suspect{{}, {Crowded: []int{0, 2}, Stale: true}} {
		w := httptest.NewRecorder()
		c := &call{server: new(Server), w: w, r: httptest.NewRequest("GET", "/v1/values/%2Fv%2Fa", nil)}
		if err := c.value(kadmium.Value{Key: "/v/a", Value: []byte("x"), Lookup: kadmium.Lookup{Suspect: suspect}}); err != nil {
			t.Fatal(err)
		}
		if got := w.Header().Get("Kad-Suspect"); got != suspect.String() {
			t.Errorf("%q, want %q", got, suspect)
		}
	}
}
