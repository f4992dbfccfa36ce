package main

import (
	"strings"

	"github.com/spf13/cobra"

	"kadmium/internal/cli"
)

func (a *app) helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Explain a command, with examples",
		Long:    "Explain a command, with examples. kad help trace explains what --trace prints.",
		Example: "  kad help put\n  kad help key new",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return cli.BadInput("kad help lists the commands", "no command is called %q", strings.Join(args, " "))
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// traceTopic is `kad help trace`: the terms that --trace prints.
func traceTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "trace",
		Short: "What --trace prints",
		Long: `What --trace prints: a line for each step of a lookup, with the time since its start, the
end of the peer's ID, its hop, and its distance from what is sought as a power of two.

  asked      a request went to the peer; the hop counts from this node's own table
  answered   it named so many contacts, some of them new
  set aside  it overran its usual time: another is asked beside it, it may still answer
  failed     it never answered
  found      it had what was sought
  ended      the lookup is over, because:

  converged    the closest nodes known have all answered
  exhausted    nobody is left to ask, and fewer than k answered
  satisfied    what was sought has been found
  held here    this node had it, and asked nobody
  cancelled    nobody waited for the result any more
  timed out    it ran for 30 s
  no contacts  there was nobody to ask

Last, if this node can tell how many nodes the network has: how many of them it was told
of near the target, beside how many chance puts there, by octaves of distance, the
farthest first; and if something is suspect, what:

  crowded  octaves, from 0, with more nodes than chance puts there
  sparse   too few near the target answered, or one subnet named them all
  subnet   many near the target are of one subnet
  stale    the record is signed, and older than one that this node has seen`,
		Example: "  kad closest /v/hello --trace",
	}
}
