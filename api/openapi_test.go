package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kadmium"
	"kadmium/peerbook"
)

// neverProvoked are statuses that are described, and that no request of the test can
// provoke, with the reason. A key is a status, or an operation with one.
var neverProvoked = map[string]string{
	"500":                               "a fault of the program",
	"POST /v1/peers/{peer}/ping 502":    "a peer that refuses a PING",
	"GET /v1/peers/{peer}/supports 429": "a node that has too much to do",
	"503":                               "a node that ends while it is asked",
	"PUT /v1/values/{key} 502":          "every node asked refuses",
	"PUT /v1/values/{key} 507":          "every node asked is full",
	"PUT /v1/values 502":                "every node asked refuses",
	"PUT /v1/values 507":                "every node asked is full",
	"PUT /v1/providers/{key} 502":       "every node asked refuses",
	"PUT /v1/providers/{key} 507":       "every node asked is full",
	"PUT /v1/providers 502":             "every node asked refuses",
	"PUT /v1/providers 507":             "every node asked is full",
}

// onTCP serves a server at a port of 127.0.0.1.
func onTCP(t *testing.T, s *Server, open bool) party {
	t.Helper()
	l, err := ListenTCP("0", false, false)
	if err != nil {
		t.Fatal(err)
	}
	token := NewToken()
	t.Cleanup(s.ServeTCP(l, TCPConfig{Token: token, Open: open}))
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	p := party{client: &http.Client{Transport: transport}, origin: "http://" + l.Addr().String(), token: token.Secret()}
	if open {
		p.token = ""
	}
	return p
}

// nobody is the ID of a peer that is nowhere.
const nobody = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"

// A stage is the nodes of a test: a and b know each other, a is served over TCP with a
// token, in the process, and over TCP for everybody; lonely knows nobody; cut knew a.
type stage struct {
	a, b, lonely     *served
	tcp, local, open party
	lonelyTCP        party
	contract         *contract
	samples          *strings.Replacer // of what stands in patterns
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{lonely: serve(t)}
	s.a, s.b = pair(t)
	for protocol, h := range map[string]kadmium.Handler{
		"/echo":  func(_ context.Context, m kadmium.Message) ([]byte, error) { return m.Payload, nil },
		"/fails": func(context.Context, kadmium.Message) ([]byte, error) { return nil, errors.New("no") },
	} {
		if err := s.b.node.Handle(protocol, h); err != nil {
			t.Fatal(err)
		}
	}
	s.tcp, s.open, s.lonelyTCP = onTCP(t, s.a.server, false), onTCP(t, s.a.server, true), onTCP(t, s.lonely.server, false)
	s.local = party{client: s.a.http, origin: "http://kad"}
	s.samples = strings.NewReplacer("{key}", "%2Fv%2Fx", "{peer}", s.b.node.ID().String(), "{target}", "%2Fv%2Fx", "{protocol}", "%2Fecho", "{name}", "n")
	s.contract = newContract(t, s.contractText(t))
	return s
}

func (s *stage) contractText(t *testing.T) string {
	t.Helper()
	return s.a.send("GET", "/v1/openapi.json", "").is(t, 200).body
}

// forms are the targets of a route: with the key in the path, and as ?key64=.
func (s *stage) forms(r *Route) []string {
	target := s.samples.Replace(r.Pattern)
	switch {
	case r.Pattern == "/v1/peers/{peer}/supports":
		target = "/v1/peers/" + nobody + "/supports?protocol=/echo"
	case !r.key64():
	default:
		return []string{target, target[:strings.LastIndex(target, "/")] + "?key64=L3YveA"}
	}
	return []string{target}
}

func with(target, parameter string) string {
	if strings.Contains(target, "?") {
		return target + "&" + parameter
	}
	return target + "?" + parameter
}

