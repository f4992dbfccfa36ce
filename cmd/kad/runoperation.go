package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
)

// An operation is what a command does with a node, through the API.
type operation[R any] func(ctx context.Context, c *api.Client, o api.Call) (R, error)

// runOperation runs an operation on the node that the flags choose. Without --trace
// neither its result nor its failure has the lookup's steps.
func runOperation[R any](a *app, cmd *cobra.Command, choice *nodeChoice, do operation[R]) (R, error) {
	var none R
	if err := choice.check(a, cmd); err != nil {
		return none, err
	}
	if choice.temporary(a, cmd) {
		return runOnTemporaryNode(cmd.Context(), a.Stderr, choice, do)
	}
	c, err := api.DialUnix(cmd.Context(), choice.controlPaths(a, cmd)...)
	if errors.Is(err, api.ErrNoNode) {
		return none, cli.NotDone(choice.nextWithoutNode(a, cmd), "%v", err)
	}
	if err != nil {
		return none, err
	}
	defer c.Close()
	return do(cmd.Context(), c, choice.call())
}

// call is how the node does it.
func (choice *nodeChoice) call() api.Call {
	return api.Call{Timeout: choice.timeout, Trace: choice.trace}
}

// runOnTemporaryNode runs an operation on a client node that lives for it only.
func runOnTemporaryNode[R any](ctx context.Context, w io.Writer, choice *nodeChoice, do operation[R]) (R, error) {
	var none R
	listen, err := listenFor(choice.bootstrap)
	if err != nil {
		return none, err
	}
	cfg := kadmium.Config{Listen: listen, Bootstrap: choice.bootstrap, Mode: kadmium.Client, Network: choice.network}
	if choice.key != "" {
		if cfg.Key, err = loadKey(ctx, warnOn(w), choice.key); err != nil {
			return none, err
		}
	}
	inTime, cancel := api.WithTimeout(ctx, choice.timeout) // for the join and the operation together
	defer cancel()
	n, err := kadmium.New(cfg)
	if err != nil {
		return none, err
	}
	defer n.Close()
	if err := n.Joined(inTime); err != nil {
		if errors.Is(err, kadmium.ErrNoAnswer) {
			return none, noAnswer(choice.bootstrap, err)
		}
		return none, fmt.Errorf("joining by %s: %w", strings.Join(choice.bootstrap, ", "), api.WhyEnded(inTime, err))
	}
	c, stop := api.NewServer(nil, n).Local(inTime)
	defer stop()
	defer c.Close()
	return do(ctx, c, choice.call())
}
