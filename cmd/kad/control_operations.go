package main

import (
	"context"
	"encoding/json"

	"kadmium"
)

// An operationHandler is an operation of any types, for the control server: it reads the
// arguments from JSON, and the result can be written as JSON.
type operationHandler func(ctx context.Context, n *kadmium.Node, args json.RawMessage) (any, error)

// operations are those that a running node serves on its control socket.
var operations = map[string]operationHandler{
	pingOperation.command:      pingOperation.handleJSON,
	findOperation.command:      findOperation.handleJSON,
	closestOperation.command:   closestOperation.handleJSON,
	putOperation.command:       putOperation.handleJSON,
	getOperation.command:       getOperation.handleJSON,
	provideOperation.command:   provideOperation.handleJSON,
	providersOperation.command: providersOperation.handleJSON,
	unpublishOperation.command: unpublishOperation.handleJSON,
	sendOperation.command:      sendOperation.handleJSON,
	tableOperation.command:     tableOperation.handleJSON,
	statsOperation.command:     statsOperation.handleJSON,
}

// handleJSON runs the operation with arguments in JSON.
func (o operation[A, R]) handleJSON(ctx context.Context, n *kadmium.Node, raw json.RawMessage) (any, error) {
	var args A
	if len(raw) > 0 { // without arguments it has their defaults
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, badInput("use the kad of the node's own version", "arguments of %s: %s", o.command, badJSON(err))
		}
	}
	return o.runNamingSubject(ctx, n, args)
}
