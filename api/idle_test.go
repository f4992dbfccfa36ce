//go:build unix

package api

import (
	"crypto/tls"
	"net"
	"net/http"
	"syscall"
	"testing"
)

// idleConnections are as many as a test may hold, 10,000 at most.
func idleConnections(t *testing.T) int {
	t.Helper()
	var handles syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &handles); err != nil {
		t.Fatal(err)
	}
	return int(min(10_000, handles.Cur/2))
}

// Connections on which nothing is sent, or nothing any more, keep nobody out who has the
// token: neither a new connection nor one in use.
func TestIdleConnections(t *testing.T) {
	pair, roots := certificate(t)
	for _, encrypted := range []bool{false, true} {
		cfg, scheme := TCPConfig{Open: true}, "http://"
		if encrypted {
			cfg.TLS, scheme = &pair, "https://"
		}
		g := serveTCP(t, cfg)
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}, Timeout: patience}
		get := func(path string) *http.Response {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), "GET", scheme+g.addr+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+g.token)
			response, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			return response
		}
		stream := get("/v1/events") // in use all the while
		defer stream.Body.Close()
		number := idleConnections(t)
		if encrypted {
			number = min(number, 1000)
		}
		var idle []net.Conn
		for i := range number {
			c, err := net.Dial("tcp", g.addr)
			if err != nil {
				t.Fatalf("connection %d: %v", i, err)
			}
			idle = append(idle, c)
			if i%4 == 0 {
				_, _ = c.Write([]byte("GET /v1/stats HTTP/1.1\r\nHost: " + g.addr + "\r\n\r\n"))
			}
		}
		response := get("/v1/table")
		response.Body.Close()
		if response.StatusCode != 200 {
			t.Errorf("beside %d connections the operator gets %s", number, response.Status)
		}
		if evicted := g.server.Counters()["http.connections.evicted"]; evicted == 0 {
			t.Error("none was closed to make room")
		}
		if _, err := g.node.Provide(t.Context(), "cats"); err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 64)
		if n, err := stream.Body.Read(buffer); err != nil || n == 0 {
			t.Errorf("the operator's stream: %d bytes, %v", n, err)
		}
		for _, c := range idle {
			c.Close()
		}
	}
}
