package cli

import (
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A CommandHelp is `kad help COMMAND --json`.
type CommandHelp struct {
	Command  string        `json:"command"`
	Usage    string        `json:"usage"`
	Short    string        `json:"short"`
	Long     string        `json:"long,omitempty"`
	Example  string        `json:"example,omitempty"`
	Flags    []FlagHelp    `json:"flags"`
	Commands []CommandHelp `json:"commands,omitempty"`
}

// A FlagHelp is a flag of it.
type FlagHelp struct {
	Name    string `json:"name"`
	Env     string `json:"env,omitempty"`
	Usage   string `json:"usage"`
	Default string `json:"default,omitempty"`
}

// describeAsJSON makes help obey --json like every other command.
func (a *App) describeAsJSON(root *cobra.Command) {
	plain := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if err := a.applyEnv(cmd); err != nil || !a.JSON {
			plain(cmd, args)
			return
		}
		_ = a.Print(describe(cmd), func(io.Writer) {})
	})
}

func describe(cmd *cobra.Command) CommandHelp {
	h := CommandHelp{Command: cmd.CommandPath(), Usage: cmd.UseLine(), Short: cmd.Short, Long: cmd.Long, Example: cmd.Example, Flags: []FlagHelp{}}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		one := FlagHelp{Name: "--" + f.Name, Usage: f.Usage, Default: f.DefValue}
		if HasEnv(f) {
			one.Env = EnvName(f.Name)
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
