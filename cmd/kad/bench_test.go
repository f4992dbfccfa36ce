package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kadmium"
	"kadmium/internal/cli"
	"kadmium/sim/command"
	"kadmium/sim/report"
)

func TestBench(t *testing.T) {
	u := newUser(t)
	r := one[report.Report](u.kad("bench", "--nodes", "10", "--lookups", "20", "--k", "3", "--seed", "7", "--workload", "mixed", "--ttl", "1h", "--json").exits(cli.ExitDone))
	if c := r.Config; c.Nodes != 10 || c.Lookups != 20 || c.K != 3 || c.Alpha != 3 || c.Seed != 7 || c.Workload != "mixed" || c.Targets != "random" || c.TTL != "1h0m0s" {
		t.Errorf("config %+v", c)
	}
	if r.Kind != report.Bench || r.Lookups != 20 || r.Succeeded != 20 || r.Recall != 1 || r.Hops.Mean < 1 || r.Partial || r.Machine.MemoryBytesPerNode < 10_000 {
		t.Errorf("%+v", r)
	}
	out := u.kad("bench", "--nodes", "5", "--lookups", "3").exits(cli.ExitDone).stdout
	for _, part := range []string{"lookups: 3, succeeded 3", "hops", "rpcs", "latency"} {
		if !strings.Contains(out, part) {
			t.Errorf("the report lacks %q:\n%s", part, out)
		}
	}
}

// Against a live network --nodes is not for use, nor is a KAD_BOOTSTRAP beside it.
func TestBenchOfLiveNetwork(t *testing.T) {
	u := newUser(t)
	first := u.node("--control", "a.sock")
	u.node("--control", "b.sock", "--bootstrap", first.address())
	r := one[report.Report](u.kad("bench", "--bootstrap", first.address(), "--lookups", "10", "--json").exits(cli.ExitDone))
	if r.Config.Bootstrap != first.address() || r.Lookups != 10 || r.Succeeded != 10 || r.Hops.Mean < 1 || r.Recall != 0 {
		t.Errorf("%+v", r)
	}
	u.env = append(u.env, "KAD_BOOTSTRAP="+first.address())
	if r := one[report.Report](u.kad("bench", "--lookups", "10", "--json").exits(cli.ExitDone)); r.Config.Bootstrap == "" {
		t.Errorf("KAD_BOOTSTRAP came to nothing: %+v", r.Config)
	}
	if r := one[report.Report](u.kad("bench", "--nodes", "3", "--lookups", "10", "--json").exits(cli.ExitDone)); r.Config.Bootstrap != "" || r.Config.Nodes != 3 {
		t.Errorf("--nodes came to nothing: %+v", r.Config)
	}
	u.kad("bench", "--bootstrap", first.address(), "--network", "another").exits(cli.ExitNotDone).says("no answer from "+first.address(), "--network")
}

