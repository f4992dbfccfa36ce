package store

import (
	"math/rand/v2"
	"time"

	"kadmium/rpc"
)

// replicationLease is how long a key that DueReplication gave out is not given out again,
// should nobody call Replicated.
const replicationLease = 5 * time.Minute

// heardOf notes a STORE of h: it puts h's re-store off, since all k holders just
// heard the same (Kademlia, section 2.5).
func (s *Store) heardOf(now time.Time, h *held, between int, rnd *rand.Rand) {
	h.heard = now
	s.SetHolder(h.entry.Key, between)
	s.putOff(h, now.Add(ReplicateAfter+s.jitter(rnd)))
}

// jitter is random, so that one of k holders comes first and spares the others.
func (s *Store) jitter(rnd *rand.Rand) time.Duration {
	return time.Duration(rnd.Int64N(int64(s.cfg.ReplicateJitter) + 1))
}

// putOff sets when h is stored again: never, if this node is no holder or h will
// have expired.
func (s *Store) putOff(h *held, at time.Time) {
	if h.entry.Between > 0 || !at.Before(h.expires.at) {
		s.replication.remove(&h.replication)
		return
	}
	s.replication.set(&h.replication, at)
}

// SetHolder says how many nodes stand between this node and the k closest to the
// key. Only at 0 is the key stored again, an hour after it was last heard of.
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
			s.putOff(h, h.heard.Add(ReplicateAfter+s.cfg.ReplicateJitter))
		}
	})
}

// NextReplication is when a key is due to be stored again, zero for never.
func (s *Store) NextReplication() time.Time { return s.replication.next() }

// DueReplication is a key that this node holds and nobody has stored for an hour and
// some. It is given out once, and again after five minutes unless Replicated is
// called or a STORE comes in. The key is not to be changed.
func (s *Store) DueReplication(now time.Time) (key []byte, ok bool) {
	h, ok := s.replication.due(now)
	if !ok {
		return nil, false
	}
	h.entry.each(func(h *held) {
		if h.replication.index > 0 && h.replication.at.Before(now.Add(replicationLease)) {
			s.putOff(h, now.Add(replicationLease))
		}
	})
	return h.entry.Key, true
}

// Overdue is what of the key should go out with its re-store, at the moment of
// sending: nothing if somebody stored all of it within the hour, else the record
// and the provider entries (appended to dst) that nobody stored for half an hour,
// so that all of a key falls into step and goes out after one lookup. The record
// is nil if it need not.
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

// Replicated says that what was overdue under the key has been stored again.
func (s *Store) Replicated(now time.Time, key []byte, rnd *rand.Rand) {
	s.eachOverdue(now, key, func(h *held) {
		h.heard = now
		s.putOff(h, now.Add(ReplicateAfter+s.jitter(rnd)))
	})
}

func (s *Store) eachOverdue(now time.Time, key []byte, f func(*held)) {
	e := s.byKey[string(key)]
	if e == nil || e.Between > 0 {
		return
	}
	silent := func(h *held, d time.Duration) bool { return !h.expired(now) && !h.heard.Add(d).After(now) }
	overdue := false
	e.each(func(h *held) { overdue = overdue || silent(h, ReplicateAfter) })
	if !overdue {
		return
	}
	e.each(func(h *held) {
		if silent(h, ReplicateAfter/2) {
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
