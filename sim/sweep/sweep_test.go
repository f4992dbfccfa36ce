package sweep

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"kadmium/sim"
)

// small is a plan of 2 x 3 runs.
func small(t *testing.T) []sim.Config {
	t.Helper()
	p := Plan{Base: sim.Defaults(), Axes: []Axis{{"nodes", []string{"60"}}, {"lookups", []string{"20"}}, {"alpha", []string{"1", "3"}}, {"seed", []string{"1", "2", "3"}}}}
	configs, err := p.Configs(nil)
	if err != nil {
		t.Fatal(err)
	}
	return configs
}

func execute(t *testing.T, configs []sim.Config, dir string) *Results {
	t.Helper()
	results, stopped, err := Execute(t.Context(), configs, Options{Dir: dir})
	if err != nil || stopped {
		t.Fatal(stopped, err)
	}
	return results
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The table does not depend on the number of cores, and the directory gives back what was
// measured.
func TestTableIsTheSameOnAnyNumberOfCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want []byte
	for _, cores := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(cores)
		dir := t.TempDir()
		results := execute(t, small(t), dir)
		if !slices.Equal(results.Varied, []string{"alpha", "seed"}) || len(results.Runs) != 6 {
			t.Fatalf("%v, %d runs", results.Varied, len(results.Runs))
		}
		table := read(t, dir, ResultsFile)
		if want == nil {
			want = table
		}
		if !bytes.Equal(table, want) {
			t.Errorf("on %d cores the table differs", cores)
		}
		opened, err := open(dir)
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := opened.WriteTable(&again); err != nil || !bytes.Equal(again.Bytes(), want) {
			t.Errorf("what was kept makes another table: %v", err)
		}
	}
}

