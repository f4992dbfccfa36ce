package store

import (
	"cmp"
	"slices"
	"time"

	"kadmium/rpc"
)

// A Held is a record or a provider entry that this node holds. Its pointers are the
// store's and must not be changed.
type Held struct {
	Key      []byte
	Record   *rpc.Record   // either this
	Provider *rpc.Provider // or this
	Copy     bool          // this node is not among the k closest to the key
	Expires  time.Time
}

// SoonestHeld is what this node holds and has not expired: the n that expire first, in that
// order. What it costs depends on n, not on the size of the store.
func (s *Store) SoonestHeld(now time.Time, n int) []Held {
	var first []*item
	for t := range s.expiry.inOrder() {
		if len(first) >= n {
			break
		}
		if !t.of.expired(now) {
			first = append(first, t.of)
		}
	}
	slices.SortFunc(first, func(a, b *item) int {
		return cmp.Or(a.expires.at.Compare(b.expires.at), slices.Compare(a.keyItems.Key, b.keyItems.Key))
	})
	held := make([]Held, len(first))
	for i, it := range first {
		held[i] = Held{it.keyItems.Key, it.record, it.provider, it.keyItems.Between > 0, it.expires.at}
	}
	return held
}
