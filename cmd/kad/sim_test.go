package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kadmium/internal/cli"
	"kadmium/sim/command"
	"kadmium/sim/report"
)

// Each flag reaches the simulation, and the report comes as one object.
func TestSim(t *testing.T) {
	u := newUser(t)
	r := one[report.Report](u.kad("sim", "--nodes", "60", "--lookups", "30", "--k", "5", "--alpha", "2", "--seed", "7", "--tables", "join",
		"--latency", "exp:20ms", "--loss", "0.01", "--duplicate", "0.02", "--sessions", "exp:20m", "--client", "0.1", "--silent", "0.05", "--lying", "0.06",
		"--workload", "day", "--targets", "nodes", "--duration", "30m", "--keys", "10", "--ttl", "2h", "--json").exits(cli.ExitDone).quiet())
	want := report.Config{Nodes: 60, Lookups: 30, K: 5, Alpha: 2, Seed: 7, Tables: "join", Latency: "exp:20ms", Loss: 0.01, Duplicate: 0.02,
		Sessions: "exp:20m", Client: 0.1, Silent: 0.05, Lying: 0.06, Workload: "day", Targets: "nodes", Duration: "30m0s", Keys: 10, TTL: "2h0m0s"}
	if r.Config != want {
		t.Errorf("config %+v", r.Config)
	}
	if r.Kind != report.Sim || r.Partial || r.Lookups == 0 || r.Values == nil || r.Values.Puts != 10 || r.VirtualSeconds < 1800 || r.Machine.Go == "" {
		t.Errorf("%+v", r)
	}
	for _, workload := range []string{"value", "provide", "mixed"} {
		r := one[report.Report](u.kad("sim", "--nodes", "40", "--lookups", "30", "--workload", workload, "--json").exits(cli.ExitDone).quiet())
		if r.Lookups != 30 || r.Succeeded != 30 || r.Values == nil {
			t.Errorf("%s: %+v", workload, r)
		}
	}
}

// An attack may be named several times, and varies by --vary.
func TestSimAttack(t *testing.T) {
	u := newUser(t)
	out := u.kad("sim", "--nodes", "100", "--lookups", "20", "--attack", "liars", "--attack", "pool:identities=500,subnets=20", "--subnets", "30").exits(cli.ExitDone).quiet().stdout
	for _, part := range []string{"attack liars:share=0.2+pool:share=0.05,identities=500,subnets=20, subnets 30", "\nattack: closest honest node returned by ", "times the requests"} {
		if !strings.Contains(out, part) {
			t.Errorf("the report lacks %q:\n%s", part, out)
		}
	}
	s := one[command.SweepResult](u.kad("sim", "--nodes", "100", "--lookups", "20", "--vary", "attack=liars|mute:share=0.1,answer=garbled", "--json").exits(cli.ExitDone).quiet())
	if len(s.Sweep) != 2 || s.Sweep[0].Config.Attack != "liars:share=0.2" || s.Sweep[1].Config.Attack != "mute:share=0.1,answer=garbled" || s.Sweep[1].Attack == nil {
		t.Errorf("%+v", s)
	}
	with := &user{t: t, dir: u.dir, env: append(u.env, "KAD_ATTACK=drip:delay=300ms")}
	r := one[report.Report](with.kad("sim", "--nodes", "100", "--lookups", "20", "--json").exits(cli.ExitDone))
	if r.Config.Attack != "drip:share=0.2,delay=300ms" || r.Attack.WithoutAttack != 20 {
		t.Errorf("%+v, %+v", r.Config, r.Attack)
	}
}

