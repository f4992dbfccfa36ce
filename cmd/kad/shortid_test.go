package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"kadmium"
)

// What the commands print fits 80 columns without a break in an address, and the short IDs
// that stand there are taken by the commands.
func TestShortIDs(t *testing.T) {
	u := newUser(t)
	one1 := u.node("--control", "one")
	two := u.node("--control", "two", "--bootstrap", one1.address())
	u.kad("provide", "/v/x", "--control", "two").exits(exitDone)
	short, endpoint := one1.ready.Peer.Short(), one1.ready.Addresses[0].Endpoint.String()

	table := u.kad("table", "--control", "two").exits(exitDone).stdout
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
		if r := u.kad(append(args, "--control", "two")...).exits(exitDone); args[0] == "find" && !strings.Contains(r.stdout, one1.address()) {
			t.Errorf("to a pipe: %s", r.stdout)
		}
	}
	for _, command := range []string{"find", "ping"} {
		got := one[map[string]any](u.kad(command, short, "--json", "--control", "two").exits(exitDone))
		if got["peer"] != one1.ready.Peer.String() {
			t.Errorf("%s: %v", command, got)
		}
		u.kad(command, "zzzzzzzz", "--control", "two").exits(exitBadInput).says("zzzzzzzz", "kad table")
		u.kad(command, two.ready.Peer.Short(), "--control", "two").exits(exitBadInput).says("is the node that you ask")
	}
	if r := u.kad("send", short, echoProtocol, "hello", "--control", "two").exits(exitDone); r.stdout != "hello" {
		t.Errorf("send: %q", r.stdout)
	}
	closest := one[kadmium.Closest](u.kad("closest", short, "--json", "--control", "two").exits(exitDone))
	if want := one1.ready.Peer.Position().String(); closest.Target != want {
		t.Errorf("closest to %s: target %s, want %s", short, closest.Target, want)
	}
}
