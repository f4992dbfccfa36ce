package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kadmium"
	"kadmium/identity"
	"kadmium/internal/cli"
)

func TestNodeReadyAndEnd(t *testing.T) {
	u := newUser(t)
	first := u.node()
	if len(first.ready.Addresses) != 1 {
		t.Fatalf("ready: %+v", first.ready)
	}
	a := first.ready.Addresses[0]
	if a.ID != first.ready.Peer || !strings.HasPrefix(a.String(), "/ip4/127.0.0.1/udp/") || !strings.HasSuffix(a.String(), "/p2p/"+first.ready.Peer.String()) {
		t.Errorf("ready at %s as %s", a, first.ready.Peer)
	}
	// It answers a peer that it does not know.
	got := one[kadmium.Pong](u.kad("ping", first.address(), "--bootstrap", first.address(), "--json").exits(cli.ExitDone))
	if got.Address != a || !got.Serves || got.RTT <= 0 {
		t.Errorf("ping: %+v", got)
	}
	first.stop(syscall.SIGTERM)
	if _, err := os.Lstat(filepath.Join(u.dir, "kad.sock")); !os.IsNotExist(err) {
		t.Errorf("the control socket is left behind: %v", err)
	}
	second := u.node("--bootstrap", first.address()) // nobody is there any more
	second.stop(syscall.SIGINT)
}

// Closing does not wait for peers that no longer answer.
func TestNodeEndsWhileItsPeersAreSilent(t *testing.T) {
	u := newUser(t)
	silent := u.silentPeer()
	early := u.plainNode("--bootstrap", silent.LocalAddr().String())
	if _, _, err := silent.ReadFrom(make([]byte, 2048)); err != nil { // it is joining
		t.Fatal(err)
	}
	early.stop(syscall.SIGTERM)
	if line, ok := <-early.lines; ok {
		t.Errorf("ended before it was ready, it printed %q", line)
	}
	n := u.node("--data", "data", "--bootstrap", silent.LocalAddr().String())
	u.kad("put", "/v/x", "kept", "--data", "data", "--local").exits(cli.ExitDone)
	n.stop(syscall.SIGTERM)
}

func TestNodeListensOnAllInterfaces(t *testing.T) {
	u := newUser(t)
	n := u.node("--listen", "/ip4/0.0.0.0/udp/0") // beside 127.0.0.1
	for _, a := range n.ready.Addresses {
		if a.Endpoint.Addr().IsUnspecified() || a.Endpoint.Port() == 0 || a.ID != n.ready.Peer {
			t.Errorf("ready at %s", a)
		}
	}
	n.stop(syscall.SIGTERM)
}

func TestNodePlainReadyLine(t *testing.T) {
	u := newUser(t, "KAD_JSON=false")
	n := u.plainNode()
	if line := n.line(); !strings.HasPrefix(line, "ready /ip4/127.0.0.1/udp/") {
		t.Errorf("first line %q", line)
	}
	n.stop(syscall.SIGTERM)
}

// The key lives in the data directory, unless another is named.
func TestNodeKey(t *testing.T) {
	u := newUser(t)
	made := one[keyResult](u.kad("key", "new", "node.pem", "--json").exits(cli.ExitDone))
	n := u.node("--key", "node.pem")
	if n.ready.Peer != made.Peer {
		t.Errorf("runs as %s, want %s", n.ready.Peer, made.Peer)
	}
	n.stop(syscall.SIGTERM)

	first := u.node("--data", "data")
	first.stop(syscall.SIGTERM)
	second := u.node("--data", "data")
	if second.ready.Peer != first.ready.Peer {
		t.Errorf("restarted as %s, was %s", second.ready.Peer, first.ready.Peer)
	}
	second.stop(syscall.SIGTERM)

	var peers [2]identity.ID
	for i := range peers {
		n := u.node()
		peers[i] = n.ready.Peer
		n.stop(syscall.SIGTERM)
	}
	if peers[0] == peers[1] {
		t.Error("without --key and --data two runs had the same key")
	}
	u.kad("node", "--key", "missing.pem").exits(cli.ExitNotDone).says("missing.pem", "next: ")
}

