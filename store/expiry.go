package store

import (
	"math/rand/v2"
	"time"
)

// expirySlack is how much later than its own an expiry may come in and still be
// the same one: a re-store's remaining lifetime is late by the network's delay,
// and would otherwise stretch the record's life a little each hour.
const expirySlack = 10 * time.Second

// expired reports whether the lifetime has run out.
func (h *held) expired(now time.Time) bool { return !h.expires.at.After(now) }

// Lifetime is what a put that asks for ttl gets at most: the default for 0, and
// never over MaxTTL.
func (s *Store) Lifetime(ttl time.Duration) time.Duration {
	if ttl <= 0 {
		ttl = DefaultTTL
	}
	return min(ttl, MaxTTL)
}

// lifetime is what remains of h's life if the sender says ttl does: capped, and
// shrunk for a copy.
func (s *Store) lifetime(h *held, ttl time.Duration, between int) time.Duration {
	limit := MaxTTL
	if h.provider != nil {
		limit = ProviderTTL
	}
	return shrink(min(ttl, limit), between)
}

// again is a STORE of what is held already: expiry = max(own, now + remaining),
// so that a re-store, which passes on what remains, extends nothing, and the
// publisher, who starts a new lifetime, does (design, section 6). It is written
// again even so: the first time may still be on its way to the disk, or have
// failed.
func (s *Store) again(now time.Time, h *held, ttl time.Duration, between int, rnd *rand.Rand) []Op {
	remaining := s.lifetime(h, ttl, between)
	slack := min(expirySlack, remaining/4) // short lifetimes can be renewed too
	if now.Add(remaining).After(h.expires.at.Add(slack)) {
		s.expiry.set(&h.expires, now.Add(remaining))
	}
	s.heardOf(now, h, between, rnd)
	return s.op(h)
}

// NextExpiry is when something expires next, zero for never.
func (s *Store) NextExpiry() time.Time { return s.expiry.next() }

// Expire forgets what has expired, and says how many records and provider
// entries those were.
func (s *Store) Expire(now time.Time) (ops []Op, n int) {
	for {
		h, ok := s.expiry.due(now)
		if !ok {
			return ops, n
		}
		ops = append(ops, s.deletion(h)...)
		s.unlink(h)
		n++
	}
}
