package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kadmium/internal/cli"
	"kadmium/sim"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// made is a directory of runs with alpha 1 and 3, with five seeds each; the plan is stopped
// after so many.
func made(t *testing.T, runs int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	p := sweep.Plan{Base: sim.Defaults(), Axes: []sweep.Axis{{Name: "nodes", Values: []string{"60"}}, {Name: "lookups", Values: []string{"20"}}, {Name: "latency", Values: []string{"exp:80ms"}},
		{Name: "alpha", Values: []string{"1", "3"}}, {Name: "seed", Values: strings.Split("1,2,3,4,5", ",")}}}
	configs, err := p.Configs(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if _, _, err := sweep.Execute(ctx, configs, sweep.Options{Dir: dir, Progress: func(done, _ int) {
		if done == runs {
			stop()
		}
	}}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A directory of which runs are missing says so where it is compared.
func TestCompareSaysThatRunsAreMissing(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := made(t, 6)
	code, _, stderr := run(t, nil, "--compare", dir, dir)
	if code != cli.ExitDone || strings.Count(stderr, " of 10 runs in "+dir+" have not ended, and are missing here; the command that made it goes on\n") != 2 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	of := filepath.Join(dir, sweep.ManifestFile)
	text, err := os.ReadFile(of)
	if err != nil {
		t.Fatal(err)
	}
	var m sweep.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for _, e := range m.Runs {
		m.Missing = append(m.Missing, sweep.Missing{ID: e.ID, Params: e.Params})
	}
	m.Runs = nil
	if text, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(of, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := run(t, nil, "--compare", dir+":alpha=1,seed=2", dir); code != cli.ExitBadInput || !strings.Contains(stderr, "of 1 run none has ended") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	code, _, stderr = run(t, nil, "--compare", dir, dir)
	if code != cli.ExitBadInput || !strings.Contains(stderr, "of 10 runs none has ended\n  next: give the command that made the directory again") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// Two settings of one directory are compared; a report in it that was edited is refused.
func TestCompareSettingsOfOneDirectory(t *testing.T) {
	dir := made(t, 11)
	code, stdout, stderr := run(t, nil, "--compare", dir+":alpha=1", dir+":alpha=3")
	if code != cli.ExitDone || stderr != "" || !strings.HasPrefix(stdout, "runs: 5 of a, 5 of b, in pairs of one seed\nconfigured differently: alpha 1 / 3\n") {
		t.Errorf("exit code %d: %s%s", code, stderr, stdout)
	}
	code, _, stderr = run(t, nil, "--compare", dir+":alpha=1", dir+":alpha=2")
	if code != cli.ExitBadInput || !strings.Contains(stderr, "no run has alpha 2; there is 1, 3\n  next: write DIR:NAME=VALUE") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	reports, err := filepath.Glob(filepath.Join(dir, "reports", "*.json"))
	if err != nil || len(reports) != 10 {
		t.Fatal(reports, err)
	}
	text, err := os.ReadFile(reports[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(reports[0], bytes.Replace(text, []byte(`"rpc_total":`), []byte(`"rpc_total":1`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr = run(t, nil, "--compare", dir, dir)
	if code != cli.ExitBadInput || !strings.Contains(stderr, "mine: "+reports[0]+": not the report that was kept: ") || !strings.Contains(stderr, "next: give the command that made the directory again") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	code, stdout, stderr = run(t, nil, "--nodes", "60", "--lookups", "20", "--alpha", "1,3", "--seed", "1..5", "--latency", "exp:80ms", "--out", dir, "--plot", "hops.mean:alpha")
	if code != cli.ExitDone || stderr != fmt.Sprintf("note: 1 report in %s had been changed since it was kept, and was made again\n", dir) || !strings.Contains(stdout, "10 reports, ") {
		t.Errorf("exit code %d: %s%s", code, stderr, stdout)
	}
}

// An interrupted sweep is marked; of an interrupted run nothing is kept or drawn, and the
// message says so.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	interrupted := func(args ...string) (stdout, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		a := &cli.App{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }}
		if code := execute(ctx, a, "mine", args); code != cli.ExitNotDone {
			t.Errorf("%q: exit code %d", args, code)
		}
		return out.String(), errs.String()
	}
	dir := filepath.Join(t.TempDir(), "out")
	for _, tables := range []string{"ideal", "join"} {
		stdout, stderr := interrupted("--nodes", "60", "--tables", tables, "--json", "--out", dir)
		if r, err := report.Read(strings.NewReader(stdout)); err != nil || !r.Partial {
			t.Errorf("%s, %v", stdout, err)
		}
		if !strings.Contains(stderr, "the part that ran, and nothing of it was kept in "+dir+"\n  next: run it again to the end: only whole runs are kept\n") {
			t.Error(stderr)
		}
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*", "*")); err != nil || len(files) != 0 {
		t.Error(files, err)
	}
	stdout, _ := interrupted("--nodes", "60,70", "--json", "--out", dir)
	if s := (SweepResult{}); json.Unmarshal([]byte(stdout), &s) != nil || !s.Partial || s.Planned != 2 || len(s.Sweep) != 0 {
		t.Error(stdout)
	}
	if stdout, stderr := interrupted("--nodes", "60,70", "--out", dir); !strings.HasPrefix(stdout, "0 of 2 runs, interrupted: the same command goes on\n") || !strings.Contains(stderr, "next: run it again with the same --out") {
		t.Error(stdout, stderr)
	}
}

// --vary beside a plan of the same flag is refused, and so are several values in one text.
func TestPlanSaysItTwice(t *testing.T) {
	plan := filepath.Join(t.TempDir(), "plan.toml")
	for text, says := range map[string]string{
		`latency = "world"`:            "--plan " + plan + " and --vary latency=... both say what latency is\n  next: leave it out of one of them\n",
		`latency = "const:50ms,world"`: `next: write latency = ["const:50ms", "world"]`,
	} {
		if err := os.WriteFile(plan, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, stderr := run(t, nil, "--plan", plan, "--vary", "latency=exp:80ms"); code != cli.ExitBadInput || !strings.Contains(stderr, says) {
			t.Errorf("%s: exit code %d: %s", text, code, stderr)
		}
	}
}

// One run with a directory that has it is not run again, and says so.
func TestOneRunIsNotRunAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	of := []string{"--nodes", "60", "--lookups", "20", "--out", "out"}
	code, first, stderr := run(t, nil, of...)
	if code != cli.ExitDone || strings.Contains(stderr, "note:") {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	code, again, stderr := run(t, nil, of...)
	if code != cli.ExitDone || again != first || stderr != "note: out has this run already: it is not run again\n" {
		t.Errorf("exit code %d: %s%s", code, again, stderr)
	}
}

// A directory with a file of somebody's own, which --out would replace, is refused, and the
// file stays.
func TestOutReplacesNoFileOfOthers(t *testing.T) {
	for name, text := range map[string]string{"manifest.json": `{"name":"my page"}`, "results.csv": "mine\n", "lookups.csv.zst": "mine\n"} {
		dir := t.TempDir()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, seeds := range []string{"1", "1,2"} {
			code, stdout, stderr := run(t, nil, "--nodes", "60", "--lookups", "20", "--seed", seeds, "--out", dir)
			if code != cli.ExitBadInput || stdout != "" || !strings.HasPrefix(stderr, "mine: --out: no directory of a sweep: "+dir+": ") || !strings.Contains(stderr, name) || !strings.HasSuffix(stderr, "\n  next: choose another directory for --out, or move that file away\n") {
				t.Errorf("exit code %d: %s%s", code, stdout, stderr)
			}
		}
		if kept, err := os.ReadFile(file); err != nil || string(kept) != text {
			t.Errorf("%q, %v", kept, err)
		}
	}
}
