package engine

import (
	"slices"
	"time"

	"kadmium/identity"
)

// An asker is what rules of lookups may ask this node (design R5.18).
type asker Engine

// RTT is the smoothed round trip time of a contact, 0 if it was not measured.
func (s *asker) RTT(c identity.Contact) time.Duration { return s.rtts.of(c).Smoothed() }

// Random is the next of the node's random numbers.
func (s *asker) Random() uint64 { return s.rnd.Uint64() }

// wakeLookups has the rules of lookups decide again that asked for it.
func (e *Engine) wakeLookups() {
	due := func(l *activeLookup) bool {
		at := l.state.WakeAt()
		return !at.IsZero() && !e.now.Before(at)
	}
	for i := slices.IndexFunc(e.lookups, due); i >= 0; i = slices.IndexFunc(e.lookups, due) {
		l := e.lookups[i]
		l.state.Wake(e.now)
		l.pump()
	}
}
