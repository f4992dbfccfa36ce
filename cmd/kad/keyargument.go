package main

import (
	"encoding/hex"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// A keyArg is a key in JSON: text, or base64, which counts if both are given. Any bytes
// are a key, but text in JSON is UTF-8.
type keyArg struct {
	Key       *string `json:"key,omitempty"`
	KeyBase64 []byte  `json:"key_base64,omitempty"`
}

func newKeyArg(key string) keyArg {
	if utf8.ValidString(key) {
		return keyArg{Key: &key}
	}
	return keyArg{KeyBase64: []byte(key)}
}

func (k keyArg) key() string {
	if len(k.KeyBase64) > 0 || k.Key == nil {
		return string(k.KeyBase64)
	}
	return *k.Key
}

// A keyFlag says how KEY is written on the command line: as it is, or in hex, for bytes
// that a shell cannot pass.
type keyFlag struct{ hex bool }

func (k *keyFlag) flag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&k.hex, "hex", false, "KEY is written in hex, two digits a byte")
}

// parse reads KEY and checks it.
func (k *keyFlag) parse(argument string, check func(key string) error) (keyArg, error) {
	key := argument
	if k.hex {
		b, err := hex.DecodeString(argument)
		if err != nil {
			return keyArg{}, badInput("write two hex digits for each byte, as 2f762f61 for /v/a", "KEY %q with --hex: not hex", argument)
		}
		key = string(b)
	}
	return newKeyArg(key), check(key)
}

// shownKey is a key for people: as it is if it is printable text, otherwise in hex as the
// command line takes it.
func shownKey(key string) string {
	if !utf8.ValidString(key) {
		return hexKey(key)
	}
	for _, r := range key {
		if !unicode.IsPrint(r) {
			return hexKey(key)
		}
	}
	return key
}

func hexKey(key string) string { return "--hex " + hex.EncodeToString([]byte(key)) }