// What several clients wrote becomes one report.
func TestBenchMerge(t *testing.T) {
	u := newUser(t)
	n := u.node()
	for _, file := range []string{"a.json", "b.json", "c.json"} {
		r := u.kad("bench", "--bootstrap", n.address(), "--lookups", "5", "--workload", "value", "--json").exits(cli.ExitDone)
		if err := os.WriteFile(filepath.Join(u.dir, file), []byte(r.stdout), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := one[report.Report](u.kad("bench", "--merge", "a.json", "b.json", "c.json", "--json").exits(cli.ExitDone))
	if r.Lookups != 15 || r.Succeeded != 15 || r.LatencyMS.N() != 15 || r.NodesUp != 12 || r.Values.Puts != 15 || r.Config.Bootstrap != n.address() {
		t.Errorf("%+v", r)
	}
	if out := u.kad("bench", "--merge", "a.json", "b.json").exits(cli.ExitDone).stdout; !strings.Contains(out, "lookups: 10, succeeded 10") {
		t.Errorf("%s", out)
	}
	other := u.kad("bench", "--bootstrap", n.address(), "--lookups", "5", "--json").exits(cli.ExitDone)
	if err := os.WriteFile(filepath.Join(u.dir, "find.json"), []byte(other.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	u.kad("bench", "--merge", "a.json", "find.json").exits(cli.ExitBadInput).says("the 2nd of them: workload is find, and value of the first", "next: ")
	u.kad("bench", "--merge", "a.json").exits(cli.ExitBadInput).says("got 1")
	u.kad("bench", "--merge", "a.json", "b.json", "a.json").exits(cli.ExitBadInput).says("a.json and a.json are the same report", "next: ")
	u.kad("bench", "--merge", "a.json", "b.json").exits(cli.ExitDone).says("note: a.json and b.json have the same seed, 1")
	u.kad("bench", "--merge", "a.json", "b.json", "--lookups", "5").exits(cli.ExitBadInput).says("--lookups is for a measurement, and --merge makes none")
	u.kad("bench", "a.json").exits(cli.ExitBadInput)
}

func TestBenchNeedsFiles(t *testing.T) {
	u := newUser(t)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -n 100 && exec "$0" bench --nodes 50`, binary)
	cmd.Env, cmd.Dir = u.env, u.dir
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != cli.ExitNotDone || !strings.Contains(string(out), "50 nodes need") || !strings.Contains(string(out), "next: allow more open files") {
		t.Errorf("%v: %s", err, out)
	}
}

// Flags take several values: all combinations are measured, in their order, and are kept; a
// second time nothing is measured again.
func TestBenchSweep(t *testing.T) {
	u := newUser(t)
	dir := filepath.Join(u.dir, "out")
	all := []string{"bench", "--nodes", "4", "--lookups", "3", "--alpha", "1,3", "--seed", "1..5", "--out", dir}
	s := one[command.SweepResult](u.kad(append(all, "--json")...).exits(cli.ExitDone).quiet())
	if len(s.Sweep) != 10 || s.Sweep[1].Config.Seed != 2 || s.Sweep[5].Config.Alpha != 3 || s.Sweep[5].Config.Seed != 1 {
		t.Fatalf("%d: %+v", len(s.Sweep), s.Sweep)
	}
	if lines := strings.Split(u.fileText(filepath.Join(dir, "results.csv")), "\n"); lines[0] != "run,nodes,lookups,k,alpha,seed,workload,targets,ttl,bootstrap,network,metric,value" || !strings.Contains(lines[1], ",4,3,20,1,1,find,random,,,kad bench,") {
		t.Errorf("%s\n%s", lines[0], lines[1])
	}
	out := u.kad(all...).exits(cli.ExitDone).quiet().stdout
	if lines := strings.Split(out, "\n"); !strings.Contains(lines[0], "alpha  runs") || strings.Count(lines[1], "±") == 0 || !strings.Contains(out, "10 reports, results.csv and") {
		t.Error(out)
	}
	again := one[command.SweepResult](u.kad(append(all, "--json")...).exits(cli.ExitDone))
	if again.Sweep[9].Machine != s.Sweep[9].Machine {
		t.Error("what was there was measured again")
	}
	u.kad("bench", "--nodes", "4", "--lookups", "3", "--seed", "1..5", "--out", dir).exits(cli.ExitDone)
	other := filepath.Join(u.dir, "other")
	u.kad("bench", "--nodes", "4", "--lookups", "3", "--seed", "1..5", "--k", "2", "--out", other).exits(cli.ExitDone)
	if c := one[report.RunsComparison](u.kad("sim", "--compare", dir, other, "--json").exits(cli.ExitDone)); len(c.Groups) != 1 || !c.Groups[0].Paired {
		t.Errorf("%+v", c)
	}
	single := filepath.Join(u.dir, "single")
	u.kad("bench", "--nodes", "4", "--lookups", "3", "--out", single).exits(cli.ExitDone)
	if !strings.HasPrefix(u.fileText(filepath.Join(single, "results.csv")), "run,nodes,") {
		t.Error("a single run has no table")
	}
	mine := filepath.Join(single, "manifest.json")
	if err := os.WriteFile(mine, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, seeds := range []string{"1", "1,2"} {
		u.kad("bench", "--nodes", "4", "--seed", seeds, "--out", single).exits(cli.ExitBadInput).says("--out: ", single+": manifest.json is of version 0", "next: choose another directory for --out, or move that file away")
	}
	if u.fileText(mine) != "{}" {
		t.Error("a manifest that kad did not write was replaced")
	}
	u.kad("bench", "--alpha", "3..1").exits(cli.ExitBadInput).says("--alpha", "is no range", "next: ")
	u.kad("bench", "--alpha", "3,x").exits(cli.ExitBadInput).says(`--alpha "x": want a whole number`, "next: ")
	u.kad("bench", "--alpha", "3,3").exits(cli.ExitBadInput).says("kad bench: bad sweep: twice the same: alpha 3\n", "next: give each value once")
	u.kad("bench", "--ttl", "1h,60m", "--workload", "value").exits(cli.ExitBadInput).says("kad bench: bad sweep: twice the same: ttl 1h0m0s\n", "next: give each value once")
	u.kad("bench", "--nodes", "4,1").exits(cli.ExitBadInput).says("nodes 1")
}

// Interrupted before it has measured anything the bench says so.
func TestBenchInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs strings.Builder
	a := &app{App: cli.App{Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }}}
	if code := a.execute(ctx, []string{"bench", "--json"}); code != cli.ExitNotDone || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("exit code %d, stderr %s", code, &errs)
	}
	if f := decodeLine[failure](t, out.String()); f.Code != cli.ExitNotDone {
		t.Errorf("%+v", f)
	}
}

// A signal ends the bench with a report of what it has measured.
func TestBenchSignalled(t *testing.T) {
	u := newUser(t)
	node := u.node()
	cmd := u.command(t.Context(), "bench", "--bootstrap", node.address(), "--lookups", "100000000", "--json")
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; { // joining takes a few
		served := one[kadmium.Stats](u.kad("stats", "--json").exits(cli.ExitDone)).Counters["served.FIND_NODE"]
		if served > 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d requests within %s", served, patience)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != cli.ExitNotDone || !strings.Contains(errs.String(), "interrupted") {
		t.Fatalf("%v: %s", err, &errs)
	}
	if r := decodeLine[report.Report](t, out.String()); !r.Partial || r.Lookups < 100 || r.Succeeded != r.Lookups {
		t.Errorf("%+v", r)
	}
}
