package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kadmium/internal/cli"
	"kadmium/sim/command"
	"kadmium/sim/report"
)

// A report is the same again; one whose figures were changed is not, and the figure is named.
func TestSimVerify(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	made := u.kad("sim", "--nodes", "60", "--lookups", "20", "--workload", "mixed", "--tables", "join", "--latency", "exp:80ms", "--seed", "7", "--json").exits(cli.ExitDone)
	path := made.save(filepath.Join(u.dir, "a.json"))
	if out := u.kad("sim", "verify", path).exits(cli.ExitDone).quiet().stdout; !strings.HasPrefix(out, "the same") {
		t.Error(out)
	}
	if v := one[command.VerifyResult](u.kad("sim", "verify", path, "--json").exits(cli.ExitDone).quiet()); !v.Same || len(v.Differs) != 0 {
		t.Errorf("%+v", v)
	}
	r, text := one[report.Report](made), made.stdout
	r.RPCTotal++
	r.Values.Found--
	made.stdout = encoded(t, r)
	changed := made.save(filepath.Join(u.dir, "b.json"))
	if v := one[command.VerifyResult](u.kad("sim", "verify", changed, "--json").exits(cli.ExitNotDone)); v.Same || len(v.Differs) != 2 || v.Differs[0].Name != "rpc_total" || v.Differs[0].A != fmt.Sprint(r.RPCTotal) || v.Differs[0].B != fmt.Sprint(r.RPCTotal-1) || v.Differs[1].Name != "values.found" {
		t.Errorf("%+v", v)
	}
	u.kad("sim", "verify", changed).exits(cli.ExitNotDone).says("the report differs", "first in rpc_total", "next: use the release that made it")
	r.Config.Seed++
	made.stdout = encoded(t, r)
	if out := u.kad("sim", "verify", made.save(filepath.Join(u.dir, "seed.json"))).exits(cli.ExitNotDone).stdout; !strings.Contains(out, " more: --json names all\n") {
		t.Error(out)
	}
	u.kad("sim", "verify").exits(cli.ExitBadInput).says("REPORT is missing")
	refused := func(why string, change func(*report.Report)) {
		t.Helper()
		r := one[report.Report](&ran{t: t, stdout: text})
		change(&r)
		made.stdout = encoded(t, r)
		u.kad("sim", "verify", made.save(filepath.Join(u.dir, "c.json"))).exits(cli.ExitBadInput).says(why)
	}
	refused("no simulation repeats", func(r *report.Report) { r.Kind = report.Bench })
	refused("an interrupted run", func(r *report.Report) { r.Partial = true })
	refused("spiral", func(r *report.Report) { r.Config.Lookup = "spiral" })
	refused("nowhere.csv", func(r *report.Report) { r.Config.Latency = "file:" + filepath.Join(u.dir, "nowhere.csv") })
	made.stdout = strings.Replace(text, `"kind"`, `"kinds":"sim","kind"`, 1)
	u.kad("sim", "verify", made.save(filepath.Join(u.dir, "c.json"))).exits(cli.ExitBadInput).says("unknown field", "kinds")
	made.stdout = strings.Replace(text, `"kind"`, `"kind":"sim","kind"`, 1)
	u.kad("sim", "verify", made.save(filepath.Join(u.dir, "c.json"))).exits(cli.ExitBadInput).says(`the field "kind" twice`)
	u.kad("sim", "verify", filepath.Join(u.dir, "nowhere.json")).exits(cli.ExitBadInput).says("no such file")
}

// Of a report in a sweep's directory the manifest knows whether what it was made of has
// changed.
func TestSimVerifyInASweep(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	matrix := filepath.Join(u.dir, "rtt.csv")
	write := func(text string) {
		if err := os.WriteFile(matrix, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("0,80\n80,0\n")
	dir := filepath.Join(u.dir, "out")
	u.kad("sim", "--nodes", "60", "--lookups", "20", "--seed", "1,2", "--latency", "file:"+matrix, "--out", dir).exits(cli.ExitDone)
	all, err := filepath.Glob(filepath.Join(dir, "reports", "*.json"))
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	u.kad("sim", "verify", all[0]).exits(cli.ExitDone).quiet()
	write("0,90\n90,0\n")
	v := one[command.VerifyResult](u.kad("sim", "verify", all[0], "--json").exits(cli.ExitNotDone))
	if v.Same || len(v.Changed) != 1 || !strings.Contains(v.Changed[0], matrix) {
		t.Errorf("%+v", v)
	}
	u.kad("sim", "verify", dir).exits(cli.ExitBadInput).says("no regular file", "next: ")
}

// encoded is a report in JSON, with a change.
func encoded(t *testing.T, r report.Report) string {
	t.Helper()
	var b strings.Builder
	if err := cli.EncodeJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
