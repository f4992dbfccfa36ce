package api

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kadmium"
)

// A guarded is a node that is served over TCP.
type guarded struct {
	*served
	addr  string
	token string
}

// serveTCP serves a node at a port of 127.0.0.1.
func serveTCP(t *testing.T, cfg TCPConfig) *guarded {
	t.Helper()
	s := serve(t)
	l, err := ListenTCP("0", cfg.TLS != nil, false)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Token = NewToken()
	t.Cleanup(s.server.ServeTCP(l, cfg))
	return &guarded{s, l.Addr().String(), cfg.Token.Secret()}
}

// raw sends bytes, in which ADDR is the server's address and TOKEN its token, and reads to
// the end.
func (g *guarded) raw(request string) string {
	g.t.Helper()
	c, err := net.Dial("tcp", g.addr)
	if err != nil {
		g.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, strings.NewReplacer("ADDR", g.addr, "TOKEN", g.token, "%%REST", fmt.Sprintf("%%%02x%s", g.token[0], g.token[1:])).Replace(request)); err != nil {
		g.t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		g.t.Fatalf("%.80q: %v after %q", request, err, b)
	}
	return string(b)
}

// checkHeaders checks what every answer on TCP has, and what none has.
func checkHeaders(t *testing.T, name string, h http.Header) {
	t.Helper()
	for name2, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if got := h.Values(name2); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %s %q, want %q", name, name2, got, want)
		}
	}
	if got := h.Values("Content-Security-Policy"); !slices.Equal(got, []string{inertPolicy, framesPolicy}) {
		t.Errorf("%s: policies %q", name, got)
	}
	for header := range h {
		if strings.HasPrefix(header, "Access-Control-") || header == "Set-Cookie" {
			t.Errorf("%s: it has %s", name, header)
		}
	}
	if h.Get("Content-Type") == "application/octet-stream" && h.Get("Content-Disposition") != "attachment" {
		t.Errorf("%s: bytes, and no attachment", name)
	}
}

const authorized = "Authorization: Bearer TOKEN\r\n"

