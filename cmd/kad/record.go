package main

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kadmium/identity"
	"kadmium/rpc"
)

// maxInput bounds what is read from stdin for VALUE or PAYLOAD, in bytes: whatever
// is longer is over a limit anyway.
const maxInput = 64 << 10

// checkKey refuses what no key can be.
func checkKey(key string) error {
	switch {
	case key == "":
		return badInput("a key is text like /v/hello", "KEY is empty")
	case len(key) > rpc.MaxKey:
		return badInput("shorten it", "KEY of %d bytes is over the limit of %d", len(key), rpc.MaxKey)
	}
	return nil
}

// checkRecordKey refuses a key whose namespace no node knows.
func checkRecordKey(key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return nil
}

// parseTarget reads KEY|PEER as the position it stands at.
func parseTarget(text string) (identity.Position, error) {
	if strings.HasPrefix(text, peerPrefix) || strings.Contains(text, "/p2p/") {
		id, err := parsePeer(text)
		return id.Position(), err
	}
	return identity.KeyPosition([]byte(text)), checkKey(text)
}

// input is an argument's bytes: its own, or with "-" all of stdin.
func (a *app) input(arg, name string) ([]byte, error) {
	if arg != "-" {
		return []byte(arg), nil
	}
	b, err := io.ReadAll(io.LimitReader(a.stdin, maxInput+1))
	if err == nil && len(b) > maxInput {
		err = errors.New("longer than any that fits a datagram")
	}
	if err != nil {
		return nil, badInput("give it less", "%s from stdin: %v", name, err)
	}
	return b, nil
}

// maxTTL is the longest lifetime that holders grant (design of package store).
const maxTTL = 7 * 24 * time.Hour

// checkPut refuses what no node would store, before any node is asked.
func checkPut(cmd *cobra.Command, p putArgs) error {
	switch {
	case cmd.Flags().Changed("ttl") && (p.TTL < time.Second || p.TTL > maxTTL):
		return badInput("choose a time like 90m, from 1s to 168h", "--ttl %s is out of range", p.TTL)
	case p.Sequence != nil && *p.Sequence >= 1<<63:
		return badInput("choose a smaller one, or none", "--seq %d is out of range: sequences end below 2^63", *p.Sequence)
	case p.Swap != nil && *p.Swap >= 1<<63:
		return badInput("give the sequence that get shows", "--cas %d is out of range: sequences end below 2^63", *p.Swap)
	}
	return nil
}
