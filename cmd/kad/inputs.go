package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"kadmium/api"
	"kadmium/internal/cli"
	"kadmium/rpc"
	"kadmium/store"
)

// maxInput bounds what is read from stdin for VALUE or PAYLOAD, in bytes. It is more
// than a datagram holds.
const maxInput = 64 << 10

// checkKey refuses a key of no bytes or too many.
func checkKey(key string) error {
	switch {
	case key == "":
		return cli.BadInput("a key is text like /v/hello", "KEY is empty")
	case len(key) > rpc.MaxKey:
		return cli.BadInput("shorten it", "KEY of %d bytes is over the limit of %d", len(key), rpc.MaxKey)
	}
	return nil
}

// namespaces are those of a kad node: the built-in ones.
var namespaces = store.NewNamespaces("")

// checkRecordKey refuses a key that no kad node would keep a record under.
func checkRecordKey(key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := namespaces.CheckKey([]byte(key)); err != nil {
		return cli.BadInput(api.KeyForms()+"; see: kad put --help", "KEY %s: %v", api.ShownKey(key), err)
	}
	return nil
}

// keyHelp lists the forms of keys, one a line.
func keyHelp() string {
	var b strings.Builder
	for _, f := range store.Forms() {
		fmt.Fprintf(&b, "  %-20s %s\n", f.Key, f.Meaning)
	}
	return b.String()
}

// input is an argument's bytes: its own, or with "-" all of stdin.
func (a *app) input(ctx context.Context, arg, name string) ([]byte, error) {
	if arg != "-" {
		return []byte(arg), nil
	}
	b, err := untilSignal(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(a.Stdin, maxInput+1)) })
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s from stdin: %w", name, ctx.Err())
	case err != nil:
		return nil, cli.BadInput("check where the input comes from", "%s from stdin: %v", name, err)
	case len(b) > maxInput:
		return nil, cli.BadInput("give it less", "%s from stdin: longer than any that fits a datagram", name)
	}
	return b, nil
}