// What a browser can be led to send, and what a stranger sends, is refused; what the page,
// an operator and a typed address send is served.
func TestAttacks(t *testing.T) {
	t.Parallel()
	g := serveTCP(t, TCPConfig{Hosts: []string{"kad.example"}, Open: true})
	g.send("PUT", "/v1/values/%2Fv%2Fx", "value").is(t, 201)
	const value = "GET /v1/values/%2Fv%2Fx"
	for _, c := range []struct {
		what, line, headers string
		status              int
		says                string
	}{
		{"the operator", "GET /v1/stats", "Host: ADDR\r\n" + authorized, 200, `"peer"`},
		{"the page", "GET /v1/stats", "Host: ADDR\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://ADDR\r\n" + authorized, 200, `"peer"`},
		{"the page, by name", "PUT /v1/values/%2Fv%2Fy", "Host: kad.example:80\r\nOrigin: http://KAD.example\r\nContent-Length: 0\r\n" + authorized, 201, `"sequence"`},
		{"an address that was typed", value, "Host: localhost\r\nSec-Fetch-Site: none\r\n", 200, "value"},
		{"anybody", value, "Host: [::1]:80\r\n", 200, "value"},
		{"another scheme word", "GET /v1/stats", "Host: ADDR\r\nauthorization: bearer TOKEN\r\n", 200, `"peer"`},

		{"a stranger", "GET /v1/stats", "Host: ADDR\r\n", 401, "/problems/no-token"},
		{"a stranger's put", "PUT /v1/values/%2Fv%2Fx", "Host: ADDR\r\nContent-Length: 1\r\n\r\ny", 401, "/problems/no-token"},
		{"a stranger's put of much", "PUT /v1/values/%2Fv%2Fx", "Host: ADDR\r\nContent-Length: 1000000\r\n", 401, "/problems/no-token"},
		{"a stranger's stream", value + "?trace=sse", "Host: ADDR\r\n", 401, "/problems/no-token"},
		{"a stranger's look into the book", "GET /v1/peers/" + g.node.ID().String() + "?local", "Host: ADDR\r\n", 401, "/problems/no-token"},
		{"a stranger, where nothing is", "GET /v1/nothing", "Host: ADDR\r\n", 401, "/problems/no-token"},
		{"a wrong token", value, "Host: ADDR\r\nAuthorization: Bearer TOKEN0\r\n", 401, "/problems/no-token"},
		{"an empty token", "GET /v1/stats", "Host: ADDR\r\nAuthorization: Bearer \r\n", 401, "/problems/no-token"},
		{"another scheme", "GET /v1/stats", "Host: ADDR\r\nAuthorization: Basic TOKEN\r\n", 401, "/problems/no-token"},
		{"two tokens", "GET /v1/stats", "Host: ADDR\r\n" + authorized + "Authorization: Bearer x\r\n", 401, "/problems/no-token"},
		{"the token in a cookie", "GET /v1/stats", "Host: ADDR\r\nCookie: token=TOKEN\r\n", 401, "/problems/no-token"},
		{"the token in a query", "GET /v1/stats?token=TOKEN", "Host: ADDR\r\n", 400, "/problems/token-in-url"},
		{"the token in a query, escaped", "GET /v1/stats?x=%%REST", "Host: ADDR\r\n", 400, "/problems/token-in-url"},
		{"the token in a path, escaped", "GET /v1/values/%2Fv%2F%%REST", "Host: ADDR\r\n", 400, "/problems/token-in-url"},
		{"the token in a query, with it", "GET /v1/stats?token=TOKEN", "Host: ADDR\r\n" + authorized, 400, "/problems/token-in-url"},
		{"the token as a key", "GET /v1/values/%2Fv%2FTOKEN", "Host: ADDR\r\n", 400, "/problems/token-in-url"},
		{"the token in a bad query", "GET /v1/stats?%zz=TOKEN", "Host: ADDR\r\n" + authorized, 400, "/problems/token-in-url"},

		{"a put from another site", "PUT /v1/values/%2Fv%2Fx", "Host: ADDR\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\n" + authorized, 403, "/problems/wrong-origin"},
		{"a get from another site", value, "Host: ADDR\r\nSec-Fetch-Site: cross-site\r\n", 403, "/problems/wrong-origin"},
		{"a get from another port", value, "Host: ADDR\r\nSec-Fetch-Site: same-site\r\n", 403, "/problems/wrong-origin"},
		{"a get from another port, with its origin", value, "Host: ADDR\r\nOrigin: http://127.0.0.1:1\r\n", 403, "/problems/wrong-origin"},
		{"a post without a site", "POST /v1/peers/x/ping", "Host: ADDR\r\nSec-Fetch-Site: none\r\n" + authorized, 403, "/problems/wrong-origin"},
		{"an opaque origin", value, "Host: ADDR\r\nOrigin: null\r\n", 403, "/problems/wrong-origin"},
		{"another scheme's origin", value, "Host: ADDR\r\nOrigin: https://ADDR\r\n", 403, "/problems/wrong-origin"},
		{"two origins", value, "Host: ADDR\r\nOrigin: http://ADDR\r\nOrigin: http://evil.example\r\n", 403, "/problems/wrong-origin"},
		{"two sites", value, "Host: ADDR\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n", 403, "/problems/wrong-origin"},
		{"a question for CORS", "OPTIONS /v1/values/%2Fv%2Fx", "Host: ADDR\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: PUT\r\n", 403, "/problems/wrong-origin"},
		{"a question of everything", "OPTIONS *", "Host: ADDR\r\n", 401, "/problems/no-token"},

		{"DNS rebinding", value, "Host: evil.example\r\n", 421, "/problems/wrong-host"},
		{"DNS rebinding, with the token", value, "Host: evil.example\r\n" + authorized, 421, "/problems/wrong-host"},
		{"DNS rebinding, same origin", value, "Host: evil.example\r\nOrigin: http://evil.example\r\nSec-Fetch-Site: same-origin\r\n", 421, "/problems/wrong-host"},
		{"another name below ours", value, "Host: x.kad.example\r\n", 421, "/problems/wrong-host"},
		{"a name like an IP", value, "Host: 127.0.0.1.evil.example\r\n", 421, "/problems/wrong-host"},
		{"localhost as a part", value, "Host: localhost.evil.example\r\n", 421, "/problems/wrong-host"},
		{"an IP with a zone", value, "Host: [fe80::1%25eth0]\r\n", 421, "/problems/wrong-host"},
		{"no name", value, "Host: \r\n", 421, "/problems/wrong-host"},
		{"a port that is none", value, "Host: localhost:x\r\n", 421, "/problems/wrong-host"},
		{"a target that names another host", "GET http://evil.example/v1/values/%2Fv%2Fx", "Host: ADDR\r\n", 421, "/problems/wrong-host"},

		{"dots", "GET /v1/values/../stats", "Host: ADDR\r\n", 401, "/problems/no-token"},
		{"escaped dots", "GET /v1/values/%2e%2e/stats", "Host: ADDR\r\n", 401, "/problems/no-token"},
		{"an escaped resource", "GET /%76%31/stats", "Host: ADDR\r\n", 401, "/problems/no-token"},
		{"slashes", "GET //v1/stats", "Host: ADDR\r\n", 401, "/problems/no-token"},
		{"the token's own resource", "GET /v1/page", "Host: ADDR\r\n" + authorized, 404, "/problems/no-such-resource"},
	} {
		request := c.line + " HTTP/1.1\r\nConnection: close\r\n" + c.headers
		if !strings.Contains(c.headers, "\r\n\r\n") {
			request += "\r\n"
		}
		answer := g.raw(request)
		if !strings.HasPrefix(answer, fmt.Sprintf("HTTP/1.1 %d ", c.status)) || !strings.Contains(answer, c.says) {
			t.Errorf("%s: want %d and %s, got %s", c.what, c.status, c.says, answer)
			continue
		}
		if strings.Contains(answer, g.token) {
			t.Errorf("%s: the token is in the answer: %s", c.what, answer)
		}
		response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
		if err != nil {
			t.Fatal(err)
		}
		checkHeaders(t, c.what, response.Header)
	}
	for name, least := range map[string]uint64{"http.refused.host": 10, "http.refused.origin": 10, "http.refused.token": 15} {
		if got := g.server.Counters()[name]; got < least {
			t.Errorf("%s is %d, want at least %d", name, got, least)
		}
	}
}

