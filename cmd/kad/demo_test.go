package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kadmium"
)

func TestDemo(t *testing.T) {
	u := newUser(t)
	begun := time.Now()
	d := one[demoResult](u.kad("demo", "--json").exits(exitDone))
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("the demo took %s", took)
	}
	if len(d.Nodes) != 3 || len(d.Joins) != 2 {
		t.Fatalf("%d nodes, %d joins", len(d.Nodes), len(d.Joins))
	}
	for _, n := range d.Nodes {
		if n.Address.ID != n.Peer || !n.Address.Endpoint.Addr().IsLoopback() || n.Address.Endpoint.Port() == 0 {
			t.Errorf("node %+v", n)
		}
	}
	// 3 was told of 1 only, yet learns where 2 is.
	if d.Find.Peer.ID != d.Nodes[1].Peer || d.Find.Peer.Address != d.Nodes[1].Address || d.Find.Lookup.Hops < 1 || d.Find.Lookup.RPCs < 1 || d.Find.Lookup.Elapsed <= 0 {
		t.Errorf("find %+v, want 2 at %s", d.Find, d.Nodes[1].Address)
	}
	if !slices.ContainsFunc(d.Joins[1].Lookup.Trace, func(s kadmium.Step) bool {
		return s.Kind == "answered" && s.Peer == d.Nodes[1].Peer && s.Hop == 2 && s.NamedBy == d.Nodes[0].Peer
	}) {
		t.Errorf("3 joined by %+v; 2 is at hop 2, named by 1", d.Joins[1])
	}
	if d.Message.Sent != demoMessage || d.Message.Reply != demoReply {
		t.Errorf("message %+v", d.Message)
	}
	if v := d.Value; v.Value != demoValue || v.Holders != demoK || !v.SelfHolder || v.Get.Hops < 1 || v.From == d.Nodes[2].Peer {
		t.Errorf("value %+v; 3 must get it from another", v)
	}
}

func TestDemoForPeople(t *testing.T) {
	u := newUser(t)
	out := u.kad("demo").exits(exitDone).stdout
	story := []string{"Three nodes", "3 knows only 1", "hop 1: asks 1", "hop 2: asks 2", "named by 1", "3 looks for 2", "found at", demoMessage, demoReply, "2 puts", "3 gets", demoValue}
	rest := out
	for _, part := range story {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Fatalf("the demo does not tell %q after the rest:\n%s", part, out)
		}
		rest = after
	}
	if lines := strings.Count(out, "\n"); lines > 50 {
		t.Errorf("%d lines are too many to read at a glance", lines)
	}
}
