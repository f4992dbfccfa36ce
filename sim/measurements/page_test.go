package main

import (
	"flag"
	"os"
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
