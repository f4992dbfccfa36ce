package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// Arguments checks that a command has exactly the named arguments.
func Arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		next := "see: " + cmd.CommandPath() + " --help"
		switch want := strings.Join(names, " "); {
		case cmd.HasSubCommands() && len(names) == 0 && len(args) > 0:
			return BadInput(next, "no command is called %q", args[0])
		case len(names) == 0 && len(args) > 0:
			return BadInput(next, "takes no arguments, got %q", args)
		case len(args) < len(names):
			return BadInput(next, "%s is missing: want %s", names[len(args)], want)
		case len(args) > len(names):
			return BadInput(next, "%q is one argument too many: want %s (quote what has spaces)", args[len(names)], want)
		}
		return nil
	}
}