// Without Open nobody reads anything without the token, and no route is forgotten.
func TestEveryRouteNeedsTheToken(t *testing.T) {
	t.Parallel()
	g := serveTCP(t, TCPConfig{})
	for _, r := range Routes() {
		answer := g.raw(r.Method + " " + strings.NewReplacer("{", "", "}", "").Replace(r.Pattern) + " HTTP/1.1\r\nHost: ADDR\r\nConnection: close\r\n\r\n")
		want := "HTTP/1.1 401 "
		if r.Access == Public {
			want = "HTTP/1.1 2"
		}
		if !strings.HasPrefix(answer, want) {
			t.Errorf("%s %s: %s", r.Method, r.Pattern, answer)
		}
	}
}

// Anybody's reads are limited by their network and together; who has the token is not.
func TestOpenReadsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, _ := inMemory(t, 1)
		if _, err := nodes[0].Put(t.Context(), "/v/x", []byte("value"), kadmium.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		s, l, token := NewServer(nil, nodes...), newPipes(), NewToken()
		defer s.ServeTCP(l, TCPConfig{Token: token, Open: true})()
		c := NewClient(l.dial)
		defer c.Close()
		get := func(header ...string) exchanged {
			return (&served{t: t, http: c.http, host: "localhost"}).send("GET", "/v1/values/%2Fv%2Fx", "", header...)
		}
		for range openBurst {
			get().is(t, 200, "value")
		}
		if e := get().is(t, 429, "/problems/busy"); e.Header.Get("Retry-After") != "1" {
			t.Errorf("refused with %v", e.Header)
		}
		get("Authorization", "Bearer "+token.Secret()).is(t, 200, "value")
		time.Sleep(time.Second)
		for range openRate {
			get().is(t, 200)
		}
		get().is(t, 429)
		if got := s.Counters()["http.refused.rate"]; got != 2 {
			t.Errorf("%d counted", got)
		}

		get("Authorization", "Bearer "+token.Secret()).is(t, 200)

		o := newOpenReads(new(refusals))
		if _, err := o.begin(&http.Request{RemoteAddr: "20.2.0.1:1", ContentLength: 1}); err == nil {
			t.Error("a read waits for a body")
		}
		var ends []func()
		for range openShare {
			end, err := o.begin(&http.Request{RemoteAddr: "20.2.0.1:1"})
			if err != nil {
				t.Fatal(err)
			}
			ends = append(ends, end)
		}
		if _, err := o.begin(&http.Request{RemoteAddr: "20.2.0.1:1"}); err == nil {
			t.Error("one netgroup has more than its share of the places")
		}
		for _, end := range ends {
			end()
		}
		for i := range openAtOnce {
			if _, err := o.begin(&http.Request{RemoteAddr: fmt.Sprintf("20.0.%d.1:1", i)}); err != nil {
				t.Fatal(i, err)
			}
		}
		if _, err := o.begin(&http.Request{RemoteAddr: "20.1.0.1:1"}); err == nil {
			t.Error("one more read than there is room for")
		}
	})
}

