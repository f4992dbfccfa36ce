package main

import (
	"encoding/hex"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"kadmium"
	"kadmium/api"
	"kadmium/identity"
	"kadmium/internal/cli"
)

// What the commands print fits 80 columns without a break in an address, and the short IDs
// that stand there are taken by the commands.
func TestShortIDs(t *testing.T) {
	u := newUser(t)
	one1 := u.node("--control", "one")
	two := u.node("--control", "two", "--bootstrap", one1.address())
	u.kad("provide", "/v/x", "--control", "two").exits(cli.ExitDone)
	short, endpoint := one1.ready.Peer.Short(), one1.ready.Addresses[0].Endpoint.String()

	table := u.kad("table", "--control", "two").exits(cli.ExitDone).stdout
	if !strings.Contains(table, "  "+short+"  "+endpoint+"  ") || !strings.Contains(table, "µs") && !strings.Contains(table, "ms") || !strings.Contains(table, "seen ") {
		t.Errorf("the table lacks the short ID, the address or the round trip time:\n%s", table)
	}
	for _, args := range [][]string{{"table"}, {"peers"}, {"peers", short}, {"closest", "/v/x", "--trace"}, {"providers", "/v/x", "--trace"}, {"find", short}, {"ping", short}} {
		shown := u.onTerminal(80, append(args, "--control", "two")...)
		for line := range strings.SplitSeq(shown, "\n") {
			before, _, has := strings.Cut(line, endpoint)
			if end := utf8.RuneCountInString(before) + len(endpoint); has && end > 80 || strings.Contains(line, "/udp/") {
				t.Errorf("kad %s: the address breaks: %q", args, line)
			}
		}
		if r := u.kad(append(args, "--control", "two")...).exits(cli.ExitDone); args[0] == "find" && !strings.Contains(r.stdout, one1.address()) {
			t.Errorf("to a pipe: %s", r.stdout)
		}
	}
	for _, command := range []string{"find", "ping"} {
		got := one[map[string]any](u.kad(command, short, "--json", "--control", "two").exits(cli.ExitDone))
		if got["peer"] != one1.ready.Peer.String() {
			t.Errorf("%s: %v", command, got)
		}
		u.kad(command, "zzzzzzzz", "--control", "two").exits(cli.ExitBadInput).says("zzzzzzzz", "kad table")
		u.kad(command, two.ready.Peer.Short(), "--control", "two").exits(cli.ExitBadInput).says("is the node that you ask")
	}
	if r := u.kad("send", short, echoProtocol, "hello", "--control", "two").exits(cli.ExitDone); r.stdout != "hello" {
		t.Errorf("send: %q", r.stdout)
	}
	closest := one[kadmium.Closest](u.kad("closest", short, "--json", "--control", "two").exits(cli.ExitDone))
	if own := one[kadmium.Closest](u.kad("closest", two.ready.Peer.Short(), "--json", "--control", "two").exits(cli.ExitDone)); own.Target != two.ready.Peer.Position().String() {
		t.Errorf("closest to the node itself: target %s", own.Target)
	}
	if want := one1.ready.Peer.Position().String(); closest.Target != want {
		t.Errorf("closest to %s: target %s, want %s", short, closest.Target, want)
	}
}

// sameShort is another ID with the same short form, which is a remainder of its bytes.
func sameShort(t *testing.T, id identity.ID) (other identity.ID) {
	t.Helper()
	n := new(big.Int).SetBytes(id[:])
	remainders := new(big.Int).Exp(big.NewInt(58), big.NewInt(identity.ShortSize), nil)
	if id[0] == 255 {
		remainders.Neg(remainders)
	}
	n.Add(n, remainders).FillBytes(other[:])
	if other.Short() != id.Short() {
		t.Fatalf("%v and %v", id, other)
	}
	return other
}

// A short ID of two peers names neither: every command that takes one lists both.
func TestAmbiguousShortID(t *testing.T) {
	u := newUser(t)
	first := u.node("--control", "first")
	u.node("--control", "second", "--bootstrap", first.address())
	peer := first.ready.Peer
	other := sameShort(t, peer)
	c, err := api.DialUnix(t.Context(), filepath.Join(u.dir, "second"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetNote(t.Context(), other, "name", []byte("x"), api.Call{}); err != nil { // whom it has a note about it knows
		t.Fatal(err)
	}
	short := peer.Short()
	for _, args := range [][]string{
		{"ping", short}, {"find", short}, {"send", short, echoProtocol, "hello"}, {"peers", short}, {"closest", short},
	} {
		r := u.kad(append(args, "--control", "second")...).exits(cli.ExitBadInput)
		r.says(short, peer.String(), other.String(), "give the whole ID")
		if failed := one[failure](u.kad(append(args, "--control", "second", "--json")...)); failed.Code != cli.ExitBadInput || !strings.Contains(failed.Message, other.String()) {
			t.Errorf("%s --json: %+v", r.line, failed)
		}
	}
	u.kad("closest", hex.EncodeToString([]byte(short)), "--hex", "--control", "second").exits(cli.ExitDone) // a key
}
