package store

import (
	"net/netip"
	"time"
)

// republishRetry is the time after which DueRepublish returns a publication again if
// Republished was not called.
const republishRetry = 15 * time.Minute

// NextRepublish is when a publication of this node is due again, zero for never.
func (s *Store) NextRepublish() time.Time { return s.republish.next() }

// DueRepublish is a publication that is at least RepublishEvery old (design R6.8),
// possibly from before a restart. It is returned again after 15 minutes unless
// Republished is called.
func (s *Store) DueRepublish(now time.Time) (*Published, bool) {
	p, ok := s.republish.due(now)
	if ok {
		s.republish.set(&p.due, now.Add(republishRetry))
	}
	return p, ok
}

// IsRepublished reports whether a record with the lifetime is published again (design
// R6.9).
func (s *Store) IsRepublished(ttl time.Duration) bool { return ttl > RepublishEvery }

// Unconfirmed notes that no other node has taken p yet, and whether it waits for a peer to
// answer: it is due again after 15 minutes, also after a restart.
func (s *Store) Unconfirmed(now time.Time, p *Published, w Waiting) []Change {
	p.Waits = w
	s.republish.set(&p.due, now.Add(republishRetry))
	return s.publishedChange(p)
}

// Republished notes that p has been published again at the time now. It does nothing if p was
// unpublished or replaced meanwhile.
func (s *Store) Republished(now time.Time, p *Published) []Change {
	if !s.IsPublished(p) {
		return nil
	}
	p.Waits = WaitsNot
	s.republish.set(&p.due, now.Add(RepublishEvery))
	p.since = now
	return s.publishedChange(p)
}

// Provides reports whether this node publishes provider entries.
func (s *Store) Provides() bool { return s.provided > 0 }

// ProvidesElsewhere reports whether one of them names another endpoint.
func (s *Store) ProvidesElsewhere(at netip.AddrPort) bool {
	if s.provided > 0 {
		for _, p := range s.published {
			if p.Provider != nil && p.Provider.Peer.Endpoint != at {
				return true
			}
		}
	}
	return false
}

// ProvideAgain makes those due that name another endpoint, and returns how many these are.
func (s *Store) ProvideAgain(now time.Time, at netip.AddrPort) (n int) {
	for _, p := range s.allPublished(nil) {
		if p.Provider != nil && p.Provider.Peer.Endpoint != at {
			s.republish.set(&p.due, now)
			n++
		}
	}
	return n
}
