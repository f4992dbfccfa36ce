package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"kadmium"
)

// runOperation runs an operation on the node that the flags choose. Without --trace
// neither its result nor its failure has the lookup's steps.
func runOperation[A, R any](a *app, cmd *cobra.Command, choice *nodeChoice, o operation[A, R], args A) (R, error) {
	result, err := runOnChosenNode(a, cmd, choice, o, args)
	if o.lookup == nil {
		return result, err
	}
	l := o.lookup(&result)
	if l != nil && !choice.trace {
		l.Trace = nil
	}
	if err != nil {
		err = withLookup(err, l)
	}
	return result, err
}

func runOnChosenNode[A, R any](a *app, cmd *cobra.Command, choice *nodeChoice, o operation[A, R], args A) (R, error) {
	var none R
	if err := choice.check(a, cmd); err != nil {
		return none, err
	}
	if choice.temporary(a, cmd) {
		return runOnTemporaryNode(cmd.Context(), a.stderr, choice, o, args)
	}
	c, err := dialControl(cmd.Context(), choice.controlPaths(a, cmd)...)
	if err != nil {
		return none, err
	}
	defer c.Close()
	return runOnRunningNode(cmd.Context(), c, o, args, choice.timeout)
}

// runOnTemporaryNode runs an operation on a client node that lives for it only.
func runOnTemporaryNode[A, R any](ctx context.Context, w io.Writer, choice *nodeChoice, o operation[A, R], args A) (R, error) {
	var none R
	listen, err := listenFor(choice.bootstrap)
	if err != nil {
		return none, err
	}
	cfg := kadmium.Config{Listen: listen, Bootstrap: choice.bootstrap, Mode: kadmium.Client, Network: choice.network}
	if choice.key != "" {
		if cfg.Key, err = loadKey(ctx, w, choice.key); err != nil {
			return none, err
		}
	}
	ctx, cancel := withTimeout(ctx, choice.timeout)
	defer cancel()
	n, err := kadmium.New(cfg)
	if err != nil {
		return none, err
	}
	defer n.Close()
	if err := n.Joined(ctx); err != nil {
		if errors.Is(err, kadmium.ErrNoAnswer) {
			return none, noAnswer(choice.bootstrap, err)
		}
		return none, fmt.Errorf("joining by %s: %w", strings.Join(choice.bootstrap, ", "), whyEnded(ctx, err))
	}
	return o.runNamingSubject(ctx, n, args)
}
