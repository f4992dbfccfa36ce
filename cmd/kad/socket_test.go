package main

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kadmium"
	"kadmium/internal/cli"
)

func TestControlSocketIsPrivate(t *testing.T) {
	u := newUser(t)
	for _, test := range []struct {
		socket string
		flags  []string
	}{
		{"kad.sock", nil},
		{"data/control.sock", []string{"--data", "data"}},
		{"mine", []string{"--control", "mine"}},
		{"mine2", []string{"--control", "mine2", "--data", "data2"}},
	} {
		n := u.node(test.flags...)
		info, err := os.Lstat(filepath.Join(u.dir, test.socket))
		if err != nil || info.Mode() != fs.ModeSocket|0o600 {
			t.Errorf("%s: %v, %v; want a socket of mode 0600", test.socket, info, err)
		}
		n.stop(syscall.SIGTERM)
		if _, err := os.Lstat(filepath.Join(u.dir, test.socket)); !os.IsNotExist(err) {
			t.Errorf("%s is left behind: %v", test.socket, err)
		}
	}
}

// The longest path works, one byte more is refused with its length and the limit.
func TestControlPathLength(t *testing.T) {
	u := newUser(t)
	longest := len(syscall.RawSockaddrUnix{}.Path) - 1 // without the zero byte at its end
	path := filepath.Join(u.dir, strings.Repeat("s", longest-len(u.dir)-1))
	n := u.node("--control", path)
	u.kad("table", "--control", path).exits(cli.ExitDone)
	n.stop(syscall.SIGTERM)
	u.kad("node", "--control", path+"s").exits(cli.ExitBadInput).says("too long", "--control")
	u.kad("table", "--control", path+"s").exits(cli.ExitBadInput).says("too long", "--control")
}

// The default socket is for the first node without a data directory; a second runs
// without one and says so. A default of ~/.kad is found as well.
func TestDefaultControlSockets(t *testing.T) {
	u := newUser(t)
	first, second := u.node(), u.node()
	if got := one[kadmium.Pong](u.kad("ping", second.address(), "--json").exits(cli.ExitDone)); got.Address.ID != second.ready.Peer {
		t.Errorf("%+v", got)
	}
	second.stop(syscall.SIGTERM)
	if !strings.Contains(second.stderr.String(), "no control socket") {
		t.Errorf("the second node said %s", second.stderr)
	}
	first.stop(syscall.SIGTERM)
	home := u.node("--data", filepath.Join(u.dir, ".kad"))
	u.kad("stats").exits(cli.ExitDone)
	home.stop(syscall.SIGTERM)
}

// After any bytes on the socket the node serves the next client.
func TestHostileClients(t *testing.T) {
	u := newUser(t)
	n := u.node("--control", "c")
	for _, test := range []struct{ send, want string }{
		{"nonsense\n\n", "400 Bad Request"},
		{"{\"command\":\"stats\"}\n\n", "400 Bad Request"},
		{"GET /v1/%zz HTTP/1.1\r\nHost: kad\r\n\r\n", "400 Bad Request"},
		{"GET * HTTP/1.1\r\nHost: kad\r\n\r\n", "400 Bad Request"},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""},
		{"CONNECT kad:80 HTTP/1.1\r\nHost: kad\r\n\r\n", "/problems/"},
		{"EXPLODE /v1/stats HTTP/1.1\r\nHost: kad\r\n\r\n", "/problems/method-not-allowed"},
		{"PUT /v1/values/%2Fbogus%2Fx HTTP/1.1\r\nHost: kad\r\nContent-Length: 1\r\n\r\nx", "bogus"},
		{"PUT /v1/values/%2Fv%2Fx HTTP/1.1\r\nHost: kad\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "did not come"},
		{"GET /v1/closest?key64= HTTP/1.1\r\nHost: kad\r\n\r\n", "empty"},
		{"GET /v1/stats HTTP/1.1\r\n", ""},
		{"", ""},
	} {
		c, err := net.Dial("unix", filepath.Join(u.dir, "c"))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err := c.Write([]byte(test.send)); err != nil {
			t.Fatal(err)
		}
		var answer string
		if test.want == "" {
			c.Close()
		} else {
			answer = readAnswer(c, test.want)
		}
		c.Close()
		if !strings.Contains(answer, test.want) {
			t.Errorf("%.80q drew %q, want %q", test.send, answer, test.want)
		}
	}
	u.kad("table", "--control", "c").exits(cli.ExitDone)
	n.stop(syscall.SIGTERM)
}

// readAnswer reads until the text has come, or the end.
func readAnswer(r io.Reader, text string) string {
	var all []byte
	for part := make([]byte, 4096); !strings.Contains(string(all), text); {
		n, err := r.Read(part)
		if all = append(all, part[:n]...); err != nil {
			break
		}
	}
	return string(all)
}

// Clients that send nothing, more than are served at once, do not delay the node's end.
func TestControlClientsDoNotDelayTheNodesEnd(t *testing.T) {
	u := newUser(t)
	n := u.node("--control", "c")
	for range maxConnections + 6 {
		c, err := net.Dial("unix", filepath.Join(u.dir, "c"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	n.stop(syscall.SIGTERM)
}

// A running node whose control socket is removed makes it anew within seconds, and says so.
func TestControlSocketIsMadeAnew(t *testing.T) {
	u := newUser(t)
	n := u.node("--data", "data")
	path := filepath.Join(u.dir, "data", "control.sock")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if r := u.kad("stats", "--data", "data"); r.code != cli.ExitDone { // unless it was made anew already
		r.says("its log says what became of its socket")
	}
	for deadline := time.Now().Add(patience); u.kad("stats", "--data", "data").code != cli.ExitDone; {
		if time.Now().After(deadline) {
			t.Fatal("the socket is not made anew")
		}
	}
	n.stop(syscall.SIGTERM)
	if !strings.Contains(n.stderr.String(), "control socket removed; it was made anew") {
		t.Errorf("the node said %s", n.stderr)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
}

// Nor does an operation under way, which ends with an error.
func TestControlOperationWhileTheNodeEnds(t *testing.T) {
	u := newUser(t)
	silent := u.silentPeer()
	n := u.node("--control", "c")
	ended := make(chan *ran)
	go func() { ended <- u.kad("ping", silent.LocalAddr().String(), "--control", "c") }()
	if _, _, err := silent.ReadFrom(make([]byte, 2048)); err != nil { // the ping is under way
		t.Fatal(err)
	}
	n.stop(syscall.SIGTERM)
	(<-ended).exits(cli.ExitNotDone).says("next: ")
}
