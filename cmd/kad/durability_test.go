package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"kadmium/internal/cli"
)

// A record that a put reported as stored survives a kill -9 right after it, and so does
// the node's identity.
func TestPutSurvivesKill(t *testing.T) {
	u := newUser(t)
	n := u.node("--data", "data")
	peer := n.ready.Peer
	for round := range 4 {
		for i := range 3 {
			key := fmt.Sprintf("/v/%d/%d", round, i)
			u.kad("put", key, "value of "+key, "--data", "data").exits(cli.ExitDone)
		}
		n.kill()
		n = u.node("--data", "data") // its stale control socket is replaced
		if n.ready.Peer != peer {
			t.Fatalf("restarted as %s, was %s", n.ready.Peer, peer)
		}
		for r := range round + 1 {
			for i := range 3 {
				key := fmt.Sprintf("/v/%d/%d", r, i)
				if out := u.kad("get", key, "--data", "data").exits(cli.ExitDone).stdout; out != "value of "+key {
					t.Errorf("after %d kills %s holds %q", round+1, key, out)
				}
			}
		}
	}
}

// A put of another peer is acknowledged only when it would survive, too.
func TestStoreFromOutsideSurvivesKill(t *testing.T) {
	u := newUser(t)
	n := u.node("--data", "data")
	u.kad("put", "/v/x", "kept", "--bootstrap", n.address()).exits(cli.ExitDone)
	n.kill()
	n = u.node("--data", "data")
	if out := u.kad("get", "/v/x", "--bootstrap", n.address()).exits(cli.ExitDone).stdout; out != "kept" {
		t.Errorf("got %q", out)
	}
}

// A damaged file is an error that names it, and stays as it is.
func TestDamagedDataIsNamed(t *testing.T) {
	u := newUser(t)
	n := u.node("--data", "data")
	u.kad("put", "/v/x", "kept", "--data", "data").exits(cli.ExitDone)
	n.kill()
	files, err := filepath.Glob(filepath.Join(u.dir, "data", "*.db"))
	if err != nil || len(files) != 1 {
		t.Fatalf("journals %q, %v", files, err)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{info.Size() / 2, 1} {
		if err := os.Truncate(files[0], size); err != nil {
			t.Fatal(err)
		}
		u.kad("node", "--listen", "/ip4/127.0.0.1/udp/0", "--data", "data").exits(cli.ExitNotDone).says(filepath.Base(files[0]), "next: ")
		if now, err := os.Stat(files[0]); err != nil || now.Size() != size {
			t.Errorf("the damaged file was touched: %v, %v", now, err)
		}
	}
}

// A data directory is that of one network and one identity: others are bad input that
// names the file and both sides.
func TestDataOfAnother(t *testing.T) {
	u := newUser(t)
	n := u.node("--data", "data", "--network", "first")
	u.kad("put", "/v/x", "kept", "--data", "data").exits(cli.ExitDone)
	peer := n.ready.Peer.String()
	n.kill()
	at := []string{"node", "--listen", "/ip4/127.0.0.1/udp/0", "--data", "data", "--network"}
	u.kad(append(at, "second")...).exits(cli.ExitBadInput).says("kadmium.db", `"first"`, `"second"`, "next: ")
	other := one[keyResult](u.kad("key", "new", "other.pem", "--json").exits(cli.ExitDone)).Peer.String()
	u.kad(append(at, "first", "--key", "other.pem")...).exits(cli.ExitBadInput).says("kadmium.db", peer, other, "next: ")
	if err := os.Rename(filepath.Join(u.dir, "other.pem"), filepath.Join(u.dir, "data", "key.pem")); err != nil {
		t.Fatal(err)
	}
	u.kad(append(at, "first")...).exits(cli.ExitBadInput).says("key.pem", "kadmium.db", peer, other, "next: ")
}
