package store

import (
	"math/rand/v2"
	"time"
)

// expirySlack is how much later than the known expiry a STORE may set it without
// being taken for a new lifetime (design R6.12). The remaining lifetime in a
// replication is too long by the network's delay, and would otherwise extend the
// record's life a little each hour.
const expirySlack = 10 * time.Second

// expired reports whether the lifetime has run out.
func (h *held) expired(now time.Time) bool { return !h.expires.at.After(now) }

// Lifetime is the longest lifetime that a put with this ttl gets: DefaultTTL for 0,
// and never more than MaxTTL.
func (s *Store) Lifetime(ttl time.Duration) time.Duration {
	if ttl <= 0 {
		ttl = DefaultTTL
	}
	return min(ttl, MaxTTL)
}

// lifetime is the remaining lifetime of h if the sender says that it is ttl: capped,
// and shrunk for a copy.
func (s *Store) lifetime(h *held, ttl time.Duration, between int) time.Duration {
	limit := MaxTTL
	if h.provider != nil {
		limit = ProviderTTL
	}
	return shrink(min(ttl, limit), between)
}

// storedAgain handles a STORE of a record or provider entry that is already held:
// expiry = max(own, now + remaining). A replication sends what remains and so extends
// nothing; a publisher starts a new lifetime and so does (design R6.8, R6.11). The
// journal entry is written again because the first write may still be waiting, or
// may have failed.
func (s *Store) storedAgain(now time.Time, h *held, ttl time.Duration, between int, rnd *rand.Rand) []Op {
	remaining := s.lifetime(h, ttl, between)
	slack := min(expirySlack, remaining/4) // so that short lifetimes can be renewed too
	if now.Add(remaining).After(h.expires.at.Add(slack)) {
		s.expiry.set(&h.expires, now.Add(remaining))
	}
	s.noteStore(now, h, between, rnd)
	return s.op(h)
}

// NextExpiry is when something expires next, zero for never.
func (s *Store) NextExpiry() time.Time { return s.expiry.next() }

// Expire removes what has expired, and returns the number of records and provider
// entries removed.
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
