package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write testdata anew")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("not %s: go test ./report -rewrite, and look at the difference; got\n%s", path, got)
	}
}

// measured is what a small run measured: libp2p needs more of all but hops, and of
// what kadmium did the peers found after a crash are worse.
func measured() []Series {
	of := func(operation, metric string, libp2p, kadmium []float64) Series {
		return Series{Operation: operation, Metric: metric, Libp2p: libp2p, Kadmium: kadmium}
	}
	return []Series{
		of(Closest, "hops", []float64{1, 1, 2, 1}, []float64{1, 2, 2, 1}),
		of(Closest, "requests", []float64{28, 29, 28, 30}, []float64{20, 20, 20, 21}),
		of(Closest, "bytes", []float64{28000, 27000, 29000, 28500}, []float64{4200, 4100, 4300, 4150}),
		of(Closest, "latency ms", []float64{3.5, 3.25, 4, 12}, []float64{.5, .625, .75, .5}),
		of(Closest, "CPU ms", []float64{4, 4.5, 5, 5.5}, []float64{1, 1, 1.25, 1.5}),
		of(Closest, "alive %", []float64{100, 100, 100, 100}, []float64{100, 100, 100, 100}),
		of(ClosestCold, "bytes", []float64{300000}, []float64{12820}),
		of(ClosestCold, "latency ms", []float64{24, 26}, []float64{5, 6}),
		of("put", "holders", []float64{20, 20}, []float64{18, 20}),
		of("find peer", "latency ms", nil, []float64{.25, .5}),
		of(ClosestCrashed, "alive %", []float64{90, 80}, []float64{100, 95}),
		of(Network, "memory KiB a node", []float64{2900}, []float64{204.5}),
		of(Network, "goroutines a node", []float64{143}, []float64{1}),
		of(Network, "convergence s", []float64{1.25}, []float64{60}),
		of(Network, "idle bytes a node and second", []float64{0}, []float64{0}),
		of(AtAlpha(Closest, 10), "hops", []float64{1, 1}, []float64{1, 1}),
		of(AtAlpha(Closest, 10), "requests", []float64{30, 31}, []float64{24, 22}),
		of(ClosestFar, "latency ms", []float64{157, 158}, []float64{102, 101}),
		of(ClosestFarCold, "latency ms", []float64{320, 324}, []float64{105, 104}),
	}
}

// runs is such a run alone.
func runs() [][]Series { return [][]Series{measured()} }

// small is the report of such a run.
func small() *Report {
	return &Report{
		Versions: map[string]string{"go": "1.26.8", "github.com/libp2p/go-libp2p-kad-dht": "v0.42.0"},
		Tree:     Tree{Revision: "8933b2013eacb628410013aa908e7f4fc0178c32"},
		Config: Config{
			Nodes: 10, Lookups: 4, Runs: 1, Profile: "matched", Link: "0ms", Transport: "quic", K: 20, Alpha: []int{3, 10}, Beta: "libp2p's sooner",
			Command: "cd compare && go run . --nodes 10 --lookups 4", Date: "2026-11-25", Machine: "a processor, 2 CPUs, linux/amd64",
		},
		Costs:  Costs(runs()),
		Depths: depths(),
		Behaviour: []Row{
			{"ring of nodes", "converges", "converges", Same, ""},
			{"get of a missing value", "ErrNotFound | routing: not found", "ErrNotFound", Differs, "one error for one cause"},
			{"provider of its own", "<is returned>", "is not", Differs, LibraryBetter + " nobody has to ask twice"},
		},
	}
}

func TestPage(t *testing.T) { golden(t, "page.md", small().Page()) }

func TestText(t *testing.T) {
	var b bytes.Buffer
	if err := small().WriteText(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", b.String())
}

func TestEncode(t *testing.T) {
	text, err := small().JSON()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", string(text))
}

// Of a part the rest says that it was not measured, and lists are never null.
func TestPart(t *testing.T) {
	r := &Report{Config: Config{Nodes: 10, Lookups: 4, Profile: "defaults", Link: "25ms", Transport: "tcp", Command: "cd compare && go run . --only put", Date: "2026-11-25"}}
	golden(t, "part.md", r.Page())
	text, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		t.Fatal(err)
	}
	if len(parts) != 6 || string(parts["hops"]) != "[]" || string(parts["versions"]) != "{}" || string(parts["costs"]) != "[]" || string(parts["behaviour"]) != "[]" {
		t.Errorf("encoded as %s", text)
	}
	if bytes.Contains(text, []byte("null")) {
		t.Errorf("a list is null: %s", text)
	}
}

