package main

import (
	"context"
	"encoding/json"
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

// A served is an operation of any types, for the control server.
type served func(ctx context.Context, n *kadmium.Node, args json.RawMessage) (any, error)

func (o operation[A, R]) serve(ctx context.Context, n *kadmium.Node, raw json.RawMessage) (any, error) {
	var args A
	if len(raw) > 0 { // without arguments it has their defaults
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, badInput("use the kad of the node's own version", "arguments of %s: %s", o.command, badJSON(err))
		}
	}
	return o.do(ctx, n, args)
}

// do runs the operation. An error names its subject.
func (o operation[A, R]) do(ctx context.Context, n *kadmium.Node, args A) (R, error) {
	result, err := o.run(ctx, n, args)
	if err = whyEnded(ctx, err); err != nil && o.subject != nil {
		err = fmt.Errorf("%s: %w", o.subject(args), err)
	}
	return result, err
}

// operations are those that a running node serves on its control socket.
var operations = map[string]served{
	pingOperation.command:      pingOperation.serve,
	findOperation.command:      findOperation.serve,
	closestOperation.command:   closestOperation.serve,
	putOperation.command:       putOperation.serve,
	getOperation.command:       getOperation.serve,
	provideOperation.command:   provideOperation.serve,
	providersOperation.command: providersOperation.serve,
	unpublishOperation.command: unpublishOperation.serve,
	sendOperation.command:      sendOperation.serve,
	tableOperation.command:     tableOperation.serve,
	statsOperation.command:     statsOperation.serve,
}
