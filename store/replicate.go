package store

import (
	"math/rand/v2"
	"time"

	"kadmium/rpc"
)

// replicationLease is the time after which DueReplication returns a key again if
// Replicated was not called.
const replicationLease = 5 * time.Minute

// noteStore notes a STORE of an item. It postpones the item's replication, since all k
// holders have just received the same (Kademlia, section 2.5; design R6.10).
func (s *Store) noteStore(now time.Time, it *item, between int, rnd *rand.Rand) {
	it.lastStore = now
	s.SetBetween(it.keyItems.Key, between)
	s.scheduleReplication(it, now.Add(ReplicateAfter+s.jitter(rnd)))
}

// jitter is random, so that one of k holders is first and saves the others the work.
func (s *Store) jitter(rnd *rand.Rand) time.Duration {
	return time.Duration(rnd.Int64N(int64(s.cfg.replicateJitter) + 1))
}

// scheduleReplication sets when an item is replicated: never, if this node is no holder
// or if the item will have expired.
func (s *Store) scheduleReplication(it *item, at time.Time) {
	if it.keyItems.Between > 0 {
		s.replication.remove(&it.replication)
		return
	}
	s.judgeAt(it, at)
}

// judgeAt makes an item due at that time also where this node was no holder in an earlier
// run: whether it is one now SetBetween is told then.
func (s *Store) judgeAt(it *item, at time.Time) {
	if at.Before(it.expires.at) {
		s.replication.set(&it.replication, at)
	} else {
		s.replication.remove(&it.replication)
	}
}

// SetBetween sets the number of nodes between this node and the k closest to the key.
// Only with 0 is the key replicated (design R6.13).
func (s *Store) SetBetween(key []byte, between int) {
	items := s.byKey[string(key)]
	if items == nil || items.Between == between && between == 0 {
		return
	}
	items.Between = between
	items.each(func(it *item) {
		if between > 0 {
			s.replication.remove(&it.replication)
		} else if it.replication.index == 0 {
			s.scheduleReplication(it, it.lastStore.Add(ReplicateAfter+s.cfg.replicateJitter))
		}
	})
}

// NextReplication is when a key is due to be replicated, zero for never.
func (s *Store) NextReplication() time.Time { return s.replication.next() }

// DueReplication is a key that this node holds and for which no STORE has come for
// ReplicateAfter and the jitter. It is returned once, and again after five minutes
// unless Replicated is called or a STORE comes. The key must not be changed. What is of a
// source beyond its share is looked at again after ReplicateAfter.
func (s *Store) DueReplication(now time.Time) (key []byte, ok bool) {
	it, ok := s.replication.due(now)
	if !ok {
		return nil, false
	}
	if s.beyondShare(it) {
		s.withheld++
		s.judgeAt(it, now.Add(ReplicateAfter))
		return nil, false
	}
	it.keyItems.each(func(it *item) {
		if it.replication.index > 0 && it.replication.at.Before(now.Add(replicationLease)) {
			s.judgeAt(it, now.Add(replicationLease))
		}
	})
	return it.keyItems.Key, true
}

// Overdue is what the replication of the key should send, asked at the moment of
// sending. It is nothing if all of the key was stored within ReplicateAfter. Otherwise
// it is the record, nil if there is none to send, and the provider entries (appended
// to dst) that were not stored for half of that time, so that everything under a key
// becomes due at the same time and is sent after one lookup.
func (s *Store) Overdue(now time.Time, key []byte, dst []rpc.Provider) (*rpc.Record, []rpc.Provider) {
	var r *rpc.Record
	s.eachOverdue(now, key, func(it *item) {
		if s.beyondShare(it) {
			s.withheld++
			return
		}
		if it.provider != nil {
			dst = append(dst, it.remaining(now))
			return
		}
		r, _ = s.Get(now, key)
	})
	return r, dst
}

// HandedOver is what a newcomer is sent of a key: all but what is of a source beyond its
// share. The provider entries are appended to dst.
func (s *Store) HandedOver(now time.Time, key []byte, dst []rpc.Provider) (*rpc.Record, []rpc.Provider) {
	items := s.byKey[string(key)]
	if items == nil {
		return nil, dst
	}
	var r *rpc.Record
	items.each(func(it *item) {
		switch {
		case it.expired(now):
		case s.beyondShare(it):
			s.withheld++
		case it.provider != nil:
			dst = append(dst, it.remaining(now))
		default:
			r, _ = s.Get(now, key)
		}
	})
	return r, dst
}

// Replicated notes that what was overdue under the key has been replicated.
func (s *Store) Replicated(now time.Time, key []byte, rnd *rand.Rand) {
	s.eachOverdue(now, key, func(it *item) {
		it.lastStore = now
		s.scheduleReplication(it, now.Add(ReplicateAfter+s.jitter(rnd)))
	})
}

func (s *Store) eachOverdue(now time.Time, key []byte, f func(*item)) {
	items := s.byKey[string(key)]
	if items == nil || items.Between > 0 {
		return
	}
	unstored := func(it *item, d time.Duration) bool { return !it.expired(now) && !it.lastStore.Add(d).After(now) }
	overdue := false
	items.each(func(it *item) { overdue = overdue || unstored(it, ReplicateAfter) })
	if !overdue {
		return
	}
	items.each(func(it *item) {
		if unstored(it, ReplicateAfter/2) {
			f(it)
		}
	})
}

// each calls f with the record and the provider entries.
func (items *KeyItems) each(f func(*item)) {
	if items.record != nil {
		f(items.record)
	}
	for _, it := range items.providers {
		f(it)
	}
}
