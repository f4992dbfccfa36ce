package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// arguments checks that a command has exactly the named arguments.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		next := "see: " + cmd.CommandPath() + " --help"
		switch want := strings.Join(names, " "); {
		case cmd.HasSubCommands() && len(names) == 0 && len(args) > 0:
			return badInput(next, "no command is called %q", args[0])
		case len(names) == 0 && len(args) > 0:
			return badInput(next, "takes no arguments, got %q", args)
		case len(args) < len(names):
			return badInput(next, "%s is missing: want %s", names[len(args)], want)
		case len(args) > len(names):
			return badInput(next, "%q is one argument too many: want %s (quote what has spaces)", args[len(names)], want)
		}
		return nil
	}
}
