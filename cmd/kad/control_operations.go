package main

import (
	"context"
	"encoding/json"

	"kadmium"
)

// A served is an operation of any types, for the control server.
type served func(ctx context.Context, n *kadmium.Node, args json.RawMessage) (any, error)

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

func (o operation[A, R]) serve(ctx context.Context, n *kadmium.Node, raw json.RawMessage) (any, error) {
	var args A
	if len(raw) > 0 { // without arguments it has their defaults
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, badInput("use the kad of the node's own version", "arguments of %s: %s", o.command, badJSON(err))
		}
	}
	return o.do(ctx, n, args)
}