// Whoever shares a network shares its limit; at local addresses each host has its own.
func TestGroupsOfClients(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"20.0.0.1:1", "20.0.0.2:2", true}, {"20.0.0.1:1", "20.0.1.1:1", false},
		{"[2a01::1]:1", "[2a01:0:0:ffff::1]:1", true}, {"[2a01::1]:1", "[2a01:0:1::1]:1", false},
		{"192.168.0.1:1", "192.168.0.2:1", false}, {"127.0.0.1:1", "127.0.0.1:2", true},
	} {
		if (groupOf(c.a) == groupOf(c.b)) != c.same {
			t.Errorf("%s and %s: %v, %v", c.a, c.b, groupOf(c.a), groupOf(c.b))
		}
	}
}

// A body that does not come, or does not end, costs a connection for 10 s at most.
func TestSlowBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, _ := inMemory(t, 1)
		s, l, token := NewServer(nil, nodes...), newPipes(), NewToken()
		defer s.ServeTCP(l, TCPConfig{Token: token})()
		for _, c := range []struct {
			what, request string
			status        string
			least, most   time.Duration
		}{
			{"a header that does not end", "GET /v1/stats HTTP/1.1\r\nHost: localhost\r\nX: ", "", headerTime, headerTime + time.Second},
			{"a stranger's body", "PUT /v1/values/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n", "HTTP/1.1 401", 0, time.Second},
			{"a stranger's endless body", "PUT /v1/values/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 401", 0, time.Second},
			{"a body", "PUT /v1/values/%2Fv%2Fx HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token.Secret() + "\r\nContent-Length: 1000\r\n\r\n", "HTTP/1.1 400", bodyTime, bodyTime + time.Second},
			{"a body that nobody reads", "GET /v1/table HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token.Secret() + "\r\nContent-Length: 1000\r\n\r\n", "HTTP/1.1 400", bodyTime, bodyTime + time.Second},
		} {
			conn, err := l.dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			var slow sync.WaitGroup
			slow.Go(func() {
				_, _ = io.WriteString(conn, c.request)
				for {
					time.Sleep(100 * time.Millisecond)
					if _, err := io.WriteString(conn, "1"); err != nil {
						return
					}
				}
			})
			b, _ := io.ReadAll(conn)
			conn.Close()
			slow.Wait()
			if took := time.Since(began); took < c.least || took > c.most || !strings.HasPrefix(string(b), c.status) {
				t.Errorf("%s: %q after %s", c.what, b, took)
			}
		}
	})
}

