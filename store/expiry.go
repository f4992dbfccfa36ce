package store

import (
	"math/rand/v2"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// expirySlack is how much later than the known expiry a STORE may set it without
// being taken for a new lifetime (design R6.12). The remaining lifetime in a
// replication is too long by the network's delay, and would otherwise extend the
// record's life a little each hour.
const expirySlack = 10 * time.Second

// expired reports whether the lifetime has run out.
func (it *item) expired(now time.Time) bool { return !it.expires.at.After(now) }

// Lifetime is the longest lifetime that a put with this ttl gets: DefaultTTL for 0,
// and never more than MaxTTL.
func (s *Store) Lifetime(ttl time.Duration) time.Duration {
	if ttl <= 0 {
		ttl = DefaultTTL
	}
	return min(ttl, MaxTTL)
}

// granted is the remaining lifetime that an item gets if the sender says that it is
// ttl: capped, and shrunk for a copy.
func (s *Store) granted(it *item, ttl time.Duration, between int) time.Duration {
	limit := MaxTTL
	if it.provider != nil {
		limit = min(ProviderTTL, wholeLifetime(it.provider))
	}
	return shrink(min(ttl, limit), between)
}

// wholeLifetime is the lifetime that a provider has signed.
func wholeLifetime(p *rpc.Provider) time.Duration {
	return time.Duration(p.Lifetime) * time.Second
}

// storedAgain handles a STORE of a record or provider entry that is already held:
// expiry = max(own, now + remaining). A replication sends what remains and so extends
// nothing; a publisher starts a new lifetime and so does (design R6.8, R6.11). The
// journal entry is written again because the first write may still be waiting, or
// may have failed.
//
// A copy that its source publishes itself is none any more.
func (s *Store) storedAgain(now time.Time, it *item, from identity.NetGroup, copied bool, ttl time.Duration, between int, rnd *rand.Rand) []Change {
	if it.copied && !copied && it.source == from {
		it.copied = false
		p, _ := s.poolOf(it)
		p.move(it, s.classOf(&it.keyItems.Position, false))
	}
	remaining := s.granted(it, ttl, between)
	slack := min(expirySlack, remaining/4) // so that short lifetimes can be renewed too
	if now.Add(remaining).After(it.expires.at.Add(slack)) {
		s.expiry.set(&it.expires, now.Add(remaining))
		it.loaded = false
	}
	s.noteStore(now, it, between, rnd)
	return s.changed(it)
}

// NextExpiry is when something is to be removed next, zero for never.
func (s *Store) NextExpiry() time.Time {
	next := s.expiry.next()
	if r := s.revivable; r != nil && len(r.ended) > 0 && (next.IsZero() || r.until.Before(next)) {
		return r.until
	}
	return next
}

// maxExpired bounds what one Expire removes (design R8.7): together with what waits, it has to
// fit into what the journal lets wait.
const maxExpired = 4096

// Expire removes what has expired, at most 4,096 items, and returns the number of records and
// provider entries removed. What Revive may bring back is kept meanwhile.
func (s *Store) Expire(now time.Time) (changes []Change, n int) {
	remove := func(it *item) {
		changes = append(changes, s.deletion(it)...)
		s.unlink(it)
		n++
	}
	for n < maxExpired {
		it, ok := s.expiry.due(now)
		if !ok {
			break
		}
		if r := s.revivable; r != nil && it.loaded && now.Before(r.until) {
			s.expiry.remove(&it.expires)
			r.ended = append(r.ended, it)
			continue
		}
		remove(it)
	}
	if r := s.revivable; r != nil && !now.Before(r.until) {
		for _, it := range r.ended {
			if s.holding(it.keyItems.Key, it) == it { // nothing has replaced it
				remove(it)
			}
		}
		s.revivable = nil
	}
	return changes, n
}
