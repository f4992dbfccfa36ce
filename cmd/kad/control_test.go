package main

import (
	"bufio"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kadmium"
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
	path := filepath.Join(u.dir, strings.Repeat("s", maxSocketPath-len(u.dir)-1))
	n := u.node("--control", path)
	u.kad("table", "--control", path).exits(exitDone)
	n.stop(syscall.SIGTERM)
	u.kad("node", "--control", path+"s").exits(exitBadInput).says("too long", "--control")
	u.kad("table", "--control", path+"s").exits(exitBadInput).says("too long", "--control")
}

// The default socket is for the first node without a data directory; a second runs
// without one and says so. A default of ~/.kad is found as well.
func TestDefaultControlSockets(t *testing.T) {
	u := newUser(t)
	first, second := u.node(), u.node()
	if got := one[kadmium.Pong](u.kad("ping", second.address(), "--json").exits(exitDone)); got.Address.ID != second.ready.Peer {
		t.Errorf("%+v", got)
	}
	second.stop(syscall.SIGTERM)
	if !strings.Contains(second.stderr.String(), "no control socket") {
		t.Errorf("the second node said %s", second.stderr)
	}
	first.stop(syscall.SIGTERM)
	home := u.node("--data", filepath.Join(u.dir, ".kad"))
	u.kad("stats").exits(exitDone)
	home.stop(syscall.SIGTERM)
}

// After any bytes on the socket the node serves the next client.
func TestControlSocketHostileCallers(t *testing.T) {
	u := newUser(t)
	n := u.node("--control", "c")
	for _, test := range []struct{ send, want string }{
		{"nonsense\n", "control request"},
		{`{"command":"explode","args":{}}` + "\n", "explode"},
		{`{"command":"put","args":[1,2]}` + "\n", "arguments of put"},
		{`{"command":"put","args":{"key":"","value":""}}` + "\n", "key"},
		{`{"command":"put","args":{"key":"/bogus/x","value":""}}` + "\n", "bogus"},
		{`{"command":"closest","args":{"target":""}}` + "\n", "empty"},
		{strings.Repeat("x", maxControlLine+1), "longer"},
		{"", ""},
	} {
		c, err := net.Dial("unix", filepath.Join(u.dir, "c"))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		go func() {
			_, _ = c.Write([]byte(test.send))
			if test.send == "" {
				c.Close()
			}
		}()
		line, _ := bufio.NewReader(c).ReadString('\n')
		c.Close()
		if test.want == "" && line != "" || test.want != "" && (!strings.Contains(line, test.want) || !strings.Contains(line, `"failure"`)) {
			t.Errorf("%.80q drew %q, want a failure with %q", test.send, line, test.want)
		}
	}
	u.kad("table", "--control", "c").exits(exitDone)
	n.stop(syscall.SIGTERM)
}

// Clients that send nothing, more than are served at once, do not delay the node's end.
func TestControlClientsDoNotDelayTheNodesEnd(t *testing.T) {
	u := newUser(t)
	n := u.node("--control", "c")
	for range maxControlRequests + 6 {
		c, err := net.Dial("unix", filepath.Join(u.dir, "c"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	n.stop(syscall.SIGTERM)
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
	(<-ended).exits(exitNotDone).says("next: ")
}
