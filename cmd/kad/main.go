// Kad runs kadmium nodes and works through them.
//
//	kad demo                      three nodes find each other, talk and keep a value
//	kad node --data DIR           run a node; it loses nothing on a crash
//	kad put /v/hello world        through a running node,
//	kad get /v/hello --bootstrap ADDR   or from a node that lives for one command
//
// Every command takes --json, every flag can come from the environment as KAD_*,
// and the exit code is 0 for done, 1 for not done, 2 for bad input.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	_ "kadmium/examples/rules/discv5" // registers itself, as the others
	_ "kadmium/examples/rules/libp2p"
	_ "kadmium/examples/rules/sample"
	_ "kadmium/examples/rules/strictrounds"
	"kadmium/internal/cli"
	"kadmium/sim/command"
)

func main() {
	a := &app{App: cli.App{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := a.execute(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// execute runs one command line and returns its exit code.
func (a *app) execute(ctx context.Context, args []string) int {
	out := &cli.CheckedWriter{W: a.Stdout}
	a.Terminal = cli.AsTerminal(a.Stdout)
	a.Stdout = out
	root := a.rootCommand()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	// The first line of a node's stdout is its ready line or nothing. Once the node is
	// ready, its reader may close the pipe.
	isNode := cmd.Name() == "node"
	if err == nil && out.Err != nil && !isNode {
		err = cli.NotWritten(out.Err)
	}
	if err != nil {
		a.printFailure(cmd, err, a.WantsJSON(args) && !isNode)
	}
	a.lastLines()
	return exitCode(err)
}

// rootCommand is the command with all its subcommands.
func (a *app) rootCommand() *cobra.Command {
	var onlyVersion bool
	root := &cobra.Command{
		Use:   "kad",
		Short: "A Kademlia DHT over UDP: run nodes, find peers, keep values",
		Long: `A Kademlia DHT over UDP: run nodes, find peers, keep values.

Exit codes: 0 done; 1 not done (not found, timed out, port in use, directory
taken); 2 bad input. Each flag can also come from the environment as KAD_*.`,
		Example: `  kad demo                          see three nodes find each other
  kad node --data ~/.kad            run a node
  kad put /v/hello world            store a value through it
  kad get /v/hello                  and fetch it`,
		Args: cli.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if onlyVersion {
				return a.printVersion()
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVar(&onlyVersion, cli.VersionFlag, false, "print the version")
	root.AddCommand(
		a.demoCommand(), a.nodeCommand(), a.keyCommand(),
		a.pingCommand(), a.findCommand(), a.closestCommand(),
		a.putCommand(), a.getCommand(), a.unpublishCommand(), a.provideCommand(), a.providersCommand(), a.sendCommand(),
		a.tableCommand(), a.peersCommand(), a.statsCommand(), a.healthCommand(), a.pageCommand(), command.New(), a.benchCommand(), a.viewCommand(),
		a.versionCommand(), a.completionCommand(), traceTopic(),
	)
	a.Prepare(root)
	root.SetHelpCommand(a.helpCommand(root))
	return root
}