func TestNodeRefusesWhatIsTaken(t *testing.T) {
	u := newUser(t)
	n := u.node("--data", "data")

	r := u.kad("node", "--data", "data", "--listen", "/ip4/127.0.0.1/udp/0", "--json").exits(cli.ExitNotDone).says("data", "next: ")
	if r.stdout != "" {
		t.Errorf("stdout holds %q", r.stdout)
	}
	endpoint := n.ready.Addresses[0].Endpoint
	u.kad("node", "--listen", endpoint.String()).exits(cli.ExitNotDone).says(endpoint.String(), "--listen")
	u.kad("node", "--listen", "/ip4/127.0.0.1/udp/0", "--control", "data/control.sock").exits(cli.ExitNotDone).says("data/control.sock", "another node")

	if err := os.WriteFile(filepath.Join(u.dir, "file"), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	u.kad("node", "--listen", "/ip4/127.0.0.1/udp/0", "--data", "file").exits(cli.ExitNotDone).says("file", "next: ")
	u.kad("node", "--listen", "/ip4/127.0.0.1/udp/0", "--data", "/proc/kad").exits(cli.ExitNotDone).says("/proc/kad", "next: ")
	u.kad("node", "--listen", "/ip4/127.0.0.1/udp/0", "--control", "file").exits(cli.ExitNotDone).says("file", "left as it is")
	if b, err := os.ReadFile(filepath.Join(u.dir, "file")); err != nil || string(b) != "precious" {
		t.Errorf("the file now holds %q, %v", b, err)
	}
	n.stop(syscall.SIGTERM)
}

// Without a data directory nothing but the control socket touches the disk, and
// that goes with the node.
func TestNodeLeavesNothing(t *testing.T) {
	u := newUser(t)
	n := u.node()
	u.kad("put", "/v/x", "y").exits(cli.ExitDone)
	var files []string
	err := filepath.WalkDir(u.dir, func(path string, _ fs.DirEntry, err error) error {
		files = append(files, strings.TrimPrefix(path, u.dir))
		return err
	})
	if err != nil || len(files) != 2 || files[1] != "/kad.sock" {
		t.Errorf("files %q, %v; want the socket alone", files, err)
	}
	n.stop(syscall.SIGTERM)
	if left, err := os.ReadDir(u.dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Messages of a protocol that nobody handles are printed, one a line.
func TestNodePrintsMessages(t *testing.T) {
	u := newUser(t)
	n, sender := u.node(), u.node("--control", "sender")
	u.kad("send", n.address(), "/chat/1", "hi there", "--control", "sender").exits(cli.ExitDone)
	got := decodeLine[messageLine](t, n.line()).Message
	if got.Protocol != "/chat/1" || string(got.Payload) != "hi there" || got.From != sender.ready.Addresses[0] {
		t.Errorf("%+v", got)
	}
	sent := u.kadIn("\xff\x00", "send", n.address(), "/chat/1", "-", "--bootstrap", n.address()).exits(cli.ExitDone)
	if sent.stdout != "" {
		t.Errorf("reply %q", sent.stdout)
	}
	if got := decodeLine[messageLine](t, n.line()).Message; string(got.Payload) != "\xff\x00" {
		t.Errorf("%+v", got)
	}
	if out := u.kad("send", n.address(), echoProtocol, "echo me", "--bootstrap", n.address()).exits(cli.ExitDone).stdout; out != "echo me" {
		t.Errorf("echo %q", out)
	}
	n.stop(syscall.SIGTERM)
}

// The reader of the ready line may close the pipe: the node goes on.
func TestNodeOutlivesItsReader(t *testing.T) {
	u := newUser(t)
	n := u.node()
	n.reader.Close()
	for begun := time.Now(); ; { // the first may be taken before the broken pipe shows
		r := u.kad("send", n.address(), "/chat/1", "nobody reads this", "--bootstrap", n.address())
		if r.code != cli.ExitDone || time.Since(begun) > patience {
			r.exits(cli.ExitNotDone).says("next: ")
			break
		}
	}
	u.kad("ping", n.address(), "--bootstrap", n.address()).exits(cli.ExitDone)
	n.stop(syscall.SIGTERM)
}
