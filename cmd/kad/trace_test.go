package main

import (
	"strings"
	"testing"

	"kadmium"
	"kadmium/api"
)

// A node finds what it holds itself without a lookup, and the trace says so.
func TestTraceOfWhatIsHeldHere(t *testing.T) {
	t.Parallel()
	n, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}, Mode: kadmium.Server})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if _, err := n.Put(t.Context(), "/v/x", []byte("y"), kadmium.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Provide(t.Context(), "/v/x"); err != nil {
		t.Fatal(err)
	}
	c, stop := api.NewServer(nil, n).Local(t.Context())
	defer stop()
	defer c.Close()
	traced := api.Call{Trace: true}
	got, err := c.Get(t.Context(), "/v/x", kadmium.GetOptions{Quorum: 1}, traced)
	if err != nil {
		t.Fatal(err)
	}
	providers, err := c.Providers(t.Context(), "/v/x", 1, traced)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []kadmium.Lookup{got.Lookup, providers.Lookup} {
		var b strings.Builder
		drawTrace(&b, &l)
		if l.Reason != kadmium.HeldHere || !strings.HasSuffix(b.String(), "  ended     held by this node\n") || strings.Count(b.String(), "\n") != 1 {
			t.Errorf("%+v, drawn %q", l, b.String())
		}
	}
	if _, err := c.Get(t.Context(), "/v/nothing", kadmium.GetOptions{}, traced); err == nil {
		t.Error("got what nobody has")
	}
}

// What is suspect is said with a trace and without, the octaves with one only.
func TestDrawDensity(t *testing.T) {
	l := kadmium.Lookup{Size: 9876, Octaves: []kadmium.Octave{{Expected: 9.5, Known: 12}, {Expected: 4.75, Known: 40}},
		Suspect: kadmium.Suspect{Crowded: []int{1}, Sparse: true, Subnet: true, Stale: true}}
	const suspect = "suspect: crowded [1], sparse, subnet, stale (kad help trace explains it)\n"
	var b strings.Builder
	if drawTrace(&b, &l); b.String() != suspect {
		t.Errorf("without a trace:\n%s", b.String())
	}
	b.Reset()
	l.Trace = []kadmium.Step{{Kind: "ended", Reason: "converged"}}
	const octaves = "near the target, of about 9876 nodes in all, found of expected by octaves:\n   12 of 9.5  40 of 4.8\n"
	if drawTrace(&b, &l); !strings.HasSuffix(b.String(), octaves+suspect) {
		t.Errorf("with a trace:\n%s", b.String())
	}
	b.Reset()
	if drawTrace(&b, &kadmium.Lookup{}); b.Len() > 0 {
		t.Errorf("of a lookup of a small network: %q", b.String())
	}
}
