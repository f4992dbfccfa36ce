package identity

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/mr-tron/base58"
)

// ErrBadPeerID reports text that is not the ID of an Ed25519 peer.
var ErrBadPeerID = errors.New("not a peer ID")

// IDSize is the size of an ID's encoded form, in bytes.
const IDSize = len(idPrefix) + 32

// idPrefix is what libp2p puts before an Ed25519 public key in a peer ID:
// identity multihash (0x00) of 36 bytes (0x24), holding a protobuf with field 1
// (key type, 0x08) = Ed25519 (0x01) and field 2 (0x12) of 32 bytes (0x20).
// Source: libp2p specs, peer-ids.
const idPrefix = "\x00\x24\x08\x01\x12\x20"

// An ID identifies a peer: it is the peer's Ed25519 public key. The zero ID means "not
// known".
type ID [32]byte

// unknownText is the text of the zero ID.
var unknownText = ID{}.String()

// IsZero reports whether the ID is not known.
func (id ID) IsZero() bool { return id == ID{} }

// Bytes is the ID as libp2p encodes it: the 6-byte prefix, then the key.
func (id ID) Bytes() [IDSize]byte {
	var b [IDSize]byte
	copy(b[:], idPrefix)
	copy(b[len(idPrefix):], id[:])
	return b
}

// String is the ID in base58btc, 12D3KooW...
func (id ID) String() string {
	b := id.Bytes()
	return base58.Encode(b[:])
}

// ShortSize is the length of an ID's short form, in characters.
const ShortSize = 8

// Short is the end of the ID's text, for display: the beginning is the same for all.
func (id ID) Short() string {
	s := id.String()
	return s[len(s)-ShortSize:]
}

// MarshalText makes an ID its base58btc text in JSON.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote, the zero ID too.
func (id *ID) UnmarshalText(text []byte) (err error) {
	if string(text) == unknownText {
		*id = ID{}
		return nil
	}
	*id, err = ParseID(string(text))
	return err
}

// Position is the position of the peer: SHA-256 of the ID's bytes (design R2.3).
func (id ID) Position() Position {
	b := id.Bytes()
	return Position(sha256.Sum256(b[:]))
}

// ParseID reads the text of an ID: base58btc, 12D3KooW..., or a CID of version 1, bafz... or
// k51.... Its error is ErrBadPeerID.
func ParseID(s string) (ID, error) {
	// 52 characters encode 38 bytes; decoding much longer text would only take time.
	if len(s) == 0 || len(s) > maxCID {
		return ID{}, fmt.Errorf("%w: %d characters, want the 52 of an Ed25519 peer ID (12D3KooW...)", ErrBadPeerID, len(s))
	}
	b, isCID, err := fromCID(s)
	if err != nil {
		return ID{}, err
	}
	if isCID {
		return IDFromBytes(b)
	}
	if b, err = base58.Decode(s); err != nil {
		return ID{}, fmt.Errorf("%w: %q is not base58: %v", ErrBadPeerID, s, err)
	}
	return IDFromBytes(b)
}

// IDFromBytes reads what Bytes wrote. Its error is ErrBadPeerID.
func IDFromBytes(b []byte) (ID, error) {
	if len(b) != IDSize || !slices.Equal(b[:len(idPrefix)], []byte(idPrefix)) {
		return ID{}, fmt.Errorf("%w: only Ed25519 peers are known here (12D3KooW..., bafz..., k51...)", ErrBadPeerID)
	}
	id := ID(b[len(idPrefix):])
	if id.SmallOrder() {
		return ID{}, fmt.Errorf("%w: a public key of small order, under which anybody can sign", ErrBadPeerID)
	}
	return id, nil
}