// For people there is a row for each configuration, with intervals from 5 seeds on.
func TestTableForPeople(t *testing.T) {
	p := Plan{Base: sim.Defaults(), Axes: []Axis{{"nodes", []string{"60"}}, {"lookups", []string{"20"}}, {"alpha", []string{"1", "3"}}, {"seed", []string{"1", "2", "3", "4", "5"}}}}
	configs, err := p.Configs(nil)
	if err != nil {
		t.Fatal(err)
	}
	results := execute(t, configs, "")
	var b strings.Builder
	if err := results.Write(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 6 || strings.Contains(lines[0], "recall") || strings.Count(lines[1], "±")+strings.Count(lines[1], " equal") != len(shown)-2 || !strings.Contains(lines[1], "  1 equal  ") || !strings.Contains(lines[3], "95 %") || !strings.HasPrefix(lines[4], "equal: ") {
		t.Error(b.String())
	}
	results.Runs[1].Report.Recall = 0.75
	b.Reset()
	if err := results.Write(&b); err != nil || !regexp.MustCompile(`succeeded +recall +hops.mean`).MatchString(b.String()) {
		t.Error(b.String(), err)
	}
	results.Runs = results.Runs[:3]
	b.Reset()
	if err := results.Write(&b); err != nil || strings.Contains(b.String(), "±") || !strings.Contains(b.String(), "no intervals") {
		t.Error(b.String(), err)
	}
}

// A sweep that was stopped keeps what had ended, and goes on from there; a report that is
// broken is made again.
func TestStoppedSweepGoesOn(t *testing.T) {
	configs := small(t)
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	results, stopped, err := Execute(ctx, configs, Options{Dir: dir, Progress: func(done, _ int) {
		if done == 2 {
			stop()
		}
	}})
	if err != nil || !stopped || len(results.Runs) < 2 || len(results.Runs) == len(configs) {
		t.Fatalf("%d runs, stopped %v: %v", len(results.Runs), stopped, err)
	}
	if opened, err := open(dir); err != nil || len(opened.Runs) != len(results.Runs) {
		t.Fatal(opened, err)
	}
	broken := filepath.Join(dir, filepath.FromSlash(reportFile(results.Runs[0].ID)))
	if err := os.WriteFile(broken, []byte(`{"kind":"sim`), 0o600); err != nil {
		t.Fatal(err)
	}
	before := results.Runs[1].Report.Machine
	whole := execute(t, configs, dir)
	if len(whole.Runs) != len(configs) {
		t.Fatalf("%d runs", len(whole.Runs))
	}
	kept := slices.IndexFunc(whole.Runs, func(r Run) bool { return r.ID == results.Runs[1].ID })
	if whole.Runs[kept].Report.Machine != before {
		t.Error("what was there was run again")
	}
	if r, err := readKept(broken, ""); err != nil || r.Lookups != 20 || whole.Changed != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A run is another one if its settings, its files or the program are others.
func TestIdentity(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rtt.csv")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	seen := make(map[string]bool)
	add := func(p Program, change func(*sim.Config)) {
		c := sim.Defaults()
		change(&c)
		is := id(&c, &p)
		if seen[is] || len(is) != idLength {
			t.Errorf("%s is the ID of two", is)
		}
		seen[is] = true
	}
	set := func(name, value string) func(*sim.Config) {
		return func(c *sim.Config) {
			if err := c.Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(Program{}, func(*sim.Config) {})
	add(Program{SHA256: "other"}, func(*sim.Config) {})
	add(Program{}, set("seed", "2"))
	add(Program{}, set("sessions", "kad"))
	write("1,2\n2,1\n")
	add(Program{}, set("latency", "file:"+file))
	write("1,3\n3,1\n")
	add(Program{}, set("latency", "file:"+file))
}

// Two runs that are the same are refused in a line that names the values.
func TestPlanWithARunTwice(t *testing.T) {
	for _, c := range []struct {
		axes []Axis
		says string
	}{
		{[]Axis{{"alpha", []string{"3", "3"}}, {"seed", []string{"1", "2"}}}, "bad sweep: twice the same: alpha 3"},
		{[]Axis{{"seed", []string{"7", "1", "2", "7"}}}, "bad sweep: twice the same: seed 7"},
		{[]Axis{{"loss", []string{"0.5", "0", ".5"}}, {"seed", []string{"1", "2"}}}, "bad sweep: twice the same: loss 0.5 and .5"},
		{[]Axis{{"duration", []string{"1h", "60m"}}}, "bad sweep: twice the same: duration 1h and 60m"},
	} {
		p := Plan{Base: sim.Defaults(), Axes: c.axes}
		if _, err := p.Configs(nil); !errors.Is(err, ErrBadPlan) || !errors.Is(err, ErrSame) || err.Error() != c.says {
			t.Errorf("%v: %v", c.axes, err)
		}
	}
}

func TestList(t *testing.T) {
	for text, want := range map[string]string{"1": "1", "1,3,10": "1 3 10", "1..4": "1 2 3 4", "0.5, 2": "0.5 2", "7,1..2": "7 1 2", "find,value": "find value", "5..5": "5"} {
		if got, err := List(text); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"2..1", "1..", "..3", "1..x", "-1..3", "0..10000"} {
		if got, err := List(text); !errors.Is(err, ErrBadPlan) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

// A directory that holds none, or one that was changed, is refused.
func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := open(dir); !errors.Is(err, ErrNotSweep) {
		t.Error(err)
	}
	for _, text := range []string{"", "{}", `{"version":99}`, `{"version":2,"planned":1,"runs":[{"id":"0123456789abcdef","report":"../x"}]}`, `{"version":2,"planned":2}`, `{"version":2,"runs":[{"id":"0123456789abcdef","report":"reports/0123456789abcdef.json"}]}`} {
		if err := os.WriteFile(filepath.Join(dir, ManifestFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := open(dir); !errors.Is(err, ErrNotSweep) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Whatever is given: no panic, and at most maxValues values.
func FuzzList(f *testing.F) {
	for _, text := range []string{"1,2", "1..9", "..", "9999999999999999999..", ",,"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := List(text)
		if err != nil && !errors.Is(err, ErrBadPlan) || err == nil && (len(values) == 0 || len(values) > maxValues) {
			t.Errorf("%d values, %v", len(values), err)
		}
	})
}
