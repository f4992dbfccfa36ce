package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"kadmium/identity"
)

// pkPrefix is what libp2p puts before a 32-byte Ed25519 public key: a protobuf
// with field 1 (key type, 0x08) = Ed25519 (0x01) and field 2 (0x12) of 32 bytes
// (0x20). The value under /pk/<peer ID> is this and the key, 36 bytes.
const pkPrefix = "\x08\x01\x12\x20"

// ImmutableKey is the key under which the value may stand in /imm.
func ImmutableKey(value []byte) []byte {
	sum := sha256.Sum256(value)
	return []byte("/" + immutable + "/" + hex.EncodeToString(sum[:]))
}

// PublicKeyValue is the value of /pk/<peer ID>.
func PublicKeyValue(id identity.ID) []byte { return append([]byte(pkPrefix), id[:]...) }

// parseDigest reads what follows /imm/. Only lower case: one value, one key.
func parseDigest(s string) (sum [sha256.Size]byte, err error) {
	n, err := hex.Decode(sum[:], []byte(s[:min(len(s), 2*len(sum))]))
	if err != nil || n != len(sum) || len(s) != 2*len(sum) || strings.ToLower(s) != s {
		return sum, fmt.Errorf("%w: want /imm/ and the value's SHA-256 in 64 lower-case hex digits", ErrBadKey)
	}
	return sum, nil
}

func checkDigest(rest string, value []byte) error {
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

func checkPublicKey(rest string, value []byte) error {
	id, err := parsePublicKey(rest)
	if err != nil {
		return err
	}
	if !slices.Equal(value, PublicKeyValue(id)) {
		return fmt.Errorf("%w: the value is not the peer's public key (36 bytes: 08 01 12 20 and the key)", ErrInvalid)
	}
	return nil
}

// names lists the namespaces for people.
func (n *Namespaces) names() string {
	all := []string{"/" + blackboard, "/" + immutable, "/" + signed, "/" + publicKey}
	for name := range n.users {
		all = append(all, "/"+name)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// shown is a key cut for an error message.
func shown(key []byte) []byte { return key[:min(len(key), 80)] }
