//go:build unix

package api

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What answers on a socket and is no API is told from a node that ends, and from one of
// another version.
func TestClientOfWhatIsNoAPI(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ answer, says, next string }{
		{"{\"failure\":{\"error\":\"control request: invalid character 'G'\",\"next\":\"\",\"exit\":2}}\n", "does not speak HTTP", "own version"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnone", "nonsense: invalid character", "own version"},
		{"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", "nonsense: status 404", "own version"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", "it hung up", "still runs"},
		{"", "it hung up", "still runs"},
	} {
		path := filepath.Join(socketDir(t), "s")
		l, err := ListenUnix(path)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_ = conn.SetDeadline(time.Now().Add(patience))
				_, _ = conn.Read(make([]byte, 4096))
				fmt.Fprint(conn, c.answer)
				_ = conn.(*net.UnixConn).CloseWrite()
				_, _ = io.Copy(io.Discard, conn)
				conn.Close()
			}
		}()
		client, err := DialUnix(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Stats(t.Context(), Call{})
		client.Close()
		l.Close()
		if p := ProblemOf(err); p == nil || !strings.Contains(p.Detail, c.says) || !strings.Contains(p.Detail, path) || !strings.Contains(p.Next, c.next) {
			t.Errorf("%q: %+v", c.answer, err)
		}
	}
}
