package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"kadmium"
)

// Whatever comes over a connection, no handler panics, and what is answered is HTTP: a
// problem that says what to do, or a result. The node is closed, so that nothing is sent to
// anybody.
func FuzzRequest(f *testing.F) {
	for _, request := range []string{
		"GET /v1/stats HTTP/1.1\r\nHost: kad\r\n\r\n",
		"GET /v1/values/%2Fv%2Fx?quorum=2&trace HTTP/1.1\r\nHost: kad\r\nAccept: application/json\r\nIf-None-Match: \"1-0\", *\r\n\r\n",
		"PUT /v1/values/%2Fv%2Fx?ttl=1h&seq=3&once HTTP/1.1\r\nHost: kad\r\nIf-Match: \"3\"\r\nContent-Length: 1\r\n\r\nx",
		"PUT /v1/values?key64=_w HTTP/1.1\r\nHost: kad\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"POST /v1/peers/127.0.0.1:9/ping?protocols HTTP/1.1\r\nHost: kad\r\n\r\n",
		"POST /v1/messages/%2Fip4%2F127.0.0.1%2Fudp%2F9/%2Fp HTTP/1.0\r\n\r\n",
		"GET /v1/closest/..?trace=sse HTTP/1.1\r\nHost: kad\r\n\r\nGET /v1/peers HTTP/1.1\r\nHost: kad\r\n\r\n",
		"DELETE /v1/published/%ff HTTP/1.1\r\nHost: kad\r\nConnection: close\r\n\r\n",
		"PUT /v1/peers/12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS/notes/%2e HTTP/1.1\r\nHost: kad\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
		"GET /v1/events?kinds=message&protocol=a HTTP/1.1\r\nHost: kad\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: kad\r\n\r\n", "GET http://a/v1/table HTTP/1.1\r\nHost: b\r\n\r\n", "nonsense\n\n",
	} {
		f.Add([]byte(request))
	}
	n, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}})
	if err != nil {
		f.Fatal(err)
	}
	n.Close()
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }}
	f.Fuzz(func(t *testing.T, request []byte) {
		var log bytes.Buffer
		s := NewServer(slog.New(slog.NewTextHandler(&log, nil)), n)
		l := newPipes()
		stop := s.serve(t.Context(), l, s.onSocket())
		c, err := l.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(20 * time.Millisecond)) // for those that wait for more of a body, or for events
		go func() {
			_, _ = c.Write(request)
			_, _ = c.Write([]byte("\r\n\r\nGET /v1/tasks HTTP/1.1\r\nHost: kad\r\nConnection: close\r\n\r\n"))
		}()
		answers := bufio.NewReader(c)
		for {
			response, err := http.ReadResponse(answers, nil)
			if err != nil {
				break
			}
			body, err := io.ReadAll(response.Body)
			if err != nil {
				break
			}
			var p Problem
			isProblem := response.Header.Get("Content-Type") == problemType
			if isProblem && (json.Unmarshal(body, &p) != nil || p.Next == "" || p.Detail == "" || p.Status != response.StatusCode) {
				t.Errorf("%q drew the problem %s %q", request, response.Status, body)
			}
		}
		c.Close()
		stop()
		if strings.Contains(log.String(), "panic") {
			t.Errorf("%q: %s", request, &log)
		}
	})
}
