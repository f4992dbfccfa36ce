package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kadmium/internal/cli"
)

// Each flag of each command can come from the environment, and its help says so.
func TestEveryFlagHasAVariable(t *testing.T) {
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if cli.HasEnv(f) && !strings.Contains(f.Usage, "[$"+cli.EnvName(f.Name)+"]") {
				t.Errorf("%s --%s: help %q names no variable", cmd.CommandPath(), f.Name, f.Usage)
			}
		})
		for _, sub := range cmd.Commands() {
			check(sub)
		}
	}
	check(new(app).rootCommand())
}

// A variable stands for its flag; what is typed outranks it; what it holds is
// checked as the flag is.
func TestEnvironment(t *testing.T) {
	u := newUser(t)
	with := func(vars ...string) *user {
		return &user{t: t, dir: u.dir, env: append(u.env[:len(u.env):len(u.env)], vars...)}
	}

	one[versionResult](with("KAD_JSON=true").kad("version").exits(cli.ExitDone))
	if out := with("KAD_JSON=true").kad("version", "--json=false").exits(cli.ExitDone).stdout; strings.HasPrefix(out, "{") {
		t.Errorf("--json=false printed %s", out)
	}
	if out := with("KAD_JSON=").kad("version").exits(cli.ExitDone).stdout; strings.HasPrefix(out, "{") {
		t.Errorf("an empty KAD_JSON printed %s", out)
	}
	with("KAD_JSON=perhaps").kad("version").exits(cli.ExitBadInput).says("KAD_JSON", "perhaps")
	one[failure](with("KAD_JSON=1").kad("get").exits(cli.ExitBadInput))

	with("KAD_MODE=boss").kad("node").exits(cli.ExitBadInput).says("boss")
	with("KAD_LISTEN=nowhere").kad("node").exits(cli.ExitBadInput).says("nowhere")
	with("KAD_QUORUM=0").kad("get", "/v/x").exits(cli.ExitBadInput).says("--quorum")
	with("KAD_QUORUM=many").kad("get", "/v/x").exits(cli.ExitBadInput).says("KAD_QUORUM", "many")
	with("KAD_TIMEOUT=0s").kad("table").exits(cli.ExitBadInput).says("--timeout")
	with("KAD_CONTROL=/nowhere/kad.sock").kad("table").exits(cli.ExitNotDone).says("/nowhere/kad.sock")
	with("KAD_DATA=/nowhere").kad("table").exits(cli.ExitNotDone).says("/nowhere/control.sock")
	with("KAD_BOOTSTRAP=nowhere").kad("table").exits(cli.ExitBadInput).says("nowhere")

	// A running node named in the environment goes before bootstrap addresses there,
	// which that node may share; typed, they go before it.
	with("KAD_BOOTSTRAP=nowhere", "KAD_DATA=/nowhere").kad("table").exits(cli.ExitNotDone).says("/nowhere/control.sock")
	with("KAD_DATA=/nowhere").kad("table", "--bootstrap", "nowhere").exits(cli.ExitBadInput).says("nowhere")
	with("KAD_CONTROL=/nowhere/kad.sock").kad("table", "--data", "/elsewhere").exits(cli.ExitNotDone).says("/elsewhere/control.sock")
	with("KAD_DATA=", "KAD_BOOTSTRAP=", "KAD_LISTEN=", "KAD_CONTROL=/nowhere").kad("table").exits(cli.ExitNotDone).says("/nowhere")
	with("KAD_DATA=/nowhere", "KAD_NETWORK=other", "KAD_KEY=node.pem", "KAD_MODE=client", "KAD_LISTEN=127.0.0.1:0", "KAD_CONTROL=/nowhere").
		kad("table").exits(cli.ExitNotDone).says("no node is running at /nowhere")
	with("KAD_BOOTSTRAP=nowhere").kad("table", "--data", "/elsewhere").exits(cli.ExitNotDone).says("/elsewhere/control.sock")
}
