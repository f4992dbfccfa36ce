package command

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"kadmium/internal/cli"
	"kadmium/sim/report"
)

// run is a command line of a program called mine.
func run(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &cli.App{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(name string) string { return env[name] }}
	code = execute(t.Context(), a, "mine", args)
	return code, out.String(), errs.String()
}

// A program with the command for its main speaks of itself by its own name, and has the
// exit codes, variables and JSON of kad.
func TestMainOfAProgram(t *testing.T) {
	for _, c := range []struct {
		code int
		says string // on stderr
		args []string
	}{
		{cli.ExitBadInput, "mine: unknown flag: --nope\n  next: see: mine --help\n", []string{"--nope"}},
		{cli.ExitBadInput, "next: mine --help says what each flag takes\n", []string{"--nodes", "0"}},
		{cli.ExitBadInput, "next: see: mine --help\n", []string{"--nodes", "1..10000", "--seed", "1..10000"}},
		{cli.ExitBadInput, "mine: --out is empty\n", []string{"--out", ""}},
		{cli.ExitBadInput, "with the name of a flag of mine\n", []string{"--vary", "x"}},
		{cli.ExitBadInput, "mine: --compare: there is no nowhere\n  next: name two files that mine --json or kad bench --json wrote, or two directories of --out\n", []string{"--compare", "nowhere", "nowhere"}},
		{cli.ExitBadInput, "mine: --compare: there is no nowhere:alpha=3\n", []string{"--compare", ".", "nowhere:alpha=3"}},
		{cli.ExitBadInput, "mine: bad sweep: twice the same: alpha 3\n  next: give each value once\n", []string{"--alpha", "3,3", "--seed", "1..5"}},
		{cli.ExitBadInput, "mine: --vary latency=... was given twice\n  next: write all its values in one: --vary latency='A|B|C'\n", []string{"--vary", "latency=world", "--vary", "latency=exp:80ms"}},
		{cli.ExitBadInput, "mine: --latency and --vary latency=... both say what latency is\n  next: leave one of them out\n", []string{"--vary", "latency=world", "--latency", "world"}},
		{cli.ExitBadInput, "mine: --latency const:50ms,world: that is one value, as values of it may hold commas\n  next: write --vary latency='const:50ms|world'\n", []string{"--latency", "const:50ms,world"}},
		{cli.ExitBadInput, "next: write --vary sessions='exp:1h|weibull:0.6,40m|kad'\n", []string{"--sessions", "exp:1h, weibull:0.6,40m,kad"}},
		{cli.ExitBadInput, "next: mine --help says what each flag takes\n", []string{"--sessions", "exp:1h,often"}},
		{cli.ExitBadInput, "mine verify: REPORT is missing", []string{"verify"}},
		{cli.ExitBadInput, `no command is called "word"`, []string{"word"}},
		{cli.ExitNotDone, "mine: --out: mkdir /dev/null", []string{"--out", "/dev/null/x"}},
	} {
		code, stdout, stderr := run(t, nil, c.args...)
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.says) || strings.Contains(stderr, "kad sim") {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q; want %d and %q", c.args, code, stdout, stderr, c.code, c.says)
		}
		code, stdout, _ = run(t, nil, append(c.args, "--json")...)
		if f := (cli.Failure{}); code != c.code || json.Unmarshal([]byte(stdout), &f) != nil || f.Code != c.code || f.Next == "" {
			t.Errorf("%q --json: exit code %d, stdout %q", c.args, code, stdout)
		}
	}
	code, help, _ := run(t, nil, "--help")
	if code != cli.ExitDone || !strings.Contains(help, "\n  mine --nodes 1000000\n") || strings.Contains(help, "kad sim") || strings.Contains(help, "libp2p") {
		t.Errorf("exit code %d: %s", code, help)
	}
	env := map[string]string{"KAD_NODES": "50", "KAD_LOOKUPS": "10", "KAD_K": "7", "KAD_ALPHA": "5", "KAD_JSON": "1"}
	code, stdout, stderr := run(t, env, "--lookups", "20")
	if r, err := report.Read(strings.NewReader(stdout)); code != cli.ExitDone || stderr != "" || err != nil || r.Config.Nodes != 50 || r.Lookups != 20 || r.Config.K != 7 || r.Config.Alpha != 5 {
		t.Errorf("exit code %d, %v: %s%s", code, err, stdout, stderr)
	}
}