// What clients are told over TCP names no file; over the unix socket it does.
func TestNoFileOverTCP(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}, Mode: kadmium.Server, DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	if err := os.Remove(filepath.Join(dir, "kadmium.db")); err != nil {
		t.Fatal(err)
	}
	_, failed := n.Put(t.Context(), "/v/x", nil, kadmium.PutOptions{})
	s := NewServer(nil, n)
	for _, err := range []error{
		failed, fmt.Errorf("%w: %w", kadmium.ErrClosed, failed), &os.PathError{Op: "open", Path: dir, Err: os.ErrPermission},
		fmt.Errorf("%w: %w", kadmium.ErrNotStored, failed), fmt.Errorf("something in %s", dir),
	} {
		if p := s.problemOf(err); !strings.Contains(p.Detail, dir) {
			t.Errorf("the operator is told %q", p.Detail)
		}
		c := &call{server: s, guard: &guard{}}
		if p := c.problemOf(err); strings.Contains(p.Detail+p.Next+p.Title, dir) || p.Detail == "" {
			t.Errorf("over TCP: %+v", p)
		}
	}
}

// With a certificate it is HTTPS, and HTTP/2 has the same guards.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	pair, roots := certificate(t)
	g := serveTCP(t, TCPConfig{TLS: &pair})
	for _, both := range []bool{true, false} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: both}}
		defer client.CloseIdleConnections()
		for _, c := range []struct {
			host, origin, token string
			status              int
		}{
			{"", "https://" + g.addr, g.token, 200}, {"", "", g.token, 200}, {"", "http://" + g.addr, g.token, 403}, {"evil.example", "", g.token, 421}, {"", "", "x", 401},
		} {
			r, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+g.addr+"/v1/table", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = c.host
			r.Header.Set("Authorization", "Bearer "+c.token)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			response, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != c.status || (response.ProtoMajor == 2) != both {
				t.Errorf("%+v over HTTP/2 %t: %s %s", c, both, response.Proto, response.Status)
			}
			checkHeaders(t, "HTTPS", response.Header)
		}
	}
	if !strings.HasPrefix(g.server.URL(), "https://127.0.0.1:") {
		t.Errorf("the page is at %s", g.server.URL())
	}
}

// The page is for anybody who comes by a name of the node's, and in nobody's frame.
func TestPageOverTCP(t *testing.T) {
	t.Parallel()
	g := serveTCP(t, TCPConfig{})
	for _, c := range []struct {
		line, headers string
		status        int
	}{
		{"GET /", "Host: ADDR\r\n", 200},
		{"GET /", "Host: ADDR\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n", 200}, // a link leads here
		{"GET /page/node.js", "Host: localhost\r\n", 200},
		{"GET /page/none.js", "Host: localhost\r\n", 404},
		{"GET /", "Host: evil.example\r\n", 421},
		{"GET /page/node.js", "Host: ADDR\r\nOrigin: http://evil.example\r\n", 403},
		{"GET /?token=TOKEN", "Host: ADDR\r\n", 400},
	} {
		answer := g.raw(c.line + " HTTP/1.1\r\nConnection: close\r\n" + c.headers + "\r\n")
		response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
		if err != nil {
			t.Fatal(err)
		}
		h := response.Header
		if response.StatusCode != c.status || !strings.Contains(strings.Join(h.Values("Content-Security-Policy"), ";"), framesPolicy) ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" ||
			strings.Contains(answer, g.token) {
			t.Errorf("%s %q: want %d, got %s", c.line, c.headers, c.status, answer)
		}
	}
}
