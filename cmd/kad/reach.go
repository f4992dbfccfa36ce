package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kadmium"
)

// A reach says which node a subcommand works through.
type reach struct {
	data, control string   // a running one's
	bootstrap     []string // or a client node of this command's own, that joins by these
	network, key  string   // of that client node
	timeout       time.Duration
	trace         bool
}

// reachHelp stands in the help of every subcommand that works through a node.
const reachHelp = `

It works through a running node: the one whose data directory is --data, or whose
control socket is --control; without either, the one started without --data, or
with --data ~/.kad. With --bootstrap it needs no running node: a client node joins
by those addresses and lives for this command only. Nobody re-publishes the values
and provider entries of such a node: they end with their lifetime.`

// flags adds the flags that choose the node.
func (r *reach) flags(cmd *cobra.Command) {
	cmd.Long += reachHelp
	f := cmd.Flags()
	f.StringVar(&r.data, "data", "", "data directory of the running node to work through (default ~/.kad)")
	f.StringVar(&r.control, "control", "", "control socket of the running node (default in the data directory, else "+defaultControlPath()+")")
	f.StringSliceVar(&r.bootstrap, "bootstrap", nil, "use no running node: join by these addresses for this command only")
	f.StringVar(&r.network, "network", kadmium.DefaultNetwork, "name of the network, with --bootstrap")
	f.StringVar(&r.key, "key", "", "key file to act as, with --bootstrap (default a new key)")
	f.DurationVar(&r.timeout, "timeout", defaultCallTime, "give up after this long")
}

// traceFlag adds --trace, for lookups.
func (r *reach) traceFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&r.trace, "trace", false, "print each step: who was asked, at which distance and hop, how long it took, what it answered; see: kad help trace")
}

// ask runs an operation through the node that the flags choose.
func ask[A, R any](a *app, cmd *cobra.Command, r *reach, o operation[A, R], args A) (R, error) {
	result, err := chooseNode(a, cmd, r, o, args)
	if o.lookup == nil {
		return result, err
	}
	l := o.lookup(&result)
	if l != nil && !r.trace {
		l.Trace = nil
	}
	if err != nil {
		err = withLookup(err, l)
	}
	return result, err
}

func chooseNode[A, R any](a *app, cmd *cobra.Command, r *reach, o operation[A, R], args A) (R, error) {
	var none R
	if r.timeout <= 0 || r.timeout > maxCallTime {
		return none, badInput("choose a time like 30s or 2m, up to "+maxCallTime.String(), "--timeout %s is out of range", r.timeout)
	}
	if a.typed(cmd, "bootstrap") && (a.typed(cmd, "data") || a.typed(cmd, "control")) {
		return none, badInput("choose the running node or --bootstrap", "--bootstrap works without a running node, --data and --control through one")
	}
	if a.typed(cmd, "data") && a.typed(cmd, "control") {
		return none, badInput("choose one of them", "--data and --control both name a running node")
	}
	if r.own(a, cmd) {
		return ownNode(cmd.Context(), a.stderr, r, o, args)
	}
	for _, flag := range []string{"network", "key"} {
		if a.typed(cmd, flag) {
			return none, badInput("leave it out, or add --bootstrap ADDR", "--%s is for a node of the command's own: a running node has its own", flag)
		}
	}
	control := r.control
	if a.typed(cmd, "data") { // goes before what the environment says
		control = ""
	}
	paths := []string{controlPath(control, r.data)}
	if r.data == "" && control == "" {
		paths = append(paths, controlPath("", defaultDataDir()))
	}
	c, err := dialControl(cmd.Context(), paths...)
	if err != nil {
		return none, err
	}
	defer c.Close()
	return callNode(cmd.Context(), c, o, args, r.timeout)
}

// ownNode runs an operation in a client node that lives for it only.
func ownNode[A, R any](ctx context.Context, w io.Writer, r *reach, o operation[A, R], args A) (R, error) {
	var none R
	listen, err := listenFor(r.bootstrap)
	if err != nil {
		return none, err
	}
	cfg := kadmium.Config{Listen: listen, Bootstrap: r.bootstrap, Mode: kadmium.Client, Network: r.network}
	if r.key != "" {
		if cfg.Key, err = loadKey(ctx, w, r.key); err != nil {
			return none, err
		}
	}
	ctx, cancel := withTimeout(ctx, r.timeout)
	defer cancel()
	n, err := kadmium.New(cfg)
	if err != nil {
		return none, err
	}
	defer n.Close()
	if err := n.Joined(ctx); err != nil {
		if errors.Is(err, kadmium.ErrNoAnswer) {
			return none, noAnswer(r.bootstrap, err)
		}
		return none, fmt.Errorf("joining by %s: %w", strings.Join(r.bootstrap, ", "), whyEnded(ctx, err))
	}
	return o.do(ctx, n, args)
}

// noAnswer says that no bootstrap peer is there.
func noAnswer(bootstrap []string, err error) error {
	return notDone("check the address, the --network, and that a node runs there", "no answer from %s: %s", strings.Join(bootstrap, ", "), plainWords(err))
}

// own reports whether the operation runs in a client node of the command's own.
func (r *reach) own(a *app, cmd *cobra.Command) bool {
	return len(r.bootstrap) > 0 && (r.data == "" && r.control == "" || a.typed(cmd, "bootstrap"))
}
