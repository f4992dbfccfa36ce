package identity

import (
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"

	"github.com/mr-tron/base58"
)

// A CID of version 1 is another text for a peer ID (libp2p specs, peer-ids): a letter for
// its base (multibase), the version, the code for "libp2p-key", and the ID's bytes.

// cidPrefix is the version and the code.
const cidPrefix = "\x01\x72"

// maxCID bounds the text of a CID, in characters: the longest is in hex.
const maxCID = 1 + 2*(len(cidPrefix)+IDSize)

// cidBases decode the text behind the letter.
var cidBases = map[byte]func(string) ([]byte, error){
	'b': decodeBase32,
	'k': decodeBase36,
	'z': base58.Decode,
	'f': hex.DecodeString,
}

// fromCID returns the bytes of the peer ID that the text of a CID has; is is false if the
// text is no CID. Every peer ID in base58 begins with 1 or Q.
func fromCID(s string) (b []byte, is bool, err error) {
	decode := cidBases[s[0]]
	if decode == nil {
		return nil, false, nil
	}
	b, err = decode(s[1:])
	if err != nil {
		return nil, true, fmt.Errorf("%w: %q is no CID of a peer: %v", ErrBadPeerID, s, err)
	}
	id, ok := strings.CutPrefix(string(b), cidPrefix)
	if !ok {
		return nil, true, fmt.Errorf("%w: %q is no CID of a peer (libp2p-key)", ErrBadPeerID, s)
	}
	return []byte(id), true, nil
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func decodeBase32(s string) ([]byte, error) {
	b, err := base32Lower.DecodeString(s)
	if err == nil && base32Lower.EncodeToString(b) != s { // package base32 passes over ends of lines, and bits that are left
		err = base32.CorruptInputError(len(s) - 1)
	}
	return b, err
}

// decodeBase36 decodes digits and lower-case letters; leading zeros are bytes of zero.
func decodeBase36(s string) ([]byte, error) {
	rest := strings.TrimLeft(s, "0")
	zeros := make([]byte, len(s)-len(rest))
	if rest == "" {
		return zeros, nil
	}
	for _, c := range rest {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return nil, fmt.Errorf("%q is no digit of base 36", c)
		}
	}
	n, _ := new(big.Int).SetString(rest, 36) // every character is a digit
	return append(zeros, n.Bytes()...), nil
}