// For people the report is text; what is no terminal gets no progress bar.
func TestSimForPeople(t *testing.T) {
	u := newUser(t)
	out := u.kad("sim", "--nodes", "300", "--lookups", "50", "--targets", "nodes").exits(cli.ExitDone).quiet().stdout
	for _, part := range []string{"sim: workload find, 50 lookups, 300 nodes, k 20, alpha 3, seed 1", "targets nodes", "lookups: 50, succeeded 50", "recall 1", "hops", "rpcs", "latency"} {
		if !strings.Contains(out, part) {
			t.Errorf("the report lacks %q:\n%s", part, out)
		}
	}
	// What the environment says of targets is no reason to refuse a workload without.
	with := &user{t: t, dir: u.dir, env: append(u.env, "KAD_TARGETS=nodes", "KAD_NODES=30,40")}
	out = with.kad("sim", "--lookups", "10", "--workload", "value").exits(cli.ExitDone).quiet().stdout
	if !strings.Contains(out, "\n     30 ") || !strings.Contains(out, "\n     40 ") || strings.Contains(out, "targets") {
		t.Error(out)
	}
}

// The same flags give the same report, but for what the machine has of its own.
func TestSimRepeats(t *testing.T) {
	u := newUser(t)
	reports := make([]report.Report, 2)
	for i := range reports {
		reports[i] = one[report.Report](u.kad("sim", "--nodes", "200", "--lookups", "100", "--latency", "world", "--json").exits(cli.ExitDone))
		reports[i].Machine = report.Machine{}
	}
	a, _ := json.Marshal(reports[0])
	b, _ := json.Marshal(reports[1])
	if string(a) != string(b) {
		t.Errorf("%s\nand then\n%s", a, b)
	}
}

// Several numbers of nodes are simulated in turn, and are one object.
func TestSimSweep(t *testing.T) {
	u := newUser(t)
	s := one[command.SweepResult](u.kad("sim", "--nodes", "20, 200,2000", "--lookups", "50", "--json").exits(cli.ExitDone).quiet())
	if len(s.Sweep) != 3 || s.Sweep[0].Config.Nodes != 20 || s.Sweep[1].Config.Nodes != 200 || s.Sweep[2].Config.Nodes != 2000 {
		t.Fatalf("%+v", s)
	}
	if a, b := s.Sweep[0].Hops.Mean, s.Sweep[2].Hops.Mean; a >= b {
		t.Errorf("hops %v, then %v", a, b)
	}
	if out := u.kad("sim", "--nodes", "20,30", "--lookups", "5").exits(cli.ExitDone).stdout; strings.Count(out, "\n") != 4 || !strings.Contains(out, "no intervals") {
		t.Error(out)
	}
}

