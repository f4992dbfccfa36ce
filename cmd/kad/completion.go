package main

import (
	"bytes"
	"io"

	"github.com/spf13/cobra"

	"kadmium/internal/cli"
)

// A completionResult is `kad completion SHELL`.
type completionResult struct {
	Shell  string `json:"shell"`
	Script string `json:"script"`
}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "completion bash|zsh|fish|powershell",
		Short:     "Print a shell's completion script",
		Example:   "  source <(kad completion bash)\n  kad completion fish > ~/.config/fish/completions/kad.fish",
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args:      cli.Arguments("SHELL"),
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
				return cli.BadInput("choose bash, zsh, fish or powershell", "%q is no shell known here", args[0])
			}
			if err != nil {
				return err
			}
			return a.Print(completionResult{args[0], b.String()}, func(w io.Writer) { _, _ = w.Write(b.Bytes()) })
		},
	}
}
