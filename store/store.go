package store

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// A Store holds records and provider entries in memory. Not safe for concurrent use.
// When it is full it refuses new ones, and evicts nothing that has not expired.
type Store struct {
	*settings
	names *Namespaces

	byKey     map[string]*Entry
	entries   []*Entry // in an order that depends only on the calls made
	records   int
	providers int
	bytes     int
	sources   map[sourceKey]usage

	expiry      queue[held]
	replication queue[held]

	published map[string]*Published // by publication key
	republish queue[Published]
	sequences map[string]uint64 // highest used, by publication key

	table []identity.Address // contacts loaded from the journal
}

// New makes an empty store. The namespaces decide who wins among records.
func New(cfg Config, names *Namespaces) *Store {
	cfg.fill()
	return &Store{settings: settingsOf(cfg), names: names}
}

// An Entry is all that is held under one key.
type Entry struct {
	Key      []byte            // not to be changed
	Position identity.Position // of the key
	Between  int               // nodes between this node and the k closest to the key; 0: this node is a holder

	record    *held
	providers []*held
	index     int // in Store.entries
}

// A held is one record or one provider entry that this node holds for others.
type held struct {
	entry       *Entry
	record      *rpc.Record   // either this
	provider    *rpc.Provider // or this
	expires     timer[held]
	replication timer[held] // queued while this node is a holder
	lastStore   time.Time   // the last STORE or ADD_PROVIDER of it
	source      sourceKey
	size        int // bytes that it counts against the limits
}

// Put stores a record that Validate has accepted, and copies what it keeps. between
// is the number of known nodes between this node and the k closest to the key: 0 for
// a holder, more for a copy, whose lifetime shrinks. With cas the record is stored
// only if the held one has sequence *cas, or if none is held and *cas is 0.
//
// OK: it is held now, or was already; the operations must be in the journal before
// the write is acknowledged. Older, Conflict, Full, Invalid: nothing has changed.
func (s *Store) Put(now time.Time, r *rpc.Record, from Source, cas *uint64, between int, rnd *rand.Rand) (rpc.Status, []Op) {
	if r.TTL <= 0 || len(r.Key) == 0 {
		return rpc.Invalid, nil
	}
	var old, live *held // live: old, if it has not expired
	if e := s.byKey[string(r.Key)]; e != nil && e.record != nil {
		if old = e.record; !old.expired(now) {
			live = old
		}
	}
	if live != nil && s.names.Better(r, live.record) == 0 {
		return rpc.OK, s.storedAgain(now, live, r.TTL, between, rnd)
	}
	if cas != nil && !casHolds(live, *cas) {
		return rpc.Conflict, nil
	}
	if live != nil && s.names.Better(r, live.record) < 0 {
		return rpc.Older, nil
	}
	h := &held{record: cloneRecord(r), source: from.key(), size: recordCost(r)}
	if !s.roomForRecord(h, old) {
		return rpc.Full, nil
	}
	if old != nil {
		s.unlink(old)
	}
	s.link(r.Key, h)
	s.expiry.set(&h.expires, now.Add(s.lifetime(h, r.TTL, between)))
	s.noteStore(now, h, between, rnd)
	return rpc.OK, s.op(h)
}

// casHolds reports whether a compare-and-swap may proceed that expects the sequence,
// or with 0 that nothing is held.
func casHolds(h *held, expected uint64) bool {
	if h == nil || expected == 0 {
		return h == nil && expected == 0
	}
	return h.record.Sequence == expected
}

// Get is the record held under the key, with its remaining lifetime as TTL, and never
// an expired one. Its bytes belong to the store and must not be changed. A record that
// a user's validator no longer accepts is not returned, and expires.
func (s *Store) Get(now time.Time, key []byte) (*rpc.Record, bool) {
	e := s.byKey[string(key)]
	if e == nil || e.record == nil || e.record.expired(now) {
		return nil, false
	}
	h := e.record
	if s.names.stale(h.record) {
		s.expiry.set(&h.expires, now)
		return nil, false
	}
	r := *h.record
	r.TTL = h.expires.at.Sub(now)
	return &r, true
}

// Empty reports whether nothing is held.
func (s *Store) Empty() bool { return len(s.entries) == 0 }

// Each calls f with every entry; f must not change the store.
func (s *Store) Each(f func(*Entry)) {
	for _, e := range s.entries {
		f(e)
	}
}

// link adds h to the entry of the key, and counts it.
func (s *Store) link(key []byte, h *held) {
	e := s.byKey[string(key)]
	if e == nil {
		e = &Entry{Key: bytes.Clone(key), Position: identity.KeyPosition(key), index: len(s.entries)}
		if s.byKey == nil {
			s.byKey = make(map[string]*Entry)
		}
		s.byKey[string(e.Key)] = e
		s.entries = append(s.entries, e)
	}
	h.entry = e
	h.expires.of, h.replication.of = h, h
	if h.record != nil {
		h.record.Key = e.Key
		e.record = h
	} else {
		h.provider.Key = e.Key
		e.providers = append(e.providers, h)
	}
	s.count(h, 1)
}

// unlink removes h, and its entry if that is then empty.
func (s *Store) unlink(h *held) {
	s.expiry.remove(&h.expires)
	s.replication.remove(&h.replication)
	s.count(h, -1)
	e := h.entry
	if h.record != nil {
		e.record = nil
	} else if i := slices.Index(e.providers, h); i >= 0 {
		e.providers = slices.Delete(e.providers, i, i+1)
	}
	if e.record != nil || len(e.providers) > 0 {
		return
	}
	delete(s.byKey, string(e.Key))
	last := len(s.entries) - 1
	s.entries[e.index] = s.entries[last]
	s.entries[e.index].index = e.index
	s.entries[last] = nil
	s.entries = s.entries[:last]
}

// cloneRecord copies a record and its bytes, except the key, which its entry has.
func cloneRecord(r *rpc.Record) *rpc.Record {
	c := *r
	c.Value, c.Signature, c.TTL = bytes.Clone(r.Value), bytes.Clone(r.Signature), 0
	return &c
}
