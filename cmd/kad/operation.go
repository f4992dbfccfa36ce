package main

import (
	"context"
	"fmt"

	"kadmium"
)

// An operation is what a command does with a node. The same code runs on a node of this
// process and, behind the control socket, in the process of a running node, where
// arguments and result are sent as JSON. With an error the result tells of the lookup
// that failed.
type operation[A, R any] struct {
	command string
	subject func(args A) string             // what an error is about; a nil func: nothing in particular
	lookup  func(result *R) *kadmium.Lookup // of the result; nil: none was needed; a nil func: it never makes one
	run     func(ctx context.Context, n *kadmium.Node, args A) (R, error)
}

// do runs the operation. An error names its subject.
func (o operation[A, R]) do(ctx context.Context, n *kadmium.Node, args A) (R, error) {
	result, err := o.run(ctx, n, args)
	if err = whyEnded(ctx, err); err != nil && o.subject != nil {
		err = fmt.Errorf("%s: %w", o.subject(args), err)
	}
	return result, err
}

type noArgs struct{}
