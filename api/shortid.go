package api

import (
	"strings"

	"kadmium"
	"kadmium/identity"
)

// The short form of a peer's ID, which is easier to read and to type, names a peer wherever
// it is that of one peer only whom the node knows.

// base58Digits are the characters of an ID's text.
const base58Digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// isShort reports whether a text has the form of a short ID.
func isShort(text string) bool {
	return len(text) == identity.ShortSize && text != peerPrefix && strings.Trim(text, base58Digits) == ""
}

// CheckPeer refuses what is neither a peer ID, nor an address that ends in one, nor the
// short form of an ID. Its error is identity.ErrBadPeerID.
func CheckPeer(text string) error {
	if isShort(text) {
		return nil
	}
	_, err := ParsePeer(text)
	return err
}

// knownAs are the peers that the node knows whose ID has the short form, if it is one, and
// the node itself.
func knownAs(n *kadmium.Node, short string) []identity.ID {
	if !isShort(short) {
		return nil
	}
	return n.PeersEndingIn(short)
}

// peerAt is the peer that a text names to a node. Errors: a *Problem, and as CheckPeer.
func peerAt(n *kadmium.Node, text string) (identity.ID, error) {
	if !isShort(text) {
		return ParsePeer(text)
	}
	switch ids := knownAs(n, text); len(ids) {
	case 1:
		return ids[0], nil
	case 0:
		return identity.ID{}, badRequest("see kad table for the peers of the node, or give the whole ID (12D3KooW...)", "the node knows no peer whose ID ends in %s", text)
	default:
		whole := make([]string, len(ids))
		for i, id := range ids {
			whole[i] = id.String()
		}
		return identity.ID{}, badRequest("give the whole ID", "%s is the end of several IDs: %s", text, strings.Join(whole, ", "))
	}
}
