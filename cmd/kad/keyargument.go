package main

import (
	"encoding/hex"

	"github.com/spf13/cobra"

	"kadmium/internal/cli"
)

// A keyFlag says how KEY is written on the command line: as it is, or in hex, for bytes
// that a shell cannot pass.
type keyFlag struct{ hex bool }

func (k *keyFlag) flag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&k.hex, "hex", false, "KEY is written in hex, two digits a byte")
}

// parse reads KEY and checks it.
func (k *keyFlag) parse(argument string, check func(key string) error) (string, error) {
	key := argument
	if k.hex {
		b, err := hex.DecodeString(argument)
		if err != nil {
			return "", cli.BadInput("write two hex digits for each byte, as 2f762f61 for /v/a", "KEY %q with --hex: not hex", argument)
		}
		key = string(b)
	}
	return key, check(key)
}
