package kadmium

import (
	"bytes"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/store"
)

// A HeldRecord is a record that a node holds and would give out now.
type HeldRecord struct {
	Key      string
	Sequence uint64
	Value    []byte
	Left     time.Duration // of its lifetime
}

// A HeldProvider is a provider entry that a node holds and would give out now.
type HeldProvider struct {
	Key      string
	Peer     identity.Address
	Sequence uint64
	Left     time.Duration // of its lifetime
}

// WithMachine is a Config whose node is told of its machine's clocks beside cfg.Clock.
func WithMachine(cfg Config, wall func() time.Time, boot func() (string, time.Duration)) Config {
	cfg.wall, cfg.boot = wall, boot
	return cfg
}

// HeldProviders is what provider entries a node holds.
func HeldProviders(n *Node) (all []HeldProvider) {
	n.driver.View(func(e *engine.Engine) {
		now := n.driver.Now()
		e.Store().Each(func(items *store.KeyItems) {
			for _, p := range e.Store().AllProviders(now, items.Key, nil) {
				all = append(all, HeldProvider{string(items.Key), p.Peer, p.Sequence, p.TTL})
			}
		})
	})
	return all
}

// Held is what a node holds, for tests outside the package.
func Held(n *Node) []HeldRecord {
	var all []HeldRecord
	n.driver.View(func(e *engine.Engine) {
		now := n.driver.Now()
		e.Store().Each(func(items *store.KeyItems) {
			if r, ok := e.Store().Get(now, items.Key); ok {
				all = append(all, HeldRecord{string(r.Key), r.Sequence, bytes.Clone(r.Value), r.TTL})
			}
		})
	})
	return all
}
