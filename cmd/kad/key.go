package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium/identity"
	"kadmium/internal/cli"
)

// A keyResult is `kad key new` and `kad key show`.
type keyResult struct {
	Peer      identity.ID `json:"peer"`
	PublicKey string      `json:"public_key"` // hex
	Position  string      `json:"position"`   // hex
}

func (a *app) keyCommand() *cobra.Command {
	key := &cobra.Command{
		Use:     "key",
		Short:   "Make or show a node's key",
		Example: "  kad key new node.pem\n  kad key show node.pem",
		Args:    cli.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cli.BadInput("see: kad key --help", "new or show is missing")
		},
	}
	key.AddCommand(
		&cobra.Command{
			Use:   "new FILE",
			Short: "Make an Ed25519 key in a new file; an existing file is left alone",
			Long: `Make an Ed25519 key in a new file, mode 0600, PKCS#8 in PEM (openssl pkey reads it).
An existing file is never overwritten.`,
			Example: "  kad key new node.pem\n  kad node --key node.pem",
			Args:    cli.Arguments("FILE"),
			RunE: func(_ *cobra.Command, args []string) error {
				k, err := identity.CreateKey(args[0], rand.Reader)
				if err != nil {
					return err
				}
				return a.printKey(k)
			},
		},
		&cobra.Command{
			Use:     "show FILE",
			Short:   "Show a key file's peer ID, public key and position",
			Example: "  kad key show node.pem --json",
			Args:    cli.Arguments("FILE"),
			RunE: func(cmd *cobra.Command, args []string) error {
				k, err := loadKey(cmd.Context(), warnOn(a.Stderr), args[0])
				if err != nil {
					return err
				}
				return a.printKey(k)
			},
		},
	)
	return key
}

// loadKey reads a key file, with a warning if others can read it too. A signal ends
// it: a FIFO may never be written.
func loadKey(ctx context.Context, warn warner, file string) (identity.Key, error) {
	k, err := untilSignal(ctx, func() (identity.Key, error) { return identity.LoadKey(file) })
	if ctx.Err() != nil {
		err = fmt.Errorf("key file %s: %w", file, ctx.Err())
	}
	if err == nil {
		warn.keyOpen(file)
	}
	return k, err
}

func (a *app) printKey(k identity.Key) error {
	id := k.ID()
	r := keyResult{Peer: id, PublicKey: hex.EncodeToString(id[:]), Position: id.Position().String()}
	return a.Print(r, func(w io.Writer) {
		fmt.Fprintf(w, "peer        %s\npublic key  %s\nposition    %s\n", r.Peer, r.PublicKey, r.Position)
	})
}
