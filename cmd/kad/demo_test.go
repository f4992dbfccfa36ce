package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kadmium"
	"kadmium/internal/cli"
)

func TestDemo(t *testing.T) {
	u := newUser(t)
	begun := time.Now()
	d := one[demoResult](u.kad("demo", "--json").exits(cli.ExitDone))
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

// What the demo says of a request, and of its lookup.
var (
	demoAsked   = regexp.MustCompile(`(?m)^  hop (\d+): asks \d at distance (?:2\^(\d+)|0)(?:, named by \d)?: (.*)$`)
	demoSummary = regexp.MustCompile(`(?m)^  .*\((closest )?at hop (\d+), (\d+) requests?, .*\)$`)
)

// saysTheHop checks that each lookup of the demo says the hop that its steps have: that of
// the closest node that answered, or of the one that had what was looked for (design R5.15).
func saysTheHop(t *testing.T, out string) {
	t.Helper()
	lookups := 0
	for part := range strings.SplitSeq(out, "\n\n") {
		asked := demoAsked.FindAllStringSubmatch(part, -1)
		if asked == nil {
			continue
		}
		lookups++
		said := demoSummary.FindStringSubmatch(part)
		if said == nil || said[3] != strconv.Itoa(len(asked)) {
			t.Errorf("the last line does not say at which hop, or how many were asked:\n%s", part)
			continue
		}
		least, hops := 256, []string(nil) // two distances may have as many bits
		for _, a := range asked {
			bits, _ := strconv.Atoi(a[2])
			isFound := strings.HasPrefix(a[3], "that is") || strings.HasPrefix(a[3], "it has")
			isNode := strings.HasPrefix(a[3], "it names") && said[1] != ""
			if isNode && bits < least {
				least, hops = bits, nil
			}
			if isFound && said[1] == "" || isNode && bits == least {
				hops = append(hops, a[1])
			}
		}
		if !slices.Contains(hops, said[2]) {
			t.Errorf("says hop %s, and the steps have %v:\n%s", said[2], hops, part)
		}
	}
	if lookups != 5 {
		t.Errorf("%d lookups:\n%s", lookups, out)
	}
}

func TestDemoForPeople(t *testing.T) {
	u := newUser(t)
	out := u.kad("demo").exits(cli.ExitDone).stdout
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