// Every handler does what the description says: each route is asked for every status that
// it declares and a request can provoke, and no answer has a status, header, media type or
// member that is not described.
func TestHandlersKeepToTheDescription(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	c := s.contract
	leave := s.watch(t)
	s.well()
	s.refused()
	s.wrong()
	for i := range Routes() {
		r := &Routes()[i]
		for _, target := range s.forms(r) {
			s.everyRoute(r, target)
		}
	}
	leave()
	s.full(t)
	s.alone(t)
	for path, item := range c.doc.Paths.Map() {
		for method, o := range item.Operations() {
			for status, response := range o.Responses.Map() {
				name := fmt.Sprintf("%s %s %s", method, path, status)
				if c.seen[name] {
					for header := range response.Value.Headers {
						if !c.headers[name+" "+http.CanonicalHeaderKey(header)] && header != "Retry-After" && header != "Kad-Suspect" { // TestSuspectHeader has the latter
							t.Errorf("%s: no answer had the header %s", name, header)
						}
					}
					continue
				}
				if neverProvoked[status] == "" && neverProvoked[name] == "" {
					t.Errorf("%s: described, and never answered", name)
				}
			}
		}
	}
	for name := range neverProvoked {
		if c.seen[name] {
			t.Errorf("%s was provoked after all", name)
		}
	}
}

// well asks for what succeeds.
func (s *stage) well() {
	id, echo := s.b.node.ID().String(), "/v1/messages/"+s.b.node.ID().String()+"/%2Fecho"
	signed := "/sig/" + s.a.node.ID().String() + "/n"
	json := []string{"Accept", "application/json"}
	for _, a := range []ask{
		{201, "PUT", "/v1/values/%2Fv%2Fx", "one", nil},
		{200, "PUT", "/v1/values/%2Fv%2Fx?ttl=2h&seq=5&timeout=20s", "two", nil},
		{200, "PUT", "/v1/values/%2Fv%2Fx?once&trace&node=0", "\xff", []string{"If-Match", `"5"`}},
		{201, "PUT", "/v1/values?key64=L3YvAP8", "bytes", []string{"If-None-Match", "*"}},
		{200, "PUT", "/v1/values?key64=L3YvAP8", "bytes", nil},
		{200, "GET", "/v1/values/%2Fv%2Fx?quorum=2", "", nil},
		{200, "GET", "/v1/values?key64=L3YveA&quorum=2", "", nil},
		{200, "GET", "/v1/values/%2Fv%2Fx?fresh", "", nil},
		{200, "GET", "/v1/values/%2Fv%2Fx?quorum=2&trace", "", json},
		{200, "GET", "/v1/values?key64=L3YvAP8", "", json},
		{200, "GET", "/v1/values?key64=L3YvAP8", "", nil},
		{304, "GET", "/v1/values?key64=L3YveA==", "", []string{"If-None-Match", "*"}},
		{304, "GET", "/v1/values/%2Fv%2Fx", "", []string{"If-None-Match", "*"}},
		{200, "GET", "/v1/peers", "", nil},
		{200, "GET", "/v1/peers/" + id + "?trace", "", nil},
		{200, "GET", "/v1/peers/" + id + "?local", "", nil},
		{200, "GET", "/v1/peers/" + id + "/supports?protocol=/echo&protocol=/none", "", nil},
		{201, "PUT", "/v1/peers/" + id + "/notes/n", "note", nil},
		{204, "PUT", "/v1/peers/" + id + "/notes/n", "note", nil},
		{201, "PUT", "/v1/peers/" + id + "/notes/binary", "\xff", nil},
		{200, "GET", "/v1/peers", "", nil},
		{200, "GET", "/v1/peers/" + id + "/notes", "", nil},
		{200, "GET", "/v1/peers/" + id + "/notes/n", "", nil},
		{204, "DELETE", "/v1/peers/" + id + "/notes/n", "", nil},
		{200, "POST", "/v1/peers/" + id + "/ping?protocols", "", nil},
		{200, "GET", "/v1/closest/%2Fv%2Fx?trace=true", "", nil},
		{200, "GET", "/v1/closest?key64=L3YveA", "", nil},
		{201, "PUT", "/v1/providers/cats", "", nil},
		{200, "PUT", "/v1/providers/cats", "", nil},
		{200, "GET", "/v1/providers/cats?max=1", "", nil},
		{200, "GET", "/v1/providers?key64=Y2F0cw", "", nil},
		{200, "GET", "/v1/published", "", nil},
		{200, "GET", "/v1/held?max=10", "", nil},
		{200, "DELETE", "/v1/providers/cats", "", nil},
		{201, "PUT", "/v1/providers?key64=Y2F0cw", "", nil},
		{200, "PUT", "/v1/providers?key64=Y2F0cw", "", nil},
		{200, "DELETE", "/v1/providers?key64=Y2F0cw", "", nil},
		{201, "PUT", "/v1/values/" + segment(signed), "mine", nil},
		{200, "GET", "/v1/values/" + segment(signed), "", nil},
		{200, "GET", "/v1/values?key64=" + encodeKey64(signed), "", nil},
		{200, "DELETE", "/v1/published/" + segment(signed), "", nil},
		{200, "DELETE", "/v1/published?key64=L3YvAP8", "", nil},
		{200, "POST", echo, "hi", nil},
		{200, "POST", echo, "", json},
		{200, "GET", "/v1/table", "", nil},
		{200, "GET", "/v1/stats", "", nil},
		{200, "GET", "/v1/tasks", "", nil},
		{200, "GET", "/v1/nodes", "", nil},
		{200, "GET", "/v1/openapi.json", "", nil},
		{200, "GET", "/v1/values/%2Fv%2Fx?trace=sse", "", nil},
		{200, "GET", "/v1/values/%2Fv%2Fnone?trace=sse", "", nil},
		{200, "PUT", "/v1/values/%2Fv%2Fx?trace=sse", "three", nil},
		{200, "GET", "/v1/closest/%2Fv%2Fx?trace", "", []string{"Accept", eventStream}},
		{200, "GET", "/v1/peers/" + id + "?trace=sse", "", nil},
		{200, "POST", "/v1/peers/" + id + "/ping?trace=sse", "", nil},
		{200, "POST", echo + "?trace=sse", "hi", nil},
	} {
		s.contract.holds(s.tcp, a)
	}
	s.contract.holds(s.local, ask{200, "GET", "/v1/page", "", nil})
}

