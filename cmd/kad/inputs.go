package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kadmium/identity"
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
		return badInput("a key is text like /v/hello", "KEY is empty")
	case len(key) > rpc.MaxKey:
		return badInput("shorten it", "KEY of %d bytes is over the limit of %d", len(key), rpc.MaxKey)
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
		return badInput(keyHint()+"; see: kad put --help", "KEY %s: %v", key, err)
	}
	return nil
}

// keyHint says what keys look like.
func keyHint() string {
	var forms []string
	for _, f := range store.Forms() {
		forms = append(forms, f.Hint)
	}
	last := len(forms) - 1
	return "use " + strings.Join(forms[:last], ", ") + " or " + forms[last]
}

// keyHelp lists the forms of keys, one a line.
func keyHelp() string {
	var b strings.Builder
	for _, f := range store.Forms() {
		fmt.Fprintf(&b, "  %-20s %s\n", f.Key, f.Meaning)
	}
	return b.String()
}

// parseTarget reads KEY|PEER as its position.
func parseTarget(text string) (identity.Position, error) {
	if strings.HasPrefix(text, peerPrefix) || strings.Contains(text, "/p2p/") {
		id, err := parsePeer(text)
		return id.Position(), err
	}
	return identity.KeyPosition([]byte(text)), checkKey(text)
}

// input is an argument's bytes: its own, or with "-" all of stdin.
func (a *app) input(ctx context.Context, arg, name string) ([]byte, error) {
	if arg != "-" {
		return []byte(arg), nil
	}
	b, err := untilSignal(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(a.stdin, maxInput+1)) })
	if err == nil && len(b) > maxInput {
		err = errors.New("longer than any that fits a datagram")
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%s from stdin: %w", name, ctx.Err())
	}
	if err != nil {
		return nil, badInput("give it less", "%s from stdin: %v", name, err)
	}
	return b, nil
}

// checkPut refuses what no node would store, before any node is asked.
func checkPut(cmd *cobra.Command, p putArgs) error {
	switch {
	case cmd.Flags().Changed("ttl") && (p.TTL < time.Second || p.TTL > store.MaxTTL):
		return badInput("choose a time like 90m, from 1s to "+store.MaxTTL.String(), "--ttl %s is out of range", p.TTL)
	case p.Sequence != nil && *p.Sequence > store.MaxSequence:
		return badInput("choose a smaller one, or none", "--seq %d is out of range: sequences end below 2^63", *p.Sequence)
	case p.CAS != nil && *p.CAS > store.MaxSequence:
		return badInput("give the sequence that get shows", "--cas %d is out of range: sequences end below 2^63", *p.CAS)
	}
	r := rpc.Record{Key: []byte(p.Key), Value: p.Value}
	if publisher, ok := namespaces.Publisher(r.Key); ok { // the node signs it, and the signed record must fit
		r.Publisher, r.Signature = publisher, make([]byte, ed25519.SignatureSize)
		if size := rpc.RecordSize(&r); size > rpc.MaxRecord {
			return badInput("shorten the value", "%s: a signed record of %d bytes is over the limit of %d", p.Key, size, rpc.MaxRecord)
		}
		return nil
	}
	if err := namespaces.Validate(&r); err != nil {
		return badInput("see what each namespace asks for: kad put --help", "%s: %v", p.Key, err)
	}
	return nil
}
