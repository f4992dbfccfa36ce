package main

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
	"kadmium/store/disk"
)

// A nodeChoice says which node a command works through: a running one, or a temporary
// client node that lives for the command.
type nodeChoice struct {
	data, control string   // of the running node
	bootstrap     []string // addresses that the temporary node joins by
	network, key  string   // of the temporary node
	timeout       time.Duration
	trace         bool
}

// nodeChoiceHelp stands in the help of every command that works through a node.
const nodeChoiceHelp = `

It works through a running node: the one whose data directory is --data, or whose
control socket is --control; without either, the one started without --data, or
with --data ~/.kad. With --bootstrap it needs no running node: a client node joins
by those addresses and lives for this command only. Nobody re-publishes the values
and provider entries of such a node: they end with their lifetime.`

// flags adds the flags that choose the node.
func (choice *nodeChoice) flags(cmd *cobra.Command) {
	cmd.Long += nodeChoiceHelp
	f := cmd.Flags()
	f.StringVar(&choice.data, "data", "", "data directory of the running node to work through (default ~/.kad)")
	f.StringVar(&choice.control, "control", "", "control socket of the running node (default in the data directory, else "+defaultControlPath()+")")
	f.StringSliceVar(&choice.bootstrap, "bootstrap", nil, "use no running node: join by these addresses for this command only")
	f.StringVar(&choice.network, "network", kadmium.DefaultNetwork, "name of the network, with --bootstrap")
	f.StringVar(&choice.key, "key", "", "key file to act as, with --bootstrap (default a new key)")
	f.DurationVar(&choice.timeout, "timeout", api.DefaultTimeout, "give up after this long")
	cli.CompletesDirectory(cmd, "data")
}

// runningFlags adds the flags that choose a running node, for what needs one.
func (choice *nodeChoice) runningFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&choice.data, "data", "", "data directory of the running node (default ~/.kad)")
	f.StringVar(&choice.control, "control", "", "control socket of the running node (default in the data directory, else "+defaultControlPath()+")")
}

// traceFlag adds --trace, for lookups.
func (choice *nodeChoice) traceFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&choice.trace, "trace", false, "print each step: who was asked, at which distance and hop, how long it took, what it answered; see: kad help trace")
}

// check refuses flags that contradict each other, and a --timeout out of range.
func (choice *nodeChoice) check(a *app, cmd *cobra.Command) error {
	if choice.timeout <= 0 || choice.timeout > api.MaxTimeout {
		return cli.BadInput("choose a time like 30s or 2m, up to "+api.MaxTimeout.String(), "--timeout %s is out of range", choice.timeout)
	}
	if cli.Typed(cmd, "bootstrap") && (cli.Typed(cmd, "data") || cli.Typed(cmd, "control")) {
		return cli.BadInput("choose the running node or --bootstrap", "--bootstrap works without a running node, --data and --control through one")
	}
	if cli.Typed(cmd, "data") && cli.Typed(cmd, "control") {
		return cli.BadInput("choose one of them", "--data and --control both name a running node")
	}
	if choice.temporary(a, cmd) {
		return nil
	}
	for _, flag := range []string{"network", "key"} {
		if cli.Typed(cmd, flag) {
			return cli.BadInput("leave it out, or add --bootstrap ADDR", "--%s is for a node of the command's own: a running node has its own", flag)
		}
	}
	return nil
}

// controlPaths are the control sockets at which the running node may listen, in the
// order in which they are tried.
func (choice *nodeChoice) controlPaths(a *app, cmd *cobra.Command) []string {
	control := choice.control
	if cli.Typed(cmd, "data") { // it takes precedence over the environment
		control = ""
	}
	paths := []string{controlPath(control, choice.data)}
	if choice.data == "" && control == "" {
		paths = slices.Compact(append(paths, controlPath("", defaultDataDir()))) // they are the same without a home
	}
	return paths
}

// nextWithoutNode says how to start the node that the flags choose, or to do without one.
func (choice *nodeChoice) nextWithoutNode(a *app, cmd *cobra.Command) string {
	next := "start one: kad node, or kad node --data DIR and then --data DIR here too"
	switch {
	case choice.data != "" && (choice.control == "" || cli.Typed(cmd, "data")):
		next = "start it: kad node --data " + choice.data
		if _, err := os.Stat(filepath.Join(choice.data, disk.FileName)); err == nil {
			next += "; if it runs, its log says what became of its socket"
		}
	case choice.control != "":
		next = "start it: kad node --control " + choice.control
	}
	if cmd.Flag("bootstrap") != nil && !cli.Typed(cmd, "data") && !cli.Typed(cmd, "control") {
		next += "; or go without, by a peer's address: --bootstrap ADDR"
	}
	return next
}

// temporary reports whether the command works through a temporary node.
func (choice *nodeChoice) temporary(a *app, cmd *cobra.Command) bool {
	return len(choice.bootstrap) > 0 && (choice.data == "" && choice.control == "" || cli.Typed(cmd, "bootstrap"))
}
