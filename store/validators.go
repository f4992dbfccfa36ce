package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"kadmium/identity"
)

// This file has the rules of the namespaces: the built-in ones, and those of a user's
// validators.

// pkPrefix is what libp2p puts before a 32-byte Ed25519 public key: a protobuf
// with field 1 (key type, 0x08) = Ed25519 (0x01) and field 2 (0x12) of 32 bytes
// (0x20). The value under /pk/<peer ID> is this and the key, 36 bytes.
const pkPrefix = "\x08\x01\x12\x20"

// publicKeyValue is the value of /pk/<peer ID>.
func publicKeyValue(id identity.ID) []byte { return append([]byte(pkPrefix), id[:]...) }

// parses turns a function that reads a key into one that checks it.
func parses[T any](parse func(rest string) (T, error)) func(rest string) error {
	return func(rest string) error {
		_, err := parse(rest)
		return err
	}
}

// parseDigest reads what follows /imm/. Only lower case: one value, one key.
func parseDigest(s string) (sum [sha256.Size]byte, err error) {
	n, err := hex.Decode(sum[:], []byte(s[:min(len(s), 2*len(sum))]))
	if err != nil || n != len(sum) || len(s) != 2*len(sum) || strings.ToLower(s) != s {
		return sum, fmt.Errorf("%w: want /imm/ and the value's SHA-256 in 64 lower-case hex digits", ErrBadKey)
	}
	return sum, nil
}

func checkDigest(_, rest string, value []byte) error {
	want, err := parseDigest(rest)
	if err != nil {
		return err
	}
	if sha256.Sum256(value) != want {
		return fmt.Errorf("%w: the value's SHA-256 is not its key", ErrInvalid)
	}
	return nil
}

// parseSigned reads what follows /sig/: the peer that signs.
func parseSigned(rest string) (identity.ID, error) {
	peer, name, _ := strings.Cut(rest, "/")
	if name == "" {
		return identity.ID{}, fmt.Errorf("%w: want /sig/<peer ID>/<name>", ErrBadKey)
	}
	id, err := identity.ParseID(peer)
	if err != nil {
		return id, fmt.Errorf("%w: want /sig/<peer ID>/<name>: %w", ErrBadKey, err)
	}
	return id, nil
}

// parsePublicKey reads what follows /pk/.
func parsePublicKey(rest string) (identity.ID, error) {
	id, err := identity.ParseID(rest)
	if err != nil {
		return id, fmt.Errorf("%w: want /pk/<peer ID>: %w", ErrBadKey, err)
	}
	return id, nil
}

func checkPublicKey(_, rest string, value []byte) error {
	id, err := parsePublicKey(rest)
	if err != nil {
		return err
	}
	if !slices.Equal(value, publicKeyValue(id)) {
		return fmt.Errorf("%w: the value is not the peer's public key (36 bytes: 08 01 12 20 and the key)", ErrInvalid)
	}
	return nil
}

// A Validator decides which values are valid under the keys of a namespace, and which
// of them is the best. It is the interface of go-libp2p-record, so that a validator
// written for libp2p works unchanged. Keys are given whole, with their namespace. Both
// methods must be safe for concurrent use.
type Validator interface {
	// Validate returns an error for a value that is not valid under the key.
	Validate(key string, value []byte) error
	// Select returns the index of the best of at least two valid values.
	Select(key string, values [][]byte) (int, error)
}

// ofValidator is the namespace of a user's validator. A record at which the validator
// panics is refused, and the process goes on (design R8.14).
func (n *Namespaces) ofValidator(name string, v Validator) *namespace {
	return &namespace{
		name:       name,
		costly:     true,
		revalidate: true, // some let values expire
		checkValue: func(key, _ string, value []byte) error {
			var err error
			if !n.survives(name, func() { err = v.Validate(key, value) }) {
				return fmt.Errorf("%w: the validator of /%s panicked", ErrInvalid, name)
			}
			if err != nil {
				return fmt.Errorf("%w: /%s: %w", ErrInvalid, name, err)
			}
			return nil
		},
		prefer: func(key string, a, b []byte) (int, bool) { return n.selected(name, v, key, a, b) },
	}
}

// survives runs a user's code, and reports whether it did not panic.
func (n *Namespaces) survives(name string, code func()) (survived bool) {
	defer func() {
		if value := recover(); value != nil && n.onPanic != nil {
			n.onPanic("validator of /"+name, value)
		}
	}()
	code()
	return true
}

// selected is the preference of Select between two values. The validators of libp2p
// return the first of equals, so a preference counts only if it is the same with the
// values in the other order. survived is false if Select panicked: then a value that it
// cannot compare even with itself loses.
func (n *Namespaces) selected(name string, v Validator, key string, a, b []byte) (prefer int, survived bool) {
	if bytes.Equal(a, b) {
		return 0, true
	}
	var first, second int
	var err error
	survived = n.survives(name, func() {
		if first, err = v.Select(key, [][]byte{a, b}); err == nil {
			second, err = v.Select(key, [][]byte{b, a})
		}
	})
	switch {
	case !survived:
		sound := func(value []byte) int {
			if n.survives(name, func() { _, _ = v.Select(key, [][]byte{value, value}) }) {
				return 1
			}
			return 0
		}
		return sound(a) - sound(b), false
	case err != nil || first == second:
		return 0, true
	case first == 0:
		return 1, true
	}
	return -1, true
}
