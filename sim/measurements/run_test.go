package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"kadmium/sim/report"
)

// printed is a report as kad prints it.
func printed(t *testing.T, change func(*report.Report)) []byte {
	t.Helper()
	r := &report.Report{Kind: report.Sim, Events: 5000, RPCTotal: 100, Series: []report.Interval{{Start: 1}}, Trace: &report.Trace{}}
	r.Summarise([]report.Sample{
		{Succeeded: true, Hops: 1, Rounds: 2, RoundsAfterClosest: 1, RPCs: 21, Recall: 1, Found: true},
		{Succeeded: true, Hops: 2, Rounds: 3, RoundsAfterClosest: 1, RPCs: 22, Recall: 1, Found: true},
		{Succeeded: true, Hops: 2, Rounds: 3, RoundsAfterClosest: 1, RPCs: 23, Recall: .95, Found: true},
		{Hops: 3, Rounds: 4, RoundsAfterClosest: 1, RPCs: 24, Recall: 1, Found: true},
	})
	r.Hops.Mean = 1.905
	r.Machine = report.Machine{WallSeconds: 12.3, RPCsPerSecond: 1000, CPUs: 1, Go: "go1.26.8"}
	if change != nil {
		change(r)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// fake is the result of a command.
func fake(t *testing.T, line string) *result {
	t.Helper()
	r, err := newResult(line, printed(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	r.Date, r.PeakMemory = "2026-01-02", 3<<30
	return r
}

// Of a sweep it keeps the figures of each run, of what lookups did in all their mean.
func TestResultOfASweep(t *testing.T) {
	var reports []string
	for seed := range uint64(2) {
		reports = append(reports, string(printed(t, func(r *report.Report) {
			r.FirstReplicaHops, r.Rounds, r.RPCs, r.LatencyMS, r.Bytes = r.Hops, r.Hops, r.Hops, r.Hops, r.Hops
			r.Recall, r.RecallOf = 1, r.Lookups
			r.Work = append(r.Work, report.Work{Name: "lookup.first_contacts", Count: uint64(r.Lookups) * (2 + seed)})
		})))
	}
	r, err := newResult("a", []byte(`{"sweep":[`+strings.Join(reports, ",")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	if contacts := r.Runs["work.lookup.first_contacts"]; !slices.Equal(contacts, []float64{2, 3}) || len(r.Runs["hops.mean"]) != 2 {
		t.Errorf("%v", r.Runs)
	}
}

// A result keeps what the page needs. Two of the same run tell that they are the
// same though one was faster.
func TestResult(t *testing.T) {
	r := fake(t, "a")
	if !slices.Equal(r.HopShares, []float64{.25, .75, 1}) {
		t.Errorf("hop shares %v", r.HopShares)
	}
	if r.Report.Series != nil || r.Report.Trace != nil || r.Report.Hops.Histogram != nil || r.Report.Events != 5000 {
		t.Errorf("%+v", r.Report)
	}
	faster, err := newResult("a", printed(t, func(r *report.Report) { r.Machine.WallSeconds = 1 }))
	if err != nil || faster.Same != r.Same {
		t.Errorf("%v: %s, %s", err, faster.Same, r.Same)
	}
	other, err := newResult("a", printed(t, func(r *report.Report) { r.Series[0].Lookups++ }))
	if err != nil || other.Same == r.Same {
		t.Errorf("%v: a series that differs: %s", err, other.Same)
	}
	for what, output := range map[string][]byte{
		"nothing":   nil,
		"no report": []byte("{}"),
		"partial":   printed(t, func(r *report.Report) { r.Partial = true }),
	} {
		if _, err := newResult("a", output); err == nil {
			t.Errorf("%s is taken for a result", what)
		}
	}
}

// What is kept is what was kept, in the order of the commands, and of those that
// there are.
func TestKept(t *testing.T) {
	k := new(kept)
	a, b := command{flags: "a"}, command{flags: "b"}
	for _, c := range []command{b, {flags: "gone"}, a, b} {
		k.keep(fake(t, c.line()))
	}
	k.only([]command{a, b, {flags: "not yet"}})
	path := t.TempDir() + "/kept.json"
	if err := k.save(path); err != nil {
		t.Fatal(err)
	}
	again, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Results) != 2 || again.result(a) != again.Results[0] || again.result(b).PeakMemory != 3<<30 {
		t.Errorf("%+v", again.Results)
	}
	if string(saved(t, k)) != string(saved(t, again)) {
		t.Error("it changes by being read")
	}
	if k, err := load(t.TempDir() + "/none"); err != nil || len(k.Results) > 0 {
		t.Errorf("no file: %v, %v", k, err)
	}
	for _, bad := range []string{"", "{", `{"results":[null]}`, `{"results":[{}]}`, `{"other":1}`} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := load(path); err == nil {
			t.Errorf("%q is taken for results", bad)
		}
	}
}

// A run has the environment that its line says, whatever the caller's.
func TestEnvironment(t *testing.T) {
	c := command{env: "GOGC=25 GOMAXPROCS=1", flags: "--nodes 5"}
	got := c.environment([]string{"HOME=/h", "GOGC=off", "KAD_NODES=7", "GOMAXPROCS=9", "GODEBUG=x=1", "PATH=/bin"})
	if want := []string{"HOME=/h", "PATH=/bin", "GOGC=25", "GOMAXPROCS=1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if line := c.line(); line != "GOGC=25 GOMAXPROCS=1 kad sim --nodes 5 --json" || !strings.HasSuffix(line, strings.Join(c.words(), " ")) {
		t.Errorf("%s / %q", line, c.words())
	}
}

// stand is a command that prints a report, except where its second flag says fail.
func stand(t *testing.T) (kad string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.Mkdir("docs", 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nif [ $3 = fail ]; then echo '{\"error\":\"it is broken\"}' >&2; exit 1; fi\ncat <<'END'\n" + string(printed(t, nil)) + "\nEND\n"
	if err := os.WriteFile("kad", []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return "./kad"
}

func two(second string) []experiment {
	return []experiment{{name: "e", title: "E", why: "Because.",
		commands: []command{{name: "one", flags: "--nodes 1"}, {name: "two", flags: second}},
		rows:     []row{of("hops", hops, digits(2), "one"), of("hops", hops, digits(2), "two")}}}
}

// onPage counts the rows that show a figure on the page that was written.
func onPage(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "| hops | 1.9")
}

func TestRun(t *testing.T) {
	kad := stand(t)
	all := two("--nodes 2")
	if err := runAll(context.Background(), kad, all, all, new(kept), io.Discard); err != nil {
		t.Fatal(err)
	}
	k, err := load(keptFile)
	if err != nil || len(k.Results) != 2 || onPage(t) != 2 {
		t.Errorf("%v: %+v, %d rows", err, k, onPage(t))
	}
	all[0].commands[1].flags = "--nodes 3"
	if err := write(all, k); err != nil || onPage(t) != 1 {
		t.Errorf("%v: with a command that has changed %d rows are shown", err, onPage(t))
	}
}

// An error says which command it was, and what had been done is kept.
func TestRunFails(t *testing.T) {
	kad := stand(t)
	all := two("--nodes fail")
	err := runAll(context.Background(), kad, all, all, new(kept), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "kad sim --nodes fail --json") || !strings.Contains(err.Error(), "it is broken") {
		t.Error(err)
	}
	if onPage(t) != 1 {
		t.Errorf("%d rows", onPage(t))
	}
}

// interrupter ends a context when it is told of the second command.
type interrupter struct{ stop func() }

func (i interrupter) Write(text []byte) (int, error) {
	if strings.HasPrefix(string(text), "2 of 2") {
		i.stop()
	}
	return len(text), nil
}

func TestRunInterrupted(t *testing.T) {
	kad := stand(t)
	all := two("--nodes 2")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := runAll(ctx, kad, all, all, new(kept), interrupter{cancel})
	if err == nil || !strings.Contains(err.Error(), "interrupted: 1 of 2") || onPage(t) != 1 {
		t.Errorf("%v, %d rows", err, onPage(t))
	}
}
