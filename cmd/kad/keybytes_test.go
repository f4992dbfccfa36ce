package main

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"kadmium"
	"kadmium/internal/cli"
)

// allBytes is a value with every byte.
func allBytes() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}

// Any bytes are a key and a value, through the control socket and from a node of the
// command's own, as a shell passes them and in hex.
func TestKeysAreBytes(t *testing.T) {
	u := newUser(t)
	n := u.node()
	keys := []string{"/v/a\xff", "/v/a\xfe", "/v/a\ufffd", "/v/" + allBytes()}
	for name, with := range map[string]*userWithFlags{
		"control socket": {u, nil},
		"bootstrap":      {u, []string{"--bootstrap", n.address()}},
	} {
		for i, key := range keys {
			with.kadIn(fmt.Sprint(name, i, allBytes()), "put", "--hex", hex.EncodeToString([]byte(key)), "-").exits(cli.ExitDone)
		}
		for i, key := range keys {
			value := fmt.Sprint(name, i, allBytes())
			inHex := hex.EncodeToString([]byte(key))
			if !strings.Contains(key, "\x00") { // no argument has one
				if r := with.kad("get", key).exits(cli.ExitDone); r.stdout != value {
					t.Errorf("%s: get %q: %q", name, key, r.stdout)
				}
			}
			got := one[kadmium.Value](with.kad("get", "--hex", strings.ToUpper(inHex), "--json").exits(cli.ExitDone))
			if got.Key != key || string(got.Value) != value {
				t.Errorf("%s: get --json of %q: key %q, value %q", name, key, got.Key, got.Value)
			}
		}
	}
	for _, key := range keys[:2] {
		inHex := hex.EncodeToString([]byte(key))
		if got := one[kadmium.Stored](u.kad("provide", "--hex", inHex, "--json").exits(cli.ExitDone)); got.Key != key {
			t.Errorf("provide %q: key %q", key, got.Key)
		}
		if got := one[kadmium.Providers](u.kad("providers", "--hex", inHex, "--json").exits(cli.ExitDone)); got.Key != key || len(got.Providers) != 1 {
			t.Errorf("providers of %q: %+v", key, got)
		}
		u.kad("unpublish", "--hex", inHex).exits(cli.ExitDone)
		u.kad("unpublish", "--hex", inHex).exits(cli.ExitNotDone)
	}
}

// What is no printable text is shown as the command line takes it.
func TestShownKeys(t *testing.T) {
	u := newUser(t)
	u.node()
	for _, c := range []struct{ key, want string }{
		{"/v/é", "/v/é"},
		{"/v/a\xff", "--hex 2f762f61ff"},
		{"/v/\x1b[2J", "--hex 2f762f1b5b324a"},
	} {
		if r := u.kad("get", c.key).exits(cli.ExitNotDone); !strings.HasPrefix(r.stderr, "kad get: "+c.want+": ") {
			t.Errorf("get %q: %s", c.key, r.stderr)
		}
	}
	u.kad("get", "--hex", "2f762f6").exits(cli.ExitBadInput).says("2f762f6", "not hex")
	u.kad("get", "--hex", "").exits(cli.ExitBadInput).says("empty")
	u.kad("get", "--hex", "ff").exits(cli.ExitBadInput).says("--hex ff", "/v/NAME")
}

// Closest takes a key in hex, also one that reads like a peer.
func TestClosestToBytes(t *testing.T) {
	u := newUser(t)
	n := u.node()
	u.node("--bootstrap", n.address(), "--control", "other.sock")
	waitUntilKnown(t, u, "kad.sock")
	target := func(args ...string) string {
		return one[kadmium.Closest](u.kad(append([]string{"closest", "--json"}, args...)...).exits(cli.ExitDone)).Target
	}
	peer := n.ready.Peer
	key := target("--hex", hex.EncodeToString([]byte(peer.String())))
	if position := target(peer.String()); key == position || position != peer.Position().String() {
		t.Errorf("peer %s at %s, as a key at %s", peer, position, key)
	}
	if target("/v/a\xff") == target("/v/a\xfe") || target("/v/a\xff") != target("--hex", "2f762f61ff") {
		t.Error("bytes are not told apart")
	}
}
