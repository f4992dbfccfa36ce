package kbucket

import (
	"crypto/sha256"
	"encoding/binary"
)

// Preferring is the policy of this project's nodes (design R4.30 to R4.32). A node prefers
// half of all others, by a keyed hash of their positions, and in a full bucket a newcomer
// that it prefers takes the place of a contact that it does not. In all else it is Plain:
// of those that it prefers it keeps the oldest.
//
// Under Plain the tables of a region hold the same contacts, the oldest, and what one
// names another has named before, so that lookups take more hops. Every node prefers
// another half, which none but it can tell.
//
// Make one with NewPreferring.
type Preferring struct {
	Plain
	secret [16]byte
}

var _ Policy = (*Preferring)(nil)

// NewPreferring is the policy of a node with this secret. The same secret prefers the same
// contacts.
func NewPreferring(secret [16]byte) *Preferring { return &Preferring{secret: secret} }

// Prefers is so for half of all contacts, by a bit of the SHA-256 of the secret and the
// bits of the position. All such texts are of one length, so none extends another.
func (p *Preferring) Prefers(cpl int, key uint32) bool {
	var text [len(p.secret) + 8]byte
	copy(text[:], p.secret[:])
	binary.BigEndian.PutUint32(text[len(p.secret):], uint32(cpl))
	binary.BigEndian.PutUint32(text[len(p.secret)+4:], key)
	hash := sha256.Sum256(text[:])
	return hash[0]&1 == 0
}

// Displace is the least recently seen contact that is not preferred, if the newcomer is.
func (p *Preferring) Displace(v View) int {
	if !v.ReplacementPreferred(0) {
		return -1
	}
	for i := range v.Contacts() {
		if !v.Preferred(i) {
			return i
		}
	}
	return -1
}

// OnlyFound is so.
func (*Preferring) OnlyFound() bool { return true }

// Promote is the newest replacement that is preferred, or the newest.
func (p *Preferring) Promote(v View) int {
	for i := range v.Replacements() {
		if v.Unasked(i) {
			break
		}
		if v.ReplacementPreferred(i) {
			return i
		}
	}
	return 0
}
