package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/internal/cli"
	"kadmium/lookup"
)

// Each command explains itself with an example that begins with its own name.
func TestHelpHasExamples(t *testing.T) {
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		if !strings.Contains(cmd.Example, "kad") || cmd.Short == "" {
			t.Errorf("%s: short %q, example %q", cmd.CommandPath(), cmd.Short, cmd.Example)
		}
		if cmd.Flags().Lookup("bootstrap") != nil && (cmd.Long == "" || strings.HasPrefix(cmd.Long, "\n")) {
			t.Errorf("%s: no description: %.40q", cmd.CommandPath(), cmd.Long)
		}
		for _, sub := range cmd.Commands() {
			check(sub)
		}
	}
	check(new(app).rootCommand())
}

func TestHelp(t *testing.T) {
	u := newUser(t)
	for _, args := range [][]string{{"help"}, {"--help"}, {}} {
		if out := u.kad(args...).exits(cli.ExitDone).stdout; !strings.Contains(out, "kad demo") {
			t.Errorf("kad %q printed %s", args, out)
		}
	}
	if out := u.kad("help", "put").exits(cli.ExitDone).stdout; !strings.Contains(out, "--ttl") || !strings.Contains(out, "re-publishes") {
		t.Errorf("kad help put printed %s", out)
	}
	words := u.kad("help", "trace").exits(cli.ExitDone).stdout
	for _, word := range []string{"asked", "answered", "set aside", "failed", "found", "ended", kadmium.HeldHere} {
		if !strings.Contains(words, "\n  "+word+" ") {
			t.Errorf("kad help trace lacks %q", word)
		}
	}
	for reason := lookup.Converged; reason <= lookup.NoContacts; reason++ {
		if !strings.Contains(words, "\n  "+reason.String()+" ") {
			t.Errorf("kad help trace lacks %q", reason)
		}
	}
	h := one[cli.CommandHelp](u.kad("help", "get", "--json").exits(cli.ExitDone))
	if h.Command != "kad get" || len(h.Flags) == 0 {
		t.Errorf("%+v", h)
	}
	if h := one[cli.CommandHelp](u.kad("--json").exits(cli.ExitDone)); len(h.Commands) < 15 {
		t.Errorf("%d commands", len(h.Commands))
	}
}

func TestVersionAndCompletion(t *testing.T) {
	u := newUser(t)
	if v := one[versionResult](u.kad("version", "--json").exits(cli.ExitDone)); v.Version == "" || !strings.HasPrefix(v.Go, "go1.") {
		t.Errorf("%+v", v)
	}
	if out := u.kad("version").exits(cli.ExitDone).stdout; !strings.HasPrefix(out, "kad ") {
		t.Errorf("kad version printed %s", out)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		c := one[completionResult](u.kad("completion", shell, "--json").exits(cli.ExitDone))
		if plain := u.kad("completion", shell).exits(cli.ExitDone).stdout; plain != c.Script || len(plain) < 500 {
			t.Errorf("%s: %d bytes plain, %d in JSON", shell, len(plain), len(c.Script))
		}
	}
}
