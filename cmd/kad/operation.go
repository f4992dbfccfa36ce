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
	runOn   func(ctx context.Context, n *kadmium.Node, args A) (R, error)
}

// runNamingSubject runs the operation on a node. An error names its subject, and why the
// context ended.
func (o operation[A, R]) runNamingSubject(ctx context.Context, n *kadmium.Node, args A) (R, error) {
	result, err := o.runOn(ctx, n, args)
	if err = whyEnded(ctx, err); err != nil && o.subject != nil {
		err = fmt.Errorf("%s: %w", o.subject(args), err)
	}
	return result, err
}

// noArgs are the arguments of an operation that takes none.
type noArgs struct{}
