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
