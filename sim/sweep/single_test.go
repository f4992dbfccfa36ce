package sweep

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kadmium/sim"
)

// single runs the only run of a plan in a directory, unless it has it, and reports whether it
// did. Meanwhile happens before the run is kept.
func single(t *testing.T, dir string, c sim.Config, lookups bool, meanwhile func()) (ran bool) {
	t.Helper()
	s, err := NewSingle(dir, c, lookups)
	if err != nil {
		t.Fatal(err)
	}
	if s.Kept != nil {
		if err := s.Keep(s.Kept, nil); err != nil {
			t.Fatal(err)
		}
		return false
	}
	r, rows, err := sim.RunLookups(t.Context(), c, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	meanwhile()
	if err := s.Keep(r, rows); err != nil {
		t.Fatal(err)
	}
	return true
}

func nothing() {}

// A run that the directory has is not run again, unless its lookups are wanted and missing.
func TestSingleIsRunOnce(t *testing.T) {
	dir, c := t.TempDir(), small(t)[0]
	for i, step := range []struct{ lookups, runs bool }{{false, true}, {false, false}, {true, true}, {true, false}, {false, false}} {
		if ran := single(t, dir, c, step.lookups, nothing); ran != step.runs {
			t.Errorf("%d: %v", i, ran)
		}
		if m := manifest(t, dir); len(m.Runs) != 1 || m.Planned != 1 {
			t.Errorf("%d: %+v", i, m)
		}
		if _, err := os.Stat(filepath.Join(dir, LookupsFile)); (err == nil) != step.lookups {
			t.Errorf("%d: lookups: %v", i, err)
		}
	}
}

// What a run read is known by what it was when it was read, whatever its file is when the run
// ends.
func TestSingleIsKnownByWhatItRead(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "rtt.csv")
	write := func(text string) sim.Config {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := small(t)[0]
		if err := c.Set("latency", "file:"+file); err != nil {
			t.Fatal(err)
		}
		return c
	}
	old := write("1,20\n20,1\n")
	out := filepath.Join(dir, "out")
	single(t, out, old, false, func() { write("1,30\n30,1\n") })
	if _, sum := old.Latency.File(); manifest(t, out).Inputs[file] != sum {
		t.Errorf("%v, not %s", manifest(t, out).Inputs, sum)
	}
	if !single(t, out, write("1,30\n30,1\n"), false, nothing) {
		t.Error("the report of another file was taken")
	}
	if changed := Changed(filepath.Join(out, "reports", manifest(t, out).Runs[0].ID+".json")); strings.Join(changed, "") != "" {
		t.Error(changed)
	}
}
