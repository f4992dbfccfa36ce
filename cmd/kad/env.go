package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// envName is the environment variable that stands for a flag: KAD_LISTEN for
// --listen.
func envName(flag string) string {
	return "KAD_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// hasEnv reports whether a flag may come from the environment: --help and --version may
// not.
func hasEnv(f *pflag.Flag) bool { return f.Name != "help" && f.Name != versionFlag }

// nameEnv adds its variable's name to the help text of each flag of cmd and below.
func nameEnv(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if hasEnv(f) && !strings.Contains(f.Usage, "$KAD_") {
			f.Usage += " [$" + envName(f.Name) + "]"
		}
	})
	for _, sub := range cmd.Commands() {
		nameEnv(sub)
	}
}

// applyEnv sets each flag that the command line left out from its variable; an
// empty variable counts as none. Lists are separated by commas. It notes which
// flags it set: a typed flag takes precedence over them.
func (a *app) applyEnv(cmd *cobra.Command) error {
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value := a.getenv(envName(f.Name))
		if failed != nil || f.Changed || value == "" || !hasEnv(f) {
			return
		}
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			failed = badInput("unset the variable, or see: "+cmd.CommandPath()+" --help",
				"environment variable %s: %q is no value for --%s: %s", envName(f.Name), value, f.Name, wanted(f, err))
			return
		}
		a.fromEnv[f.Name] = true
	})
	return failed
}

// refuseEmpty refuses a flag that was typed with an empty value: an unset variable of a
// script must not mean the default.
func refuseEmpty(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		list, isList := f.Value.(pflag.SliceValue)
		if isList && len(list.GetSlice()) == 0 || !isList && f.Value.String() == "" {
			err = badInput("give it a value, or leave it out", "--%s is empty", f.Name)
		}
	})
	return err
}

// wantsJSON reports whether a failure must be printed as JSON. The command line may be
// impossible to parse.
func (a *app) wantsJSON(args []string) bool {
	for _, arg := range args {
		value, isSet := strings.CutPrefix(arg, "--json=")
		switch on, err := strconv.ParseBool(value); {
		case arg == "--":
			return a.json
		case arg == "--json":
			return true
		case isSet && err == nil:
			return on
		}
	}
	on, err := strconv.ParseBool(a.getenv(envName("json")))
	return a.json || err == nil && on
}