// watch reads all events until the returned function is called, which checks them.
func (s *stage) watch(t *testing.T) (leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	a := ask{200, "GET", "/v1/events?protocol=/copied", "", nil}
	r, response, err := s.tcp.send(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	read, told := make(chan []byte), make(chan struct{})
	go func() {
		var b []byte
		for lines := bufio.NewReader(response.Body); ; {
			line, err := lines.ReadBytes('\n')
			if b = append(b, line...); err != nil { // the context has ended
				read <- b
				return
			}
			if string(line) == "event: message\n" {
				close(told)
			}
		}
	}()
	return func() {
		t.Helper()
		s.b.send("PUT", "/v1/values/%2Fv%2Fb", "value").is(t, 201)
		s.b.send("POST", "/v1/messages/"+s.a.node.ID().String()+"/%2Fcopied", "hello").is(t, 404)
		select {
		case <-told:
		case <-time.After(patience):
			t.Error("no event of a message")
		}
		cancel()
		b := <-read
		response.Body.Close()
		whole := string(b[:strings.LastIndex(string(b), "\n\n")+2])
		s.contract.check(r.WithContext(t.Context()), a, response, []byte(whole))
		for _, kind := range []string{"record stored", "lookup step"} {
			if !strings.Contains(whole, "event: "+kind) {
				t.Errorf("no event of kind %s", kind)
			}
		}
	}
}

// refused asks for what cannot be done.
func (s *stage) refused() {
	id := s.b.node.ID().String()
	for _, a := range []ask{
		{409, "PUT", "/v1/values/%2Fv%2Fx?seq=1", "old", nil},
		{409, "PUT", "/v1/values?key64=L3YveA&seq=1", "old", nil},
		{412, "PUT", "/v1/values/%2Fv%2Fx", "new", []string{"If-None-Match", "*"}},
		{412, "PUT", "/v1/values?key64=L3YveA", "new", []string{"If-Match", `"99-0123456789abcdef"`}},
		{412, "GET", "/v1/values/%2Fv%2Fx", "", []string{"If-Match", `"99"`}},
		{412, "GET", "/v1/values?key64=L3YveA", "", []string{"If-Match", `W/"1"`}},
		{422, "PUT", "/v1/values/x", "y", nil},
		{422, "PUT", "/v1/values?key64=eA", "y", nil},
		{422, "GET", "/v1/values/x", "", nil},
		{422, "GET", "/v1/values?key64=eA", "", nil},
		{404, "GET", "/v1/values/%2Fv%2Fnone?trace", "", nil},
		{404, "GET", "/v1/values?key64=L3Yvbm9uZQ", "", nil},
		{404, "GET", "/v1/peers/" + nobody, "", nil},
		{404, "GET", "/v1/peers/" + nobody + "?local", "", nil},
		{404, "POST", "/v1/peers/" + nobody + "/ping", "", nil},
		{404, "GET", "/v1/peers/" + nobody + "/supports?protocol=/echo", "", nil},
		{404, "GET", "/v1/peers/" + id + "/notes/none", "", nil},
		{422, "PUT", "/v1/peers/" + id + "/notes/" + strings.Repeat("n", 300), "x", nil},
		{422, "DELETE", "/v1/peers/" + id + "/notes/" + strings.Repeat("n", 300), "", nil},
		{404, "GET", "/v1/providers/none", "", nil},
		{404, "GET", "/v1/providers?key64=bm9uZQ", "", nil},
		{404, "DELETE", "/v1/providers/none", "", nil},
		{404, "DELETE", "/v1/providers?key64=bm9uZQ", "", nil},
		{404, "DELETE", "/v1/published/none", "", nil},
		{404, "DELETE", "/v1/published?key64=bm9uZQ", "", nil},
		{404, "POST", "/v1/messages/" + id + "/%2Fnone", "x", nil},
		{502, "POST", "/v1/messages/" + id + "/%2Ffails", "x", nil},
		{413, "POST", "/v1/messages/" + id + "/%2Fecho", strings.Repeat("x", 1025), nil},
		{413, "PUT", "/v1/values/%2Fv%2Fx", strings.Repeat("x", maxBody+1), nil},
		{413, "PUT", "/v1/values?key64=L3YveA", strings.Repeat("x", 1001), nil},
		{413, "PUT", "/v1/peers/" + id + "/notes/n", strings.Repeat("x", maxBody+1), nil},
	} {
		s.contract.holds(s.tcp, a)
	}
	s.contract.holds(party{client: s.b.http, origin: "http://kad"}, ask{404, "GET", "/v1/page", "", nil})
	for i := range peerbook.MaxNotesPerPeer {
		_ = s.a.node.SetNote(s.contract.t.Context(), s.b.node.ID(), fmt.Sprint(i), []byte("x")) // the last finds no room
	}
	s.contract.holds(s.tcp, ask{507, "PUT", "/v1/peers/" + id + "/notes/more", "x", nil})
	long := strings.Repeat("x", 513)
	for _, a := range []ask{
		{413, "GET", "/v1/values/", "", nil}, {413, "GET", "/v1/closest/", "", nil}, {413, "GET", "/v1/providers/", "", nil},
		{413, "PUT", "/v1/providers/", "", nil}, {413, "DELETE", "/v1/providers/", "", nil}, {413, "DELETE", "/v1/published/", "", nil},
	} {
		resource := strings.TrimSuffix(a.target, "/")
		a.target = resource + "/" + long
		s.contract.holds(s.tcp, a)
		a.target = resource + "?key64=" + encodeKey64(long)
		s.contract.holds(s.tcp, a)
	}
}

// wrong asks for what no peer can be.
func (s *stage) wrong() {
	for _, a := range []ask{
		{400, "GET", "/v1/peers/nobody", "", nil},
		{400, "GET", "/v1/peers/nobody/notes", "", nil},
		{400, "POST", "/v1/peers/nowhere:0/ping", "", nil},
		{400, "GET", "/v1/events?kinds=weather", "", nil},
		{504, "POST", "/v1/peers/127.0.0.1:1/ping", "", nil},
	} {
		s.contract.holds(s.tcp, a)
	}
}

// everyRoute asks a route for what each refuses.
func (s *stage) everyRoute(r *Route, target string) {
	c, body := s.contract, ""
	if r.Access == OnHost {
		c.holds(s.local, ask{400, r.Method, with(target, "nonsense"), "", nil})
		c.holds(s.local, ask{406, r.Method, target, "", []string{"Accept", "image/png"}})
		return
	}
	if r.Body != "" {
		body = "x"
	}
	c.holds(s.tcp, ask{400, r.Method, with(target, "nonsense"), body, nil})
	if len(r.offers) > 0 {
		c.holds(s.tcp, ask{406, r.Method, target, body, []string{"Accept", "image/png"}})
	}
	c.holds(s.tcp, ask{403, r.Method, target, body, []string{"Origin", "http://evil.example"}})
	c.holds(s.tcp, ask{421, r.Method, target, body, []string{"Host", "evil.example"}})
	stranger := s.tcp
	stranger.token = ""
	if r.Access == Public {
		c.holds(stranger, ask{200, r.Method, target, body, nil})
	} else {
		c.holds(stranger, ask{401, r.Method, target, body, nil})
	}
	switch {
	case r.asks("quorum"): // what is held here needs no time otherwise
		c.holds(s.tcp, ask{504, r.Method, with(target, "quorum=2&timeout=1ns"), body, nil})
	case r.asks("timeout"):
		c.holds(s.tcp, ask{504, r.Method, with(target, "timeout=1ns"), body, nil})
	}
	if r.Access == Open {
		c.refuses(s.open, ask{429, r.Method, target, "", nil})
	}
}

func (r *Route) asks(name string) bool {
	for _, p := range r.Params {
		if p.Name == name {
			return true
		}
	}
	return false
}

// full asks for a stream where all places for streams are taken.
func (s *stage) full(t *testing.T) {
	t.Helper()
	for range maxStreams {
		s.a.server.streams <- struct{}{}
	}
	for i := range Routes() {
		r := &Routes()[i]
		for _, target := range s.forms(r) {
			if r.traced() {
				s.contract.holds(s.tcp, ask{429, r.Method, with(target, "trace=sse"), "", nil})
			}
		}
	}
	s.contract.holds(s.tcp, ask{429, "GET", "/v1/events", "", nil})
	for range maxScrapes {
		s.a.server.scrapes <- struct{}{}
	}
	s.contract.holds(s.tcp, ask{429, "GET", "/metrics", "", nil})
	for range maxScrapes {
		<-s.a.server.scrapes
	}
	for range maxStreams {
		<-s.a.server.streams
	}
}

// alone asks a node that knows nobody, one that nobody answers, and one that has ended.
func (s *stage) alone(t *testing.T) {
	t.Helper()
	id := s.b.node.ID().String()
	for _, a := range []ask{
		{503, "GET", "/v1/closest/%2Fv%2Fx", "", nil},
		{503, "GET", "/v1/peers/" + id, "", nil},
		{503, "POST", "/v1/peers/" + id + "/ping", "", nil},
		{503, "POST", "/v1/messages/" + id + "/%2Fecho", "", nil},
	} {
		s.contract.holds(s.lonelyTCP, a)
	}
	s.cut(t)
}

// cut asks a node whom nobody answers any more, in virtual time.
func (s *stage) cut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, network := inMemory(t, 2)
		c, stop := NewServer(nil, nodes[1]).Local(t.Context())
		defer stop()
		defer c.Close()
		network.Partition(func(netip.Addr, netip.Addr) bool { return true })
		contract, cut := *s.contract, party{client: c.http, origin: "http://kad"}
		contract.t = t
		for _, a := range []ask{
			{202, "PUT", "/v1/values/%2Fv%2Fcut?local", "x", nil},
			{202, "PUT", "/v1/values?key64=L3YvY3V0&local", "x", nil},
			{202, "PUT", "/v1/providers/cut?local", "", nil},
			{202, "PUT", "/v1/providers?key64=L3YvY3V0&local", "", nil},
			{504, "PUT", "/v1/values/%2Fv%2Fcut", "x", nil},
			{504, "GET", "/v1/closest/%2Fv%2Fx", "", nil},
			{200, "GET", "/v1/published", "", nil},
			{200, "GET", "/v1/stats", "", nil},
		} {
			contract.holds(cut, a)
		}
	})
}
