package main

import (
	"bytes"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// A completionResult is `kad completion SHELL`.
type completionResult struct {
	Shell  string `json:"shell"`
	Script string `json:"script"`
}

// completes lets shells complete a flag's values. One that ends in a colon goes on.
func completes(cmd *cobra.Command, flag string, values ...string) {
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

// completesDirectory lets shells complete a flag's value as the name of a directory.
func completesDirectory(cmd *cobra.Command, flag string) {
	if err := cmd.MarkFlagDirname(flag); err != nil {
		panic(err) // no such flag
	}
}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "completion bash|zsh|fish|powershell",
		Short:     "Print a shell's completion script",
		Example:   "  source <(kad completion bash)\n  kad completion fish > ~/.config/fish/completions/kad.fish",
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args:      arguments("SHELL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var b bytes.Buffer
			var err error
			switch root := cmd.Root(); args[0] {
			case "bash":
				err = root.GenBashCompletionV2(&b, true)
			case "zsh":
				err = root.GenZshCompletion(&b)
			case "fish":
				err = root.GenFishCompletion(&b, true)
			case "powershell":
				err = root.GenPowerShellCompletionWithDesc(&b)
			default:
				return badInput("choose bash, zsh, fish or powershell", "%q is no shell known here", args[0])
			}
			if err != nil {
				return err
			}
			return a.print(completionResult{args[0], b.String()}, func(w io.Writer) { _, _ = w.Write(b.Bytes()) })
		},
	}
}