// All combinations are run, in their order; --out keeps what was measured, a second time
// nothing is run again, and a plan in a file means the same.
func TestSimSweepKeepsRuns(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	dir := filepath.Join(u.dir, "results")
	// One picture: those that nobody chose take most of the time.
	all := []string{"sim", "--nodes", "30", "--lookups", "5", "--k", "4", "--alpha", "1,3", "--seed", "1..3", "--vary", "latency=world|exp:80ms", "--plot", "hops.mean:alpha", "--json", "--out"}
	first := one[command.SweepResult](u.kad(append(all, dir)...).exits(cli.ExitDone).quiet())
	if len(first.Sweep) != 12 || first.Sweep[0].Config.Latency != "world" || first.Sweep[3].Config.Latency != "exp:80ms" || first.Sweep[1].Config.Seed != 2 {
		t.Fatalf("%d reports: %+v", len(first.Sweep), first.Sweep[1].Config)
	}
	table := u.fileText(filepath.Join(dir, "results.csv"))
	if lines := strings.Split(table, "\n"); !strings.HasPrefix(lines[0], "run,nodes,lookups,k,alpha,seed,") || !strings.HasSuffix(lines[0], ",metric,value") || len(lines) < 12*30 {
		t.Errorf("%d lines: %s", len(lines), lines[0])
	}
	again := one[command.SweepResult](u.kad(append(all, dir)...).exits(cli.ExitDone).quiet())
	for i := range again.Sweep {
		if again.Sweep[i].Machine != first.Sweep[i].Machine {
			t.Errorf("run %d was run again", i)
		}
	}
	plan := filepath.Join(u.dir, "plan.toml")
	if err := os.WriteFile(plan, []byte("nodes = 30\nk = 4\nlookups = 99\nalpha = [1, 3]\nseed = \"1..3\"\nlatency = [\"world\", \"exp:80ms\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(u.dir, "other")
	u.kad("sim", "--plan", plan, "--lookups", "5", "--plot", "hops.mean:alpha", "--out", other).exits(cli.ExitDone).quiet()
	if u.fileText(filepath.Join(other, "results.csv")) != table {
		t.Error("the plan's table differs")
	}
}

// --lookups-out keeps a row for each lookup, of one run and of several.
func TestSimLookupsOut(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	dir := filepath.Join(u.dir, "out")
	u.kad("sim", "--nodes", "40", "--lookups-out").exits(cli.ExitBadInput).says("--lookups-out", "next: say where with --out DIR")
	u.kad("sim", "--nodes", "40", "--lookups", "7", "--out", dir, "--lookups-out").exits(cli.ExitDone).quiet()
	if rows := u.fileText(filepath.Join(dir, "lookups.csv.zst")); !strings.HasPrefix(rows, "\x28\xb5\x2f\xfd") {
		t.Errorf("%q", rows)
	}
	all := []string{"sim", "--nodes", "40", "--lookups", "7", "--seed", "1..3", "--out", dir}
	u.kad(all...).exits(cli.ExitDone).quiet()
	if _, err := os.Stat(filepath.Join(dir, "lookups.csv.zst")); !os.IsNotExist(err) {
		t.Error("a table of another sweep is left")
	}
	r := u.kad(append(all, "--lookups-out")...).exits(cli.ExitDone).says("note: 2 runs had no rows of lookups in " + dir)
	if !strings.Contains(r.stdout, "21 lookups in "+filepath.Join(dir, "lookups.csv.zst")) {
		t.Error(r.stdout)
	}
	u.kad(append(all, "--lookups-out")...).exits(cli.ExitDone).quiet()
}

// fileText is the text of a file.
func (u *user) fileText(path string) string {
	u.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		u.t.Fatal(err)
	}
	return string(text)
}

// save keeps the output of a command in a file.
func (r *ran) save(path string) string {
	r.t.Helper()
	if err := os.WriteFile(path, []byte(r.stdout), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// quiet checks that nothing was written to stderr, which is no terminal.
func (r *ran) quiet() *ran {
	r.t.Helper()
	if r.stderr != "" {
		r.t.Errorf("%s: stderr holds %q", r.line, r.stderr)
	}
	return r
}

// Two reports are set side by side, also one of a bench.
func TestSimCompare(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	a := u.kad("sim", "--nodes", "500", "--lookups", "300", "--json").exits(cli.ExitDone).save(filepath.Join(u.dir, "a.json"))
	b := u.kad("sim", "--nodes", "500", "--lookups", "300", "--alpha", "10", "--json").exits(cli.ExitDone).save(filepath.Join(u.dir, "b.json"))
	c := u.kad("bench", "--nodes", "8", "--lookups", "10", "--json").exits(cli.ExitDone).save(filepath.Join(u.dir, "c.json"))

	compared := one[report.Comparison](u.kad("sim", "--compare", a, b, "--json").exits(cli.ExitDone).quiet())
	if len(compared.Configured) != 1 || compared.Configured[0].Name != "alpha" || len(compared.CDFs) != 2 {
		t.Errorf("%+v", compared)
	}
	for _, f := range compared.Figures {
		if f.Name == "rpcs.mean" && *f.Difference <= 0 || f.Name == "lookups" && *f.Difference != 0 {
			t.Errorf("%s differs by %v", f.Name, *f.Difference)
		}
	}
	same := one[report.Comparison](u.kad("sim", "--json", a, a, "--compare").exits(cli.ExitDone).quiet())
	if len(same.Configured) != 0 {
		t.Errorf("%+v", same.Configured)
	}
	if out := u.kad("sim", "--compare", a, b).exits(cli.ExitDone).quiet().stdout; !strings.HasPrefix(out, "configured differently: alpha 3 / 10\n") {
		t.Error(out)
	}
	if out := u.kad("sim", "--compare", a, c).exits(cli.ExitDone).quiet().stdout; !strings.Contains(out, "kind sim / bench") {
		t.Error(out)
	}
}

// Runs of several seeds are compared by directories, one as a sweep leaves it and one of
// plain reports.
func TestSimCompareDirectories(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	swept, plain := filepath.Join(u.dir, "swept"), filepath.Join(u.dir, "plain")
	for _, dir := range []string{filepath.Join(swept, "reports"), plain} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(plain, "notes.txt"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, seed := range []string{"1", "2", "3", "4", "5", "6"} {
		u.kad("sim", "--nodes", "200", "--lookups", "50", "--k", "4", "--latency", "exp:80ms", "--seed", seed, "--json").exits(cli.ExitDone).save(filepath.Join(swept, "reports", seed+".json"))
		u.kad("sim", "--nodes", "200", "--lookups", "50", "--k", "4", "--latency", "exp:80ms", "--seed", seed, "--alpha", "10", "--json").exits(cli.ExitDone).save(filepath.Join(plain, seed+".json"))
	}
	c := one[report.RunsComparison](u.kad("sim", "--compare", swept, plain, "--json").exits(cli.ExitDone).quiet())
	if len(c.Groups) != 1 || !c.Groups[0].Paired || len(c.Groups[0].SeedsA) != 6 || len(c.Groups[0].Configured) != 1 || c.Groups[0].Configured[0].Name != "alpha" {
		t.Fatalf("%+v", c)
	}
	for _, f := range c.Groups[0].Figures {
		if differs := f.Exceeds != nil && *f.Exceeds; f.Name == "rpcs.mean" && (!differs || *f.Difference <= 0) || f.Name == "recall" && differs {
			t.Errorf("%s differs: %v", f.Name, differs)
		}
	}
	out := u.kad("sim", "--compare", swept, plain).exits(cli.ExitDone).quiet().stdout
	if !strings.HasPrefix(out, "runs: 6 of a, 6 of b, in pairs of one seed\nconfigured differently: alpha 3 / 10\ndiffers: ") {
		t.Error(out)
	}
	u.kad("sim", "--nodes", "200", "--lookups", "50", "--k", "4", "--latency", "exp:80ms", "--seed", "5", "--json").exits(cli.ExitDone).save(filepath.Join(swept, "reports", "twice.json"))
	u.kad("sim", "--compare", swept, plain).exits(cli.ExitBadInput).says("one configuration and one seed, 5", "next: ")
}

// Of a directory that several plans were run in, the runs of the last are compared.
func TestSimCompareTheLastPlan(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	run := func(dir string, args ...string) string {
		out := filepath.Join(u.dir, dir)
		u.kad(append([]string{"sim", "--nodes", "60", "--lookups", "10", "--out", out}, args...)...).exits(cli.ExitDone).quiet()
		return out
	}
	run("a", "--k", "4,8", "--seed", "1..3")
	a := run("a", "--seed", "1..5", "--k", "4")
	b := run("b", "--seed", "1..5", "--k", "4", "--alpha", "1")
	r := u.kad("sim", "--compare", a, b, "--json").exits(cli.ExitDone).says("note: 3 reports of other plans in " + a + " left out")
	if c := one[report.RunsComparison](r); len(c.Groups) != 1 || len(c.Groups[0].SeedsA) != 5 || len(c.Groups[0].Configured) != 1 || c.Groups[0].Configured[0].Name != "alpha" {
		t.Errorf("%+v", c)
	}
	if err := os.WriteFile(filepath.Join(b, "manifest.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	u.kad("sim", "--compare", a, b).exits(cli.ExitBadInput).says("manifest.json is of version 0", "next: ")
}

// --out draws pictures into a directory that it makes.
func TestSimPictures(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	dir := filepath.Join(u.dir, "some", "pictures")
	out := u.kad("sim", "--nodes", "50", "--lookups", "20", "--workload", "mixed", "--out", dir).exits(cli.ExitDone).quiet().stdout
	files, err := filepath.Glob(filepath.Join(dir, "*.[ps][nv]g"))
	if err != nil || len(files) < 8 || !strings.Contains(out, report.Count(len(files), "picture")+" in "+dir) {
		t.Errorf("%v, %v: %s", files, err, out)
	}
	one[report.Report](u.kad("sim", "--nodes", "50", "--lookups", "20", "--json", "--out", dir).exits(cli.ExitDone).quiet())
}

// Where no pictures can be drawn the report is printed all the same: what was measured
// is not lost.
func TestSimPicturesFail(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	file := filepath.Join(u.dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	blocked := filepath.Join(u.dir, "blocked") // a picture's name is taken by a directory
	if err := os.MkdirAll(filepath.Join(blocked, "hops.png", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"sim", "bench"} {
		u.kad(command, "--out", file).exits(cli.ExitBadInput).says(file, "is no directory")
	}
	r := u.kad("sim", "--nodes", "50", "--lookups", "20", "--out", blocked).exits(cli.ExitNotDone).says("drawing: ", blocked, "next: check the directory of --out")
	if !strings.Contains(r.stdout, "lookups: 20, succeeded 20") {
		t.Errorf("the report is lost: %s", r.stdout)
	}
	r = u.kad("sim", "--nodes", "50", "--lookups", "20", "--out", blocked, "--json").exits(cli.ExitNotDone).says("drawing: ")
	if one[report.Report](r).Lookups != 20 {
		t.Errorf("the report is lost: %s", r.stdout)
	}
	s := one[command.SweepResult](u.kad("sim", "--nodes", "50,60", "--lookups", "20", "--out", blocked, "--json").exits(cli.ExitNotDone))
	if len(s.Sweep) != 2 {
		t.Errorf("%d reports", len(s.Sweep))
	}
}

// A directory of pictures that cannot be made or written to is refused before the run, which
// may take hours.
func TestOutIsTriedBeforeTheRun(t *testing.T) {
	u := newUser(t)
	file := filepath.Join(u.dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{filepath.Join(file, "below"), "/proc", "/proc/pictures"} {
		for _, command := range [][]string{{"sim", "--nodes", "1000000", "--lookups", "1000000"}, {"bench", "--lookups", "1000000"}} {
			r := u.kad(append(command, "--out", out)...).exits(cli.ExitNotDone).says("--out: ", "next: name a directory")
			if r.stdout != "" {
				t.Errorf("%s printed %s", r.line, r.stdout)
			}
		}
	}
}

// Interrupted before anything was measured it says so, and prints what there is: of a
// sweep the runs that have ended.
func TestSimInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	interrupted := func(args ...string) string {
		var out, errs strings.Builder
		a := &app{App: cli.App{Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }}}
		if code := a.execute(ctx, append([]string{"sim"}, args...)); code != cli.ExitNotDone || !strings.Contains(errs.String(), "interrupted") || strings.Count(errs.String(), "\n") != 2 {
			t.Errorf("exit code %d, stderr %s", code, &errs)
		}
		return out.String()
	}
	for _, tables := range []string{"ideal", "join"} {
		if r := decodeLine[report.Report](t, interrupted("--json", "--tables", tables)); !r.Partial || r.Lookups != 0 {
			t.Errorf("%+v", r)
		}
	}
	if s := decodeLine[command.SweepResult](t, interrupted("--json", "--nodes", "10,20")); s.Sweep == nil || len(s.Sweep) != 0 {
		t.Errorf("%+v", s)
	}
	if out := interrupted(); !strings.HasPrefix(out, "partial: interrupted, what follows is of the part that ran, 0 of 1000 lookups") {
		t.Error(out)
	}
}

// --plot chooses the pictures of a sweep, also of what is there already; without it the usual
// ones are drawn. What cannot be drawn is refused before anything is run.
func TestSimPlot(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	dir := filepath.Join(u.dir, "plots")
	run := func(lookups string, plots ...string) []string {
		t.Helper()
		args := []string{"sim", "--nodes", "20,300", "--lookups", lookups, "--alpha", "1,3", "--seed", "1..5", "--out", dir}
		for _, p := range plots {
			args = append(args, "--plot", p)
		}
		u.kad(args...).exits(cli.ExitDone).quiet()
		files, err := filepath.Glob(filepath.Join(dir, "*by*.svg"))
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range files {
			files[i] = filepath.Base(f)
		}
		return files
	}
	run("3", "heat:hops.mean:nodes:alpha")
	if files := strings.Join(run("3", "rpcs.p95:alpha"), " "); files != "heat-hops.mean-by-nodes-alpha.svg rpcs.p95-by-alpha-nodes.svg" {
		t.Error(files)
	}
	if files := strings.Join(run("4"), " "); !strings.Contains(files, "hops.mean-by-nodes-alpha.svg") || !strings.Contains(files, "latency-ms.p99-by-nodes-alpha.svg") || strings.Contains(files, "heat") || strings.Contains(files, "p95") {
		t.Errorf("%s: are those of the first plan still there?", files)
	}
	large := []string{"sim", "--nodes", "1000000,2000000", "--lookups", "10000000", "--out", dir, "--plot"}
	for plot, says := range map[string]string{
		"hops.meen:nodes": `there is no metric "hops.meen"; there are lookups, succeeded, recall, hops.mean|p50|p90|p95|p99|max`,
		"hops.mean:nods":  `there is no parameter "nods"; there are nodes, lookups, k, alpha`,
		"hops.mean:alpha": "alpha has one value only; what varies is nodes",
		"hops.mean":       "want METRIC:X",
	} {
		u.kad(append(large, plot)...).exits(cli.ExitBadInput).says("--plot: ", says, "next: ")
	}
	u.kad("sim", "--nodes", "20,30", "--plot", "hops.mean:nodes").exits(cli.ExitBadInput).says("no directory to draw into", "next: name a directory with --out")
	if out := u.kad("__complete", "sim", "--plot", "latency_ms.p5").exits(cli.ExitDone).stdout; !strings.Contains(out, "latency_ms.p50:") {
		t.Error(out)
	}
	if out := u.kad("__complete", "sim", "--plot", "hops.mean:al").exits(cli.ExitDone).stdout; !strings.Contains(out, "hops.mean:alpha") {
		t.Error(out)
	}
}

// The report has the trace of the lookup that --trace-of names, and says which it is.
func TestSimTraceOf(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	of := func(args ...string) report.Report {
		return one[report.Report](u.kad(append([]string{"sim", "--nodes", "300", "--k", "4", "--lookups", "30", "--json"}, args...)...).exits(cli.ExitDone).quiet())
	}
	if r := of(); r.Trace.Which != report.TraceTypical || float64(r.Trace.Hops) != r.Hops.P50 {
		t.Errorf("%+v", r.Trace)
	}
	if r := of("--trace-of", "worst"); r.Trace.Which != report.TraceWorst || float64(r.Trace.Hops) != r.Hops.Max || r.Config.TraceOf != "worst" {
		t.Errorf("%+v", r.Trace)
	}
	if r := of("--trace-of", "7"); r.Trace.Which != report.TraceNumber || r.Trace.Number != 7 {
		t.Errorf("%+v", r.Trace)
	}
	u.kad("sim", "--lookups", "30", "--trace-of", "30").exits(cli.ExitBadInput).says(`trace-of "30", want typical, worst or the number of a lookup, 0 to 29`)
	if out := u.kad("sim", "--nodes", "30", "--lookups", "5", "--trace-of", "2").exits(cli.ExitDone).stdout; !strings.Contains(out, "the trace of lookup 2, of ") {
		t.Error(out)
	}
}
