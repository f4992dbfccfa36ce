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
// order.
func (s *Store) SoonestHeld(now time.Time, n int) []Held {
	var all []*item
	for _, t := range s.expiry.timers {
		if !t.of.expired(now) {
			all = append(all, t.of)
		}
	}
	slices.SortFunc(all, func(a, b *item) int {
		return cmp.Or(a.expires.at.Compare(b.expires.at), slices.Compare(a.keyItems.Key, b.keyItems.Key))
	})
	all = all[:min(n, len(all))]
	held := make([]Held, len(all))
	for i, it := range all {
		held[i] = Held{it.keyItems.Key, it.record, it.provider, it.keyItems.Between > 0, it.expires.at}
	}
	return held
}
