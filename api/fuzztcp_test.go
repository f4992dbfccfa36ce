package api

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"kadmium"
	"kadmium/transport/memnet"
)

// fuzzToken stands for the token in requests, in which its place is written TOKEN.
const fuzzToken = "fuzz-fuzz-fuzz-fuzz-fuzz-fuzz-fuzz-fuzz-fuz"

// Whatever comes over TCP, no handler panics, nothing that came from the network is answered
// without the headers that keep a browser from running it, nobody is told the token, and
// without it nobody gets more than the page and what is open.
func FuzzRequestOverTCP(f *testing.F) {
	for _, request := range []string{
		"GET /v1/values/%2Fv%2Fx HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"HEAD /v1/values?key64=L3YveA HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\n\r\n",
		"GET /v1/values/%2Fv%2Fx?trace=sse HTTP/1.1\r\nHost: [::1]:80\r\nAuthorization: Bearer TOKEN\r\n\r\n",
		"POST /v1/messages/SELF/%2Fecho HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 8\r\n\r\n<script>",
		"PUT /v1/values/%2Fv%2Fx HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nSec-Fetch-Site: same-origin\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 1\r\n\r\nx",
		"GET /v1/stats?token=TOKEN HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /v1/stats HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic TOKEN\r\n\r\n",
		"GET /v1/page HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer TOKEN\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=0-3,5-9\r\n\r\n", "GET /page/../v1/stats HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /v1/values/../stats HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /%76%31/stats HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET http://evil.example/v1/stats HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"PUT /v1/values/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"GET /v1/table HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\nCookie: token=TOKEN\r\nAuthorization: Bearer TOKEN\r\n\r\n",
	} {
		f.Add([]byte(request))
	}
	n := heldNode(f)
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }}
	names := strings.NewReplacer("TOKEN", fuzzToken, "SELF", n.ID().String())
	f.Fuzz(func(t *testing.T, text []byte) {
		request := []byte(names.Replace(string(text)))
		if strings.Contains(strings.ReplaceAll(string(text), "TOKEN", ""), "fuzz") {
			return // it may put the token together, and a key of the node's may then have it
		}
		var log bytes.Buffer
		s, l := NewServer(slog.New(slog.NewTextHandler(&log, nil)), n), newPipes()
		stop := s.ServeTCP(l, TCPConfig{Token: tokenOf(fuzzToken), Open: true})
		c, err := l.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(20 * time.Millisecond)) // for those that wait for more of a body, or for events
		go func() {
			_, _ = c.Write(request)
			_, _ = c.Write([]byte("\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
		}()
		answers := bufio.NewReader(c)
		for {
			response, err := http.ReadResponse(answers, nil)
			if err != nil {
				break
			}
			body, err := io.ReadAll(response.Body)
			checkFuzzed(t, request, response, body)
			if err != nil {
				break
			}
		}
		c.Close()
		stop()
		if strings.Contains(log.String(), "panic") || strings.Contains(log.String(), fuzzToken) {
			t.Errorf("%q: %s", request, &log)
		}
	})
}

// heldNode is a node in memory, which holds a value, is served, and echoes messages.
func heldNode(f *testing.F) *kadmium.Node {
	f.Helper()
	network := memnet.New(1, memnet.Conditions{})
	n, err := kadmium.New(kadmium.Config{
		Listen: []string{"20.0.0.1:4100"}, Mode: kadmium.Server,
		ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return network.Listen(at) },
		Handlers:     map[string]kadmium.Handler{"/echo": func(_ context.Context, m kadmium.Message) ([]byte, error) { return m.Payload, nil }},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { n.Close() })
	if _, err := n.Put(context.Background(), "/v/x", []byte("<script>"), kadmium.PutOptions{}); err != nil {
		f.Fatal(err)
	}
	return n
}

// checkFuzzed checks one answer. Package http has its own for what is no request: those have
// no Date.
func checkFuzzed(t *testing.T, request []byte, response *http.Response, body []byte) {
	t.Helper()
	h := response.Header
	if h.Get("Date") == "" && response.StatusCode >= 400 {
		if h.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%q drew, from package http, %v", request, response)
		}
		return
	}
	if response.StatusCode == http.StatusContinue {
		return
	}
	switch {
	case response.StatusCode == http.StatusInternalServerError, response.StatusCode > 504 && response.StatusCode != 507:
		t.Errorf("%q drew %s %q", request, response.Status, body)
	case bytes.Contains(body, []byte(fuzzToken)) && response.StatusCode >= 400:
		t.Errorf("%q drew the token: %s %q", request, response.Status, body)
	case response.StatusCode < 300 && h.Get("Content-Type") == "application/json" && !bytes.Contains(request, []byte(fuzzToken)) && !bytes.Contains(body, []byte(`"hops"`)):
		t.Errorf("%q drew without the token %s %q", request, response.Status, body)
	}
	policies := strings.Join(h.Values("Content-Security-Policy"), "; ")
	if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(policies, framesPolicy) || h.Get("Cross-Origin-Resource-Policy") != "same-origin" ||
		slices.ContainsFunc([]string{"Access-Control-Allow-Origin", "Set-Cookie", "Location"}, func(name string) bool { return h.Get(name) != "" }) {
		t.Errorf("%q drew the headers %v", request, h)
	}
	kind := h.Get("Content-Type")
	if kind == "application/octet-stream" && (h.Get("Content-Disposition") != "attachment" && response.StatusCode == 200 || !strings.Contains(policies, inertPolicy)) ||
		bytes.Contains(body, []byte("<script>")) && !strings.HasPrefix(kind, "application/") && kind != eventStream {
		t.Errorf("%q drew bytes of the network with %v", request, h)
	}
}
