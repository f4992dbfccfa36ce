package kadmium

import (
	"bytes"
	"time"

	"kadmium/engine"
	"kadmium/store"
)

// A HeldRecord is a record that a node holds and would give out now.
type HeldRecord struct {
	Key      string
	Sequence uint64
	Value    []byte
	Left     time.Duration // of its lifetime
}

// Held is what a node holds, for tests outside the package.
func Held(n *Node) []HeldRecord {
	var all []HeldRecord
	n.driver.View(func(e *engine.Engine) {
		now := n.clock.Now()
		e.Store().Each(func(items *store.KeyItems) {
			if r, ok := e.Store().Get(now, items.Key); ok {
				all = append(all, HeldRecord{string(r.Key), r.Sequence, bytes.Clone(r.Value), r.TTL})
			}
		})
	})
	return all
}
