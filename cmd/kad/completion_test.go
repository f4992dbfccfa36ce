package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kadmium/internal/cli"
)

// What follows a flag of few values is completed.
func TestFlagsComplete(t *testing.T) {
	u := newUser(t)
	for line, want := range map[string][]string{
		"node --mode":       {"auto", "client", "server"},
		"node --log-level":  {"debug", "info", "warn", "error"},
		"node --log-format": {"text", "json"},
		"sim --workload":    {"find", "value", "provide", "mixed", "day"},
		"sim --tables":      {"ideal", "join"},
		"sim --targets":     {"random", "nodes"},
		"sim --lookup":      {"discv5", "kadmium", "libp2p", "plain", "strictrounds"},
		"sim --table":       {"kadmium", "plain", "sample"},
		"sim --latency":     {"const:", "exp:", "world", "file:"},
		"sim --attack":      {"liars", "mute", "drip", "pool", "stale", "sybil", "eclipse"},
		"sim --gets":        {"first", "quorum", "fresh"},
		"sim --sessions":    {"none", "exp:", "weibull:", "kad"},
		"bench --workload":  {"find", "value", "provide", "mixed"},
		"bench --targets":   {"random", "nodes"},
		"completion":        {"bash", "zsh", "fish", "powershell"},
	} {
		out := u.kad(append(append([]string{"__complete"}, strings.Fields(line)...), "")...).exits(cli.ExitDone).stdout
		lines := strings.Fields(out)
		if got := lines[:len(lines)-1]; !slices.Equal(got, want) { // the last is cobra's directive
			t.Errorf("kad %s: %q, want %q", line, got, want)
		}
	}
}

var enumeration = regexp.MustCompile(`^(of \w+: )?[\w:]+(, [\w:]+)* or [\w:]+`)

// No flag says that it takes one of a few words without completing them.
func TestEnumeratedFlagsComplete(t *testing.T) {
	t.Parallel()
	a := new(app)
	enumerated := 0
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() != "string" || !enumeration.MatchString(f.Usage) {
				return
			}
			enumerated++
			if _, ok := cmd.GetFlagCompletionFunc(f.Name); !ok {
				t.Errorf("%s --%s does not complete: %q", cmd.CommandPath(), f.Name, f.Usage)
			}
		})
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(a.rootCommand())
	if enumerated < 5 {
		t.Errorf("only %d flags are read as enumerations", enumerated)
	}
}

// The version is what people ask for by a flag.
func TestVersionFlag(t *testing.T) {
	u := newUser(t, "KAD_VERSION=true") // no variable stands for it
	want := u.kad("version").exits(cli.ExitDone).stdout
	if got := u.kad("--version").exits(cli.ExitDone).stdout; got != want {
		t.Errorf("--version: %q, version: %q", got, want)
	}
	if got := one[versionResult](u.kad("--version", "--json").exits(cli.ExitDone)); got.Go == "" {
		t.Errorf("%+v", got)
	}
	if out := u.kad().exits(cli.ExitDone).stdout; !strings.Contains(out, "Usage") {
		t.Errorf("kad alone: %q", out)
	}
}
