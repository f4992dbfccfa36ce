package main

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write testdata anew")

// The committed page is what the committed results make: nobody edits it by hand,
// and nothing of other commands than those in the list is kept.
func TestCommittedPage(t *testing.T) {
	t.Chdir("../..")
	k, err := load(keptFile)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if want := page(experiments, k); string(text) != want {
		t.Errorf("%s is not what %s makes: go run ./sim/measurements -page", pageFile, keptFile)
	}
	before, err := os.ReadFile(keptFile)
	if err != nil {
		t.Fatal(err)
	}
	k.only(commandsOf(experiments))
	if string(before) != string(saved(t, k)) {
		t.Errorf("%s is not as it is written: go run ./sim/measurements -page", keptFile)
	}
}

// saved is the file of results.
func saved(t *testing.T, k *kept) []byte {
	t.Helper()
	path := t.TempDir() + "/kept.json"
	if err := k.save(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// small are two experiments as the page has them: one measured, with a target that
// is reached, one that is not, and one command that has changed since; one not.
var small = []experiment{
	{
		name: "hops", title: "Hops", why: "To see what a page looks like.",
		commands: []command{
			{name: "now", env: "GOMAXPROCS=1", flags: "--nodes 1000 --seed 1"},
			{name: "changed", flags: "--nodes 2000 --seed 2"},
		},
		rows: []row{
			wanted("hops, mean", hops, digits(2), about(1.9, .01), "now"),
			wanted("requests of a lookup", requests, digits(2), atMost(20, digits(0)), "now"),
			hopShareRow("lookups of at most 1 / 2 hops", []float64{.25, .75}, .01, "now"),
			most("rounds after the closest", afterClosest, digits(1), 1.1, "now"),
			worst("recall", recall, short, 1, "now"),
			difference("hops of both", hops, digits(2), .1, "now", "changed"),
			of("wall time", wall, seconds, "now"),
		},
		says: "What follows from it.",
	},
	{
		name: "rest", title: "The rest", why: "It was not run.", large: true,
		commands: []command{{name: "it", flags: "--nodes 3000 --seed 3"}},
		rows:     []row{of("hops, mean", hops, digits(2), "it")},
	},
}

func TestPage(t *testing.T) {
	k := &kept{Results: []*result{fake(t, "GOMAXPROCS=1 kad sim --nodes 1000 --seed 1 --json"), fake(t, "kad sim --nodes 2000 --seed 1 --json")}}
	const golden = "testdata/page.md"
	got := page(small, k)
	if *rewrite {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("not %s: go test ./sim/measurements -rewrite", golden)
	}
}

// What the page says of the errors beside whole nodes is computed from the figures: their
// bounds, and those of the intervals.
func TestBesideFinds(t *testing.T) {
	of := func(hops, latency, spread float64) *result {
		r := &result{Runs: make(map[string][]float64)}
		for _, d := range []float64{-2, -1, 0, 1, 2} {
			r.Runs["hops.mean"] = append(r.Runs["hops.mean"], hops)
			r.Runs["rounds.mean"] = append(r.Runs["rounds.mean"], 3)
			r.Runs["rpcs.mean"] = append(r.Runs["rpcs.mean"], 20)
			r.Runs["latency_ms.mean"] = append(r.Runs["latency_ms.mean"], latency+spread*d)
		}
		return r
	}
	got := besideFinds([]*result{of(2, 100, 1), of(1, 200, 1), of(2.06, 99, 1), of(2, 100, 0), of(1, 200, 1), of(2, 100, 0)})
	// A difference of -1 with a standard error of 1 and 8 degrees of freedom: t is 2.306.
	if want := "off by at most 3.0 %; the intervals of these errors reach from -3.3 to +3.0 %."; !strings.HasSuffix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}
