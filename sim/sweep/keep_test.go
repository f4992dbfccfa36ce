package sweep

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"kadmium/sim"
)

// manifest is that of a directory.
func manifest(t *testing.T, dir string) *Manifest {
	t.Helper()
	m, err := readManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// stoppedAfter executes a plan until some runs have ended.
func stoppedAfter(t *testing.T, runs int, dir string) *Results {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	results, stopped, err := Execute(ctx, small(t), Options{Dir: dir, Progress: func(done, _ int) {
		if done == runs {
			stop()
		}
	}})
	if err != nil || !stopped {
		t.Fatal(stopped, err)
	}
	return results
}

// A stopped sweep says in its table and its manifest how much of the plan is there; one that
// has ended does not.
func TestStoppedSweepSaysSo(t *testing.T) {
	dir := t.TempDir()
	results := stoppedAfter(t, 2, dir)
	m := manifest(t, dir)
	if m.Planned != 6 || len(m.Runs) != len(results.Runs) || len(m.Missing) != 6-len(m.Runs) || m.Missing[0].Params["alpha"] == "" {
		t.Errorf("%+v", m)
	}
	if l, err := Reports(dir); err != nil || len(l.Reports) != len(m.Runs) || len(l.Missing) != len(m.Missing) {
		t.Errorf("%+v, %v", l, err)
	}
	text := func(r *Results) string {
		t.Helper()
		var b strings.Builder
		if err := r.Write(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	results.Runs, results.Missing = results.Runs[:2], append(results.Runs[2:], results.Missing...)
	if out := text(results); !strings.HasPrefix(out, "2 of 6 runs, interrupted: the same command goes on\n") || !strings.Contains(out, " of 3  ") {
		t.Error(out)
	}
	results.Kept = false
	if out := text(results); !strings.HasPrefix(out, "2 of 6 runs, interrupted: nothing is kept without --out DIR\n") {
		t.Error(out)
	}
	results.Runs, results.Missing = nil, append(results.Runs, results.Missing...)
	if out := text(results); out != "0 of 6 runs, interrupted: nothing is kept without --out DIR\n" {
		t.Error(out)
	}
	if out := text(execute(t, small(t), dir)); strings.Contains(out, "interrupted") || strings.Contains(out, " of 3  ") {
		t.Error(out)
	}
	if m := manifest(t, dir); m.Planned != 6 || len(m.Runs) != 6 || len(m.Missing) != 0 {
		t.Errorf("%+v", m)
	}
}

// A row of which less than 5 seeds have ended is not asked for more, and configurations of
// which none has are counted.
func TestStoppedSweepHasNoIntervalsYet(t *testing.T) {
	r := resultsOf(configs(t, nil, Axis{"alpha", []string{"1", "3", "5"}}, Axis{"seed", []string{"1", "2", "3", "4", "5"}}))
	r.Missing, r.Runs = r.Runs[4:], r.Runs[:4]
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"4 of 15 runs, interrupted", "2 configurations of which no run has ended", "4 of 5", "no intervals yet"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("it lacks %q: %s", part, &b)
		}
	}
}

// While runs are being made the directory has a manifest that says which, and no table of
// others: what a process that is killed leaves goes on.
func TestKilledSweepGoesOn(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that nothing is written while it is copied
	dir, killed := t.TempDir(), filepath.Join(t.TempDir(), "killed")
	configs := small(t)
	execute(t, configs[:2], dir)
	_, _, err := Execute(t.Context(), configs, Options{Dir: dir, Lookups: true, Progress: func(done, _ int) {
		if done == 1 {
			if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
				t.Error(err)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	m := manifest(t, killed)
	if m.Planned != 6 || len(m.Runs) != 1 || len(m.Missing) != 5 {
		t.Fatalf("%d planned, %d ended, %d missing", m.Planned, len(m.Runs), len(m.Missing))
	}
	for _, name := range []string{ResultsFile, LookupsFile} {
		if _, err := os.Stat(filepath.Join(killed, name)); !os.IsNotExist(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	of, err := open(killed)
	if err != nil {
		t.Fatal(err)
	}
	results, _, err := Execute(t.Context(), configs, Options{Dir: killed, Lookups: true})
	if err != nil {
		t.Fatal(results, err)
	}
	for _, run := range results.Runs {
		if run.ID == of.Runs[0].ID && run.Report.Machine != of.Runs[0].Report.Machine {
			t.Error("what was there was run again")
		}
	}
	if !bytes.Equal(read(t, killed, ResultsFile), read(t, dir, ResultsFile)) {
		t.Error("the table differs")
	}
}

// A report that was edited is refused by what reads a directory, and made again by the plan,
// which says so; one that was removed is made again.
func TestEditedReport(t *testing.T) {
	dir := t.TempDir()
	results := execute(t, small(t), dir)
	table := read(t, dir, ResultsFile)
	file := filepath.Join(dir, filepath.FromSlash(reportFile(results.Runs[2].ID)))
	edited := *results.Runs[2].Report
	edited.RPCTotal++
	text, err := json.Marshal(edited)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	refused := func() {
		t.Helper()
		if _, err := open(dir); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), file) {
			t.Error(err)
		}
		l, err := Reports(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Reports[1].Read(); err != nil {
			t.Error(err)
		}
		if _, err := l.Reports[2].Read(); !errors.Is(err, ErrChanged) || strings.Count(err.Error(), file) != 1 {
			t.Error(err)
		}
	}
	refused()
	if changed := Changed(file); len(changed) != 1 || !strings.Contains(changed[0], "SHA-256") {
		t.Error(changed)
	}
	again := execute(t, small(t), dir)
	if again.Changed != 1 || again.Runs[2].Report.RPCTotal != results.Runs[2].Report.RPCTotal || again.Runs[1].Report.Machine != results.Runs[1].Report.Machine {
		t.Errorf("%d changed: %+v", again.Changed, again.Runs[2].Report)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	refused()
	if again := execute(t, small(t), dir); again.Changed != 0 || !bytes.Equal(read(t, dir, ResultsFile), table) {
		t.Errorf("%d changed", again.Changed)
	}
	if _, err := open(dir); err != nil {
		t.Error(err)
	}
	for _, name := range []string{ManifestFile, ResultsFile} { // nothing says what was kept
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if again := execute(t, small(t), dir); again.Changed != 0 || again.Runs[1].Report.Machine == results.Runs[1].Report.Machine {
		t.Error("a report that nothing lists was taken")
	}
}

// The reports of another plan are known as long as they are there, and are not made again.
func TestReportsOfAnotherPlanStayKnown(t *testing.T) {
	dir := t.TempDir()
	all := small(t)
	first := execute(t, all, dir)
	execute(t, all[:1], dir)
	if m := manifest(t, dir); len(m.Others) != 5 || m.Planned != 1 {
		t.Errorf("%+v", m)
	}
	if l, err := Reports(dir); err != nil || len(l.Reports) != 1 || l.Others != 5 {
		t.Errorf("%+v, %v", l, err)
	}
	again := execute(t, all, dir)
	for i := range again.Runs {
		if again.Runs[i].Report.Machine != first.Runs[i].Report.Machine {
			t.Errorf("run %d was made again", i)
		}
	}
	if m := manifest(t, dir); len(m.Others) != 0 || m.Planned != 6 {
		t.Errorf("%+v", m)
	}
}

// Reports that were kept without lookups stay known when a plan that wants these is stopped:
// its runs are missing, they are no others, and without lookups they are not made again. One
// that was changed or removed meanwhile is no longer known.
func TestStoppedPlanOfLookupsForgetsNoReport(t *testing.T) {
	dir := t.TempDir()
	all := small(t)
	first := execute(t, all, dir)
	file := func(i int) string { return filepath.Join(dir, filepath.FromSlash(reportFile(first.Runs[i].ID))) }
	stop := func(others int) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if r, stopped, err := Execute(ctx, all, Options{Dir: dir, Lookups: true}); err != nil || !stopped || r.Again != others {
			t.Fatal(r, stopped, err)
		}
		if m := manifest(t, dir); m.Planned != 6 || len(m.Missing) != 6 || len(m.Others) != others {
			t.Errorf("%+v", m)
		}
		if l, err := Reports(dir); err != nil || len(l.Reports) != 0 || len(l.Missing) != 6 || l.Others != 0 {
			t.Errorf("%+v, %v", l, err)
		}
	}
	stop(6)
	again := execute(t, all, dir)
	for i := range again.Runs {
		if again.Runs[i].Report.Machine != first.Runs[i].Report.Machine {
			t.Errorf("run %d was made again", i)
		}
	}
	if m := manifest(t, dir); len(m.Runs) != 6 || len(m.Others) != 0 {
		t.Errorf("%+v", m)
	}
	if err := errors.Join(os.Remove(file(0)), os.WriteFile(file(1), []byte("{}"), 0o600)); err != nil {
		t.Fatal(err)
	}
	stop(4)
	if again := execute(t, all, dir); again.Changed != 0 || again.Runs[2].Report.Machine != first.Runs[2].Report.Machine {
		t.Errorf("%d changed", again.Changed)
	}
}

// A plan is not run where it would replace a file that may be somebody's own, and leaves the
// directory as it is.
func TestFilesOfOthersAreNotReplaced(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{ManifestFile, `{"name":"my page"}`, "manifest.json is of version 0"},
		{ManifestFile, "", "manifest.json: unexpected end"},
		{ManifestFile, `{"version":1,"planned":0}`, "an earlier kad made it"},
		{ManifestFile, `{"version":99}`, "manifest.json is of version 99"},
		{ResultsFile, "a,b\n", "it has results.csv and no manifest.json"},
		{LookupsFile, "", "it has lookups.csv.zst and no manifest.json"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, c.name), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		measured := Measurement{Settings: []sim.Setting{{Name: "nodes", Value: "4"}}, Run: nil}
		_, _, executed := Execute(t.Context(), small(t), Options{Dir: dir, Lookups: true})
		_, single := NewSingle(dir, small(t)[0], true)
		_, _, several := Measure(t.Context(), []Measurement{measured}, dir, nil)
		_, alone := measured.Single(dir)
		for i, err := range []error{executed, single, several, alone} {
			if !errors.Is(err, ErrNotSweep) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s %q, %d: %v", c.name, c.text, i, err)
			}
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 1 || string(read(t, dir, c.name)) != c.text {
			t.Errorf("%s %q: %v, %v", c.name, c.text, files, err)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ManifestFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Execute(t.Context(), small(t), Options{Dir: dir}); !errors.Is(err, ErrNotSweep) {
		t.Error(err)
	}
}

// Runs of a directory are chosen by their settings; what is no choice says what there is.
func TestChoose(t *testing.T) {
	dir := t.TempDir()
	execute(t, small(t), dir)
	choose := func(text string) (*Listing, error) {
		t.Helper()
		l, err := Reports(dir)
		if err != nil {
			t.Fatal(err)
		}
		return l, l.Choose(text)
	}
	for text, want := range map[string]int{"alpha=3": 3, "alpha=03": 3, "seed=2": 2, "alpha=1,seed=2": 1, "latency=const:50ms,alpha=1": 3, "latency=const:0.05s": 6, "sessions=none": 6, "loss=0.0": 6} {
		if l, err := choose(text); err != nil || len(l.Reports) != want {
			t.Errorf("%s: %d reports, %v", text, len(l.Reports), err)
		}
	}
	for text, says := range map[string]string{"alpha": "want NAME=VALUE", "x,alpha=3": "want NAME=VALUE", "alfa=3": `no "alfa"; they have alpha, `, "alpha=2": "there is 1, 3", "alpha=1,seed=9": "has seed 9; there is 1, 2, 3"} {
		if _, err := choose(text); !errors.Is(err, ErrNoneChosen) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, ManifestFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := choose("alpha=3"); !errors.Is(err, ErrNoneChosen) || !strings.Contains(err.Error(), "no manifest.json") {
		t.Error(err)
	}
}