// Where both sides cost the same and behave alike, libp2p is better nowhere; on a
// link of 25 ms the cold lookups of the run are those that a target asks for.
func TestAlike(t *testing.T) {
	r := &Report{Config: Config{Link: "25ms", Alpha: []int{3}}, Costs: Costs([][]Series{{
		{Operation: ClosestCold, Metric: "latency ms", Libp2p: []float64{200}, Kadmium: []float64{100}},
		{Operation: "put", Metric: "bytes", Libp2p: []float64{1000}, Kadmium: []float64{1050}},
		{Operation: "put", Metric: "true closest %", Libp2p: []float64{100}, Kadmium: []float64{99}},
	}})}
	if found := r.Better(); found != nil {
		t.Errorf("libp2p is better in %v", found)
	}
	if got := r.nowhere(); got != "Nowhere in what was measured." {
		t.Error(got)
	}
	oneSided := &Report{Costs: Costs([][]Series{{{Operation: "put", Metric: "bytes", Kadmium: []float64{1}}}})}
	for _, part := range []*Report{oneSided, {Missing: []Missing{{What: "a case"}}}} {
		if got := part.nowhere(); !strings.Contains(got, "on both sides") {
			t.Errorf("where something is missing: %s", got)
		}
	}
	outcomes := map[string]string{}
	for _, target := range r.Targets() {
		outcomes[target.What] = target.Outcome
	}
	if got := outcomes[ClosestFarCold+": latency ms, median"]; got != Reached {
		t.Errorf("half the latency over 25 ms: %s", got)
	}
	if got := outcomes["memory KiB a node, at rest after lookups"]; got != notMeasured {
		t.Errorf("memory, which was not measured: %s", got)
	}
}

// A verdict that stays says little of a case that differs anyhow: the words count too.
func TestChanged(t *testing.T) {
	before := []Row{
		{Case: "a", Libp2p: "found", Kadmium: "found", Verdict: Same},
		{Case: "b", Verdict: Same},
		{Case: "c", Verdict: Differs},
		{Case: "e", Libp2p: "not found", Kadmium: "found", Verdict: Differs},
		{Case: "f", Libp2p: "not found", Kadmium: "found", Verdict: Differs, Why: "before"},
	}
	now := []Row{
		{Case: "d", Verdict: Same},
		{Case: "b", Libp2p: "x", Kadmium: "y", Verdict: Differs},
		{Case: "a", Libp2p: "lost", Kadmium: "lost", Verdict: Same},
		{Case: "e", Libp2p: "not found", Kadmium: "error: no peers", Verdict: Differs},
		{Case: "f", Libp2p: "not found", Kadmium: "found", Verdict: Differs, Why: "after"},
	}
	got := Changed(before, now)
	want := []string{
		`"d" is new: same`,
		`"b" was same, is differs on purpose: libp2p "x", kadmium "y"`,
		`"a", same: libp2p was "found", is "lost"`,
		`"a", same: kadmium was "found", is "lost"`,
		`"e", differs on purpose: kadmium was "found", is "error: no peers"`,
		`"c" is gone: it was differs on purpose`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("changed:\n%q\nwant\n%q", got, want)
	}
	if got := Changed(now, now); got != nil {
		t.Errorf("nothing changed: %q", got)
	}
}

// A case that could not be played is no row, but the page, the text and the JSON name
// it and say why.
func TestMissing(t *testing.T) {
	r := small()
	r.Missing = []Missing{{"ring of nodes, again", "libp2p: never happened: context deadline exceeded"}}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	encoded, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for what, s := range map[string]string{"page": r.Page(), "text": text.String(), "JSON": string(encoded)} {
		if !strings.Contains(s, "ring of nodes, again") || !strings.Contains(s, "never happened: context deadline exceeded") {
			t.Errorf("the %s does not say so:\n%s", what, s)
		}
	}
}

// What is written is the page, the JSON that makes it, and every picture that the
// page shows; the same report makes the same bytes.
func TestWrite(t *testing.T) {
	first, second := filepath.Join(t.TempDir(), "new"), t.TempDir()
	for _, dir := range []string{first, second} {
		if err := small().Write(dir, measured()); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{Name + ".json", Name + ".md"}
	for _, p := range small().pictures() {
		want = append(want, p.file())
	}
	entries, err := os.ReadDir(first)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
		a, errA := os.ReadFile(filepath.Join(first, e.Name()))
		b, errB := os.ReadFile(filepath.Join(second, e.Name()))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs (%v, %v)", e.Name(), errA, errB)
		}
	}
	slices.Sort(want)
	if slices.Sort(got); !slices.Equal(got, want) || len(got) != 7 {
		t.Errorf("written are %q, want %q", got, want)
	}
	r, err := Read(filepath.Join(first, Name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(first, Name+".md"))
	if err != nil || r.Page() != string(page) {
		t.Errorf("the page is not what its JSON makes (%v)", err)
	}
}
