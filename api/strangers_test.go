package api

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A HEAD of a stream is answered at once, and takes no place among the streams.
func TestHeadOfAStream(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for range maxStreams + 1 {
		for _, target := range []string{"/v1/events", "/v1/values/%2Fv%2Fx?trace=sse"} {
			s.send("HEAD", target, "")
		}
	}
	s.send("GET", "/v1/tasks", "").is(t, 200)
	if got := s.server.Counters()["http.streams.refused"]; got != 0 || len(s.server.streams) != 0 {
		t.Errorf("%d refused, %d held", got, len(s.server.streams))
	}
}

// Without the token nobody learns whom the node knows.
func TestShortIDsNeedTheToken(t *testing.T) {
	t.Parallel()
	g := serveTCP(t, TCPConfig{Open: true})
	request := "GET /v1/peers/" + g.node.ID().Short() + " HTTP/1.1\r\nHost: ADDR\r\nConnection: close\r\n"
	if got := g.raw(request + "\r\n"); !strings.HasPrefix(got, "HTTP/1.1 401 ") {
		t.Errorf("without the token:\n%s", got)
	}
	if got := g.raw(request + "Authorization: Bearer TOKEN\r\n\r\n"); strings.HasPrefix(got, "HTTP/1.1 401 ") {
		t.Errorf("with it:\n%s", got)
	}
}

// A client of HTTP/2 gets its answers also where all places are taken.
func TestFullHouseOverHTTP2(t *testing.T) {
	t.Parallel()
	pair, roots := certificate(t)
	g := serveTCP(t, TCPConfig{TLS: &pair})
	for range maxTCPConnections - 1 {
		c, err := net.Dial("tcp", g.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	for range 5 {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+g.addr+"/v1/stats", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+g.token)
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != 200 || response.ProtoMajor != 2 {
			t.Errorf("%s %s, %v", response.Proto, response.Status, err)
		}
		response.Body.Close()
	}
}

// An open read with a body that never comes is refused at once.
func TestOpenReadWithABody(t *testing.T) {
	t.Parallel()
	g := serveTCP(t, TCPConfig{Open: true})
	c, err := net.Dial("tcp", g.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(bodyTime / 2))
	if _, err := io.WriteString(c, "GET /v1/values/%2Fv%2Fx HTTP/1.1\r\nHost: "+g.addr+"\r\nContent-Length: 1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 400 ") {
		t.Errorf("%q, %v", line, err)
	}
}
