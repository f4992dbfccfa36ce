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

// HasFailed reports whether a contact has failed lately, and was not heard since.
func (s *asker) HasFailed(c identity.Contact) bool {
	_, failed := s.unresponsive.when(c)
	return failed || s.table.Failing(c)
}

// Random is the next of the node's random numbers.
func (s *asker) Random() uint64 { return s.rnd.Uint64() }

// wakeLookups has the rules of lookups decide again that asked for it.
func (e *Engine) wakeLookups() {
	for i := slices.IndexFunc(e.lookups, (*activeLookup).isDue); i >= 0; i = slices.IndexFunc(e.lookups, (*activeLookup).isDue) {
		e.lookups[i].wake()
	}
}

func (l *activeLookup) isDue() bool {
	at := l.wakeAt()
	return !at.IsZero() && !l.e.now.Before(at)
}

// wakeAt is when the lookup's rule, or that of a path of its repeat, is to be asked again.
func (l *activeLookup) wakeAt() time.Time {
	at := l.state.WakeAt()
	if l.again != nil {
		for _, p := range l.again.paths {
			at = earlier(at, p.wakeAt())
		}
	}
	return at
}

// wake asks the rules again that are due. The lookup may end.
func (l *activeLookup) wake() {
	if l.again != nil {
		for _, p := range l.again.paths {
			if p.isDue() {
				p.wake()
			}
		}
		return
	}
	l.state.Wake(l.e.now)
	l.awaitsSought = l.awaitsSought && l.state.Pending(l.sought)
	l.pump()
}
