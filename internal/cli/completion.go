package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// Completes lets shells complete a flag's values. One that ends in a colon goes on.
func Completes(cmd *cobra.Command, flag string, values ...string) {
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, v := range values {
		if strings.HasSuffix(v, ":") {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
	}
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, directive)); err != nil {
		panic(err) // no such flag, or twice
	}
}

// CompletesDirectory lets shells complete a flag's value as the name of a directory.
func CompletesDirectory(cmd *cobra.Command, flag string) {
	if err := cmd.MarkFlagDirname(flag); err != nil {
		panic(err) // no such flag
	}
}
