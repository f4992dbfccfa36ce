package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kadmium/internal/cli"
)

// logs waits until the node has logged the text, and returns the line.
func (n *runningNode) logs(text string) string {
	n.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for line := range strings.SplitSeq(n.stderr.String(), "\n") {
			if strings.Contains(line, text) {
				return line
			}
		}
	}
	n.t.Errorf("the log of %s lacks %q: %s", n.address(), text, n.stderr)
	return ""
}

// A peer of another network is named as such, once a minute, by the node that does not
// answer it.
func TestPeerOfAnotherNetwork(t *testing.T) {
	u := newUser(t)
	n := u.node("--control", "one")
	for range 2 {
		u.kad("ping", n.address(), "--bootstrap", n.address(), "--network", "another").exits(cli.ExitNotDone).says("--network")
	}
	line := n.logs("a peer of another network was not answered")
	n.stop(syscall.SIGTERM)
	if strings.Count(n.stderr.String(), "of another network") != 1 || !strings.Contains(line, "from=127.0.0.1:") || !strings.Contains(line, "own_tag=cf78f06d") {
		t.Errorf("stderr: %s", n.stderr)
	}
}

// Two nodes with one key are told of each other: where one joins by the other, whether or
// not it is named by its ID, and where both join by a third.
func TestTwoNodesWithOneKey(t *testing.T) {
	const told = "another node has this node's key"
	u := newUser(t)
	u.kad("key", "new", "me.pem").exits(cli.ExitDone)
	third := u.node("--control", "third")
	seeds := map[string]func(first *runningNode) string{
		"address": func(first *runningNode) string { return first.ready.Addresses[0].Endpoint.String() },
		"id":      func(first *runningNode) string { return first.address() },
		"third":   func(*runningNode) string { return third.address() },
	}
	for name, seed := range seeds {
		first := u.node("--key", "me.pem", "--bootstrap", third.address(), "--control", name+"1")
		second := u.node("--key", "me.pem", "--bootstrap", seed(first), "--control", name+"2")
		for _, pair := range [][2]*runningNode{{first, second}, {second, first}} {
			other := pair[1].ready.Addresses[0].Endpoint
			if line := pair[0].logs(told); !strings.Contains(line, fmt.Sprint("at=", other)) {
				t.Errorf("joined by %s: %q does not name %s", name, line, other)
			}
		}
		first.stop(syscall.SIGTERM)
		second.stop(syscall.SIGTERM)
	}
	if strings.Contains(third.stderr.String(), told) {
		t.Errorf("a node with a key of its own is told: %s", third.stderr)
	}
}

// A node that is its own bootstrap peer is not told that its key is used twice.
func TestOneNodeAmongItsSeeds(t *testing.T) {
	u := newUser(t)
	key := filepath.Join(u.dir, "me.pem")
	id := one[keyResult](u.kad("key", "new", key, "--json").exits(cli.ExitDone)).Peer
	free := u.silentPeer()
	port := free.LocalAddr().String()[len("127.0.0.1:"):]
	free.Close()
	n := u.nodeAt("/ip4/127.0.0.1/udp/"+port, "--key", key, "--bootstrap", "/ip4/127.0.0.1/udp/"+port+"/p2p/"+id.String(), "--bootstrap", "localhost:"+port)
	n.stop(syscall.SIGINT)
	if strings.Contains(n.stderr.String(), "key") {
		t.Errorf("stderr: %s", n.stderr)
	}
}
