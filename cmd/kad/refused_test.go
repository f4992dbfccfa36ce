package main

import (
	"strings"
	"testing"

	"kadmium"
	"kadmium/internal/cli"
)

// With --trace a put that is refused, and one that some holders refuse, tell who did and
// why: in text, in JSON, and through a node of the command's own.
func TestTraceShowsWhoRefused(t *testing.T) {
	u := newUser(t)
	first := u.node("--control", "first")
	second := u.node("--control", "second", "--bootstrap", first.address())
	u.kad("put", "/v/x", "new", "--seq", "5", "--control", "second").exits(cli.ExitDone)
	wants := []string{first.ready.Peer.Short() + "  at " + first.ready.Addresses[0].Endpoint.String() + ": ", second.ready.Peer.Short() + "  "}

	older := []string{"put", "/v/x", "old", "--seq", "1", "--control", "second"}
	u.kad(append(older, "--trace")...).exits(cli.ExitNotDone).says(append(wants, "older (a newer record is held)", "this node: older")...)
	if r := u.kad(older...).exits(cli.ExitNotDone); strings.Contains(r.stderr, wants[0]) {
		t.Errorf("without --trace: %s", r.stderr)
	}
	failed := one[failure](u.kad(append(older, "--trace", "--json")...).exits(cli.ExitNotDone))
	by := map[string]kadmium.Refusal{}
	for _, r := range failed.RefusedBy {
		by[r.Peer.Short()] = r
	}
	if r := by[first.ready.Peer.Short()]; len(by) != 2 || r.Address != first.ready.Addresses[0] || r.Reason != "older" {
		t.Errorf("the failure's refusals: %+v", failed.RefusedBy)
	}
	u.kad("put", "/v/x", "swapped", "--cas", "3", "--trace", "--bootstrap", first.address()).exits(cli.ExitNotDone).
		says(wants[0]+"conflict (the sequence has changed)", wants[1])
}

// A holder that is full is named beside those that store a value or provider entry.
func TestTraceShowsHoldersThatRefused(t *testing.T) {
	t.Parallel()
	start := func(limits kadmium.Limits, mode kadmium.Mode, seeds ...*kadmium.Node) *kadmium.Node {
		cfg := kadmium.Config{Listen: []string{"127.0.0.1:0"}, Mode: mode, Limits: limits}
		for _, s := range seeds {
			cfg.Bootstrap = append(cfg.Bootstrap, s.Addresses()[0].String())
		}
		n, err := kadmium.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		if err := n.Joined(t.Context()); err != nil {
			t.Fatal(err)
		}
		return n
	}
	room := start(kadmium.Limits{}, kadmium.Server)
	full := start(kadmium.Limits{Records: 1, Providers: 1}, kadmium.Server, room)
	n := start(kadmium.Limits{}, kadmium.Client, room, full)
	// Nobody displaces what is as much their own as what comes (R6.42).
	if _, err := n.Put(t.Context(), "/v/1", []byte("x"), kadmium.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Provide(t.Context(), "/v/1"); err != nil {
		t.Fatal(err)
	}
	want := "refused   " + full.ID().Short() + "  at " + full.Addresses()[0].Endpoint.String() + ": full (no room"
	for what, do := range map[string]func() (kadmium.Stored, error){
		"put":     func() (kadmium.Stored, error) { return n.Put(t.Context(), "/v/2", []byte("y"), kadmium.PutOptions{}) },
		"provide": func() (kadmium.Stored, error) { return n.Provide(t.Context(), "/v/2") },
	} {
		got, err := do()
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		var drawn strings.Builder
		drawStored(&drawn, &got, "stored", "")
		if got.Holders != 1 || len(got.RefusedBy) != 1 || got.RefusedBy[0].Peer != full.ID() || !strings.Contains(drawn.String(), want) {
			t.Errorf("%s: %d holders, refused by %+v, drawn:\n%s", what, got.Holders, got.RefusedBy, drawn.String())
		}
	}
}
