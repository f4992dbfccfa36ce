package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// EnvName is the environment variable that stands for a flag: KAD_LISTEN for
// --listen.
func EnvName(flag string) string {
	return "KAD_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// VersionFlag is the flag of a root command that prints the version.
const VersionFlag = "version"

// HasEnv reports whether a flag may come from the environment: --help and --version may
// not.
func HasEnv(f *pflag.Flag) bool { return f.Name != "help" && f.Name != VersionFlag }

// nameEnv adds its variable's name to the help text of each flag of cmd and below.
func nameEnv(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if HasEnv(f) && !strings.Contains(f.Usage, "$KAD_") {
			f.Usage += " [$" + EnvName(f.Name) + "]"
		}
	})
	for _, sub := range cmd.Commands() {
		nameEnv(sub)
	}
}

// fromEnv annotates a flag that a variable has set.
const fromEnv = "kad_from_env"

// Typed reports whether the flag was given on the command line itself.
func Typed(cmd *cobra.Command, flag string) bool {
	f := cmd.Flags().Lookup(flag)
	if f == nil {
		return false
	}
	_, set := f.Annotations[fromEnv]
	return f.Changed && !set
}

// applyEnv sets each flag that the command line left out from its variable; an
// empty variable counts as none. Lists are separated by commas. It notes which
// flags it set: a typed flag takes precedence over them.
func (a *App) applyEnv(cmd *cobra.Command) error {
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value := a.Getenv(EnvName(f.Name))
		if failed != nil || f.Changed || value == "" || !HasEnv(f) {
			return
		}
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			failed = BadInput("unset the variable, or see: "+cmd.CommandPath()+" --help",
				"environment variable %s: %q is no value for --%s: %s", EnvName(f.Name), value, f.Name, wanted(f, err))
			return
		}
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[fromEnv] = nil
	})
	return failed
}

// refuseEmpty refuses a flag that was typed with an empty value: an unset variable of a
// script must not mean the default.
func refuseEmpty(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		list, isList := f.Value.(pflag.SliceValue)
		if isList && len(list.GetSlice()) == 0 || !isList && f.Value.String() == "" {
			err = BadInput("give it a value, or leave it out", "--%s is empty", f.Name)
		}
	})
	return err
}

// WantsJSON reports whether a failure must be printed as JSON. The command line may be
// impossible to parse.
func (a *App) WantsJSON(args []string) bool {
	for _, arg := range args {
		value, isSet := strings.CutPrefix(arg, "--json=")
		switch on, err := strconv.ParseBool(value); {
		case arg == "--":
			return a.JSON
		case arg == "--json":
			return true
		case isSet && err == nil:
			return on
		}
	}
	on, err := strconv.ParseBool(a.Getenv(EnvName("json")))
	return a.JSON || err == nil && on
}
