package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
)

// freePorts is the first of so many ports of 127.0.0.1 in a row at which nobody listens.
func freePorts(t *testing.T, count int) int {
	t.Helper()
	for range 100 {
		var taken []net.PacketConn
		first := 0
		for i := range count {
			at := "127.0.0.1:0"
			if i > 0 {
				at = fmt.Sprintf("127.0.0.1:%d", first+i)
			}
			c, err := net.ListenPacket("udp4", at)
			if err != nil {
				break
			}
			if taken = append(taken, c); i == 0 {
				first = c.LocalAddr().(*net.UDPAddr).Port
			}
		}
		for _, c := range taken {
			c.Close()
		}
		if len(taken) == count {
			return first
		}
	}
	t.Fatalf("no %d free ports in a row", count)
	return 0
}

// Several nodes of one process are a network of their own; socket, readiness and ready line
// are the first's, ?node= selects another, and metrics are sums.
func TestNodeCount(t *testing.T) {
	u := newUser(t)
	port := freePorts(t, 4)
	args := []string{"--count", "4", "--data", "data", "--http", "0"}
	n := u.nodeAt(fmt.Sprintf("127.0.0.1:%d", port), args...)
	if n.ready.Nodes != 4 || n.ready.Addresses[0].Endpoint.Port() != uint16(port) {
		t.Errorf("ready: %+v", n.ready)
	}
	token, err := os.ReadFile(filepath.Join(u.dir, "data", api.TokenFile))
	if err != nil {
		t.Fatal(err)
	}
	peers := make([]string, 4)
	for i := range peers {
		status, body := n.get(fmt.Sprintf("v1/stats?node=%d", i), strings.TrimSpace(string(token)))
		if status != 200 {
			t.Fatalf("node %d: %d %s", i, status, body)
		}
		s := decodeLine[kadmium.Stats](t, body)
		peers[i] = s.Peer.String()
		if at := s.Addresses[0].Endpoint.Port(); at != uint16(port+i) || s.Peers == 0 {
			t.Errorf("node %d is at port %d and knows %d peers", i, at, s.Peers)
		}
		dir := filepath.Join(u.dir, "data", fmt.Sprint(i))
		if i == 0 {
			dir = filepath.Join(u.dir, "data")
		}
		if _, err := os.Stat(filepath.Join(dir, kadmium.KeyFile)); err != nil {
			t.Error(err)
		}
	}
	if peers[0] != n.ready.Peer.String() || peers[1] == peers[2] {
		t.Errorf("peers %q, ready as %s", peers, n.ready.Peer)
	}
	if status, body := n.get("v1/stats?node=4", strings.TrimSpace(string(token))); status != 400 {
		t.Errorf("there is a node 4: %d %s", status, body)
	}
	if _, body := n.get("metrics", ""); !strings.Contains(body, "\nkad_nodes 4\n") || !strings.Contains(body, "\nkad_serving 4\n") {
		t.Errorf("metrics are no sums:\n%s", body)
	}
	u.kad("put", "/v/x", "kept", "--data", "data").exits(cli.ExitDone)
	n.stop(syscall.SIGTERM)

	again := u.nodeAt(fmt.Sprintf("127.0.0.1:%d", port), args...)
	if again.ready.Peer != n.ready.Peer {
		t.Errorf("restarted as %s, was %s", again.ready.Peer, n.ready.Peer)
	}
	u.kad("get", "/v/x", "--data", "data").exits(cli.ExitDone)
	again.stop(syscall.SIGTERM)
}

var nodeInLine = regexp.MustCompile(`"node":\d+`)

// A line of the log says of which node it is, once.
func TestLogOfSeveralNodes(t *testing.T) {
	u := newUser(t)
	seen := make(map[string]bool)
	for line := range strings.Lines(loggedBy(u, "--count", "2", "--log-format", "json")) {
		if strings.Contains(line, "listening") {
			seen[nodeInLine.FindString(line)] = true
		}
		if strings.Count(line, `"node":`) > 1 {
			t.Errorf("it is of two nodes: %s", line)
		}
	}
	if len(seen) != 2 {
		t.Errorf("lines of %d nodes", len(seen))
	}
}

// A signal ends them also while they join.
func TestNodeCountEndsWhileItStarts(t *testing.T) {
	u := newUser(t)
	n := u.plainNode("--count", "300", "--data", "data")
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(filepath.Join(u.dir, "data", "2", kadmium.KeyFile)); err == nil {
			break
		}
		if time.Since(begun) > patience {
			t.Fatal("it has no third node")
		}
	}
	n.stop(syscall.SIGTERM)
	if line, ok := <-n.lines; ok {
		t.Errorf("ended before it was ready, it printed %q", line)
	}
}

func TestNodeCountRefuses(t *testing.T) {
	u := newUser(t)
	u.kad("key", "new", "node.pem").exits(cli.ExitDone)
	u.kad("node", "--count", "2", "--key", "node.pem").exits(cli.ExitBadInput).says("--key is of one node, --count 2 are several")
	u.kad("node", "--count", "0").exits(cli.ExitBadInput).says("--count 0 is out of range")
	u.kad("node", "--count", "4097").exits(cli.ExitBadInput).says("choose 1 to 4096")
	u.kad("node", "--count", "2", "--listen", "127.0.0.1:65535").exits(cli.ExitBadInput).says("65535", "or 0")
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -n 600 && exec "$0" node --count 100`, binary)
	cmd.Env, cmd.Dir = u.env, u.dir
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != cli.ExitNotDone || !strings.Contains(string(out), "100 nodes need") || !strings.Contains(string(out), "next: allow more open files") {
		t.Errorf("%v: %s", err, out)
	}
}

// Ports that the system picks stay so, and the given bootstrap peers are those of all.
func TestNumbered(t *testing.T) {
	first, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	cfg := kadmium.Config{Listen: []string{"127.0.0.1:0", "/ip6/::1/udp/4100"}, Bootstrap: []string{"seed:4100"}, DataDir: "d", Logger: slog.New(slog.DiscardHandler)}
	got := numbered(cfg, 7, first)
	if want := []string{"127.0.0.1:0", "[::1]:4107"}; !reflect.DeepEqual(got.Listen, want) {
		t.Errorf("listens at %q, want %q", got.Listen, want)
	}
	if want := []string{first.Addresses()[0].String(), "seed:4100"}; !reflect.DeepEqual(got.Bootstrap, want) {
		t.Errorf("joins through %q, want %q", got.Bootstrap, want)
	}
	if want := filepath.Join("d", "7"); got.DataDir != want {
		t.Errorf("data in %s, want %s", got.DataDir, want)
	}
}
