package store

import (
	"math/rand/v2"
	"time"

	"kadmium/rpc"
)

// replicationLease is the time after which DueReplication returns a key again if
// Replicated was not called.
const replicationLease = 5 * time.Minute

// noteStore notes a STORE of h. It postpones the replication of h, since all k holders
// have just received the same (Kademlia, section 2.5; design R6.10).
func (s *Store) noteStore(now time.Time, h *held, between int, rnd *rand.Rand) {
	h.lastStore = now
	s.SetHolder(h.entry.Key, between)
	s.scheduleReplication(h, now.Add(ReplicateAfter+s.jitter(rnd)))
}

// jitter is random, so that one of k holders is first and saves the others the work.
func (s *Store) jitter(rnd *rand.Rand) time.Duration {
	return time.Duration(rnd.Int64N(int64(s.cfg.replicateJitter) + 1))
}

// scheduleReplication sets when h is replicated: never, if this node is no holder or
// if h will have expired.
func (s *Store) scheduleReplication(h *held, at time.Time) {
	if h.entry.Between > 0 || !at.Before(h.expires.at) {
		s.replication.remove(&h.replication)
		return
	}
	s.replication.set(&h.replication, at)
}

// SetHolder sets the number of nodes between this node and the k closest to the key.
// Only with 0 is the key replicated (design R6.13).
func (s *Store) SetHolder(key []byte, between int) {
	e := s.byKey[string(key)]
	if e == nil || e.Between == between {
		return
	}
	e.Between = between
	e.each(func(h *held) {
		if between > 0 {
			s.replication.remove(&h.replication)
		} else if h.replication.index == 0 {
			s.scheduleReplication(h, h.lastStore.Add(ReplicateAfter+s.cfg.replicateJitter))
		}
	})
}

// NextReplication is when a key is due to be replicated, zero for never.
func (s *Store) NextReplication() time.Time { return s.replication.next() }

// DueReplication is a key that this node holds and for which no STORE has come for
// ReplicateAfter and the jitter. It is returned once, and again after five minutes
// unless Replicated is called or a STORE comes. The key must not be changed.
func (s *Store) DueReplication(now time.Time) (key []byte, ok bool) {
	h, ok := s.replication.due(now)
	if !ok {
		return nil, false
	}
	h.entry.each(func(h *held) {
		if h.replication.index > 0 && h.replication.at.Before(now.Add(replicationLease)) {
			s.scheduleReplication(h, now.Add(replicationLease))
		}
	})
	return h.entry.Key, true
}

// Overdue is what the replication of the key should send, asked at the moment of
// sending. It is nothing if all of the key was stored within ReplicateAfter. Otherwise
// it is the record, nil if there is none to send, and the provider entries (appended
// to dst) that were not stored for half of that time, so that everything under a key
// becomes due at the same time and is sent after one lookup.
func (s *Store) Overdue(now time.Time, key []byte, dst []rpc.Provider) (*rpc.Record, []rpc.Provider) {
	var r *rpc.Record
	s.eachOverdue(now, key, func(h *held) {
		if h.provider != nil {
			dst = append(dst, h.remaining(now))
			return
		}
		r, _ = s.Get(now, key)
	})
	return r, dst
}

// Replicated notes that what was overdue under the key has been replicated.
func (s *Store) Replicated(now time.Time, key []byte, rnd *rand.Rand) {
	s.eachOverdue(now, key, func(h *held) {
		h.lastStore = now
		s.scheduleReplication(h, now.Add(ReplicateAfter+s.jitter(rnd)))
	})
}

func (s *Store) eachOverdue(now time.Time, key []byte, f func(*held)) {
	e := s.byKey[string(key)]
	if e == nil || e.Between > 0 {
		return
	}
	unstored := func(h *held, d time.Duration) bool { return !h.expired(now) && !h.lastStore.Add(d).After(now) }
	overdue := false
	e.each(func(h *held) { overdue = overdue || unstored(h, ReplicateAfter) })
	if !overdue {
		return
	}
	e.each(func(h *held) {
		if unstored(h, ReplicateAfter/2) {
			f(h)
		}
	})
}

// each calls f with the entry's record and provider entries.
func (e *Entry) each(f func(*held)) {
	if e.record != nil {
		f(e.record)
	}
	for _, h := range e.providers {
		f(h)
	}
}
