package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A commandHelp is `kad help COMMAND --json`.
type commandHelp struct {
	Command  string        `json:"command"`
	Usage    string        `json:"usage"`
	Short    string        `json:"short"`
	Long     string        `json:"long,omitempty"`
	Example  string        `json:"example,omitempty"`
	Flags    []flagHelp    `json:"flags"`
	Commands []commandHelp `json:"commands,omitempty"`
}

type flagHelp struct {
	Name    string `json:"name"`
	Env     string `json:"env,omitempty"`
	Usage   string `json:"usage"`
	Default string `json:"default,omitempty"`
}

// describeAsJSON makes help obey --json like every other command.
func (a *app) describeAsJSON(root *cobra.Command) {
	plain := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if err := a.applyEnv(cmd); err != nil || !a.json {
			plain(cmd, args)
			return
		}
		_ = a.print(describe(cmd), func(io.Writer) {})
	})
	root.SetHelpCommand(a.helpCommand(root))
}

func (a *app) helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Explain a command, with examples",
		Example: "  kad help put\n  kad help key new",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return badInput("kad help lists the commands", "no command is called %q", strings.Join(args, " "))
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

func describe(cmd *cobra.Command) commandHelp {
	h := commandHelp{Command: cmd.CommandPath(), Usage: cmd.UseLine(), Short: cmd.Short, Long: cmd.Long, Example: cmd.Example, Flags: []flagHelp{}}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		one := flagHelp{Name: "--" + f.Name, Usage: f.Usage, Default: f.DefValue}
		if hasEnv(f) {
			one.Env = envName(f.Name)
		}
		h.Flags = append(h.Flags, one)
	})
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			h.Commands = append(h.Commands, describe(sub))
		}
	}
	return h
}
