package store

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// A Store holds records and provider entries in memory. Not safe for concurrent use.
// When it is full new ones displace those of the source that has most.
type Store struct {
	// What is asked for at every event comes first, in a few cache lines.
	expiry      queue[item]
	revivable   *revivable // nil: nothing is revived
	replication queue[item]
	republish   queue[Published]
	provided    int // of published: provider entries

	*settings
	names     *Namespaces
	*contents // nothing, as long as nothing was put
}

// The contents of a store. Most nodes of a network hold nothing at most times.
type contents struct {
	byKey     map[string]*KeyItems
	keys      []*KeyItems // in an order that depends only on the calls made
	prefixes  []uint64    // of the positions of keys
	records   pool
	providers pool
	region    region
	displaced int
	withheld  int // from replication and hand-overs

	kept             pool // sequences of records that were displaced
	keptByKey        map[string]*item
	keptExpiry       queue[item]
	sequencesDropped int

	published map[string]*Published // by publication key
	sequences map[string]uint64     // highest used, by publication key

	table []identity.Address // contacts loaded from the journal
}

// nothing is the contents of all stores that were never put anything into. It never
// changes.
var nothing = new(contents)

// open makes the store ready for its first change.
func (s *Store) open() {
	if s.contents == nothing {
		s.contents = new(contents)
	}
}

// New makes an empty store. The namespaces decide who wins among records.
func New(cfg Config, names *Namespaces) *Store {
	return &Store{settings: settingsOf(cfg.withDefaults()), names: names, contents: nothing}
}

// KeyItems are all items that this node holds under one key.
type KeyItems struct {
	Key      []byte            // not to be changed
	Position identity.Position // of the key
	Between  int               // nodes between this node and the k closest to the key; 0: this node is a holder

	record    *item
	providers []*item
	index     int // in Store.keys
}

// An item is one record or one provider entry that this node holds for others.
type item struct {
	keyItems    *KeyItems
	record      *rpc.Record   // either this
	provider    *rpc.Provider // or this
	expires     timer[item]
	replication timer[item] // queued while this node is a holder
	lastStore   time.Time   // the last STORE or ADD_PROVIDER of it
	loaded      bool        // its lifetime is that of an earlier run
	source      identity.NetGroup
	size        int   // bytes that it counts against the limits
	place       int   // in its class of share.items
	class       uint8 // of share.items
	copied      bool  // who stored it only holds it
}

// Put stores a record that Validate has accepted, and copies what it keeps. between
// is the number of known nodes between this node and the k closest to the key: 0 for
// a holder, more for a copy, whose lifetime shrinks. With cas the record is stored
// only if the held one has sequence *cas, or if none is held and *cas is 0.
//
// from is who asked for it, whose share of the limits it counts against. Zero: this node,
// whose share is not limited.
//
// OK: it is held now, or was already; the changes must be in the journal before
// the write is acknowledged. Older, Conflict, Full, Invalid: nothing has changed.
func (s *Store) Put(now time.Time, r *rpc.Record, from identity.NetGroup, cas *uint64, between int, rnd *rand.Rand) (rpc.Status, []Change) {
	return s.put(now, r, from, cas, between, false, rnd)
}

// PutCopy is Put for a record that who asks only holds, and does not publish. Of a source
// such ones make room before others (design R6.45).
func (s *Store) PutCopy(now time.Time, r *rpc.Record, from identity.NetGroup, between int, rnd *rand.Rand) (rpc.Status, []Change) {
	return s.put(now, r, from, nil, between, true, rnd)
}

func (s *Store) put(now time.Time, r *rpc.Record, from identity.NetGroup, cas *uint64, between int, copied bool, rnd *rand.Rand) (rpc.Status, []Change) {
	if r.TTL <= 0 || len(r.Key) == 0 {
		return rpc.Invalid, nil
	}
	var old, live *item // live: old, if it has not expired
	if items := s.byKey[string(r.Key)]; items != nil && items.record != nil {
		if old = items.record; !old.expired(now) {
			live = old
		}
	}
	better := 1
	if live != nil {
		var compared bool
		if better, compared = s.names.compare(r, live.record); !compared {
			return rpc.Invalid, nil
		}
	}
	last := live // or what is left of it
	if live == nil {
		if last = s.keptSequence(now, r.Key); last != nil && s.names.bySequence(r.Key) && r.Sequence < last.record.Sequence {
			better = -1
		}
	}
	switch {
	case better == 0:
		return rpc.OK, s.storedAgain(now, live, from, copied, r.TTL, between, rnd)
	case cas != nil && !casHolds(last, *cas):
		return rpc.Conflict, nil
	case better < 0:
		return rpc.Older, nil
	}
	it := &item{record: cloneRecord(r), source: from, size: recordCost(r), copied: copied}
	it.class = s.classAt(r.Key, copied)
	out, ok := s.makeRoom(it, old)
	if !ok {
		return rpc.Full, nil
	}
	s.forgetSequenceOf(r.Key)
	return rpc.OK, append(s.displace(now, out), s.replace(now, old, it, r.Key, r.TTL, between, rnd)...)
}

// replace puts an item in the place of old, nil: there is none.
func (s *Store) replace(now time.Time, old, it *item, key []byte, ttl time.Duration, between int, rnd *rand.Rand) []Change {
	if old != nil {
		s.unlink(old)
	}
	s.link(key, it)
	s.expiry.set(&it.expires, now.Add(s.granted(it, ttl, between)))
	s.noteStore(now, it, between, rnd)
	return s.changed(it)
}

// casHolds reports whether a compare-and-swap may proceed that expects the sequence,
// or with 0 that nothing is held.
func casHolds(it *item, expected uint64) bool {
	if it == nil || expected == 0 {
		return it == nil && expected == 0
	}
	return it.record.Sequence == expected
}

// Get is the record held under the key, with its remaining lifetime as TTL, and never
// an expired one. Its bytes belong to the store and must not be changed. A record that
// a user's validator no longer accepts is not returned, and expires.
func (s *Store) Get(now time.Time, key []byte) (*rpc.Record, bool) {
	items := s.byKey[string(key)]
	if items == nil || items.record == nil || items.record.expired(now) {
		return nil, false
	}
	it := items.record
	if s.names.stale(it.record) {
		s.expiry.set(&it.expires, now)
		return nil, false
	}
	r := *it.record
	r.TTL = it.expires.at.Sub(now)
	return &r, true
}

// Empty reports whether nothing is held.
func (s *Store) Empty() bool { return len(s.keys) == 0 }

// Each calls f with the items of every key; f must not change the store.
func (s *Store) Each(f func(*KeyItems)) {
	for _, items := range s.keys {
		f(items)
	}
}

// EachSharing is Each for those keys whose positions share at most so many leading bits with
// a position. It reads little of the other keys.
func (s *Store) EachSharing(p *identity.Position, most int, f func(*KeyItems)) {
	own := p.Prefix()
	for i, prefix := range s.prefixes {
		if shared := bits.LeadingZeros64(own ^ prefix); shared > most {
			continue
		}
		if items := s.keys[i]; identity.CommonPrefixLen(p, &items.Position) <= most {
			f(items)
		}
	}
}

// link adds an item under the key, and counts it.
func (s *Store) link(key []byte, it *item) {
	s.open()
	items := s.byKey[string(key)]
	if items == nil {
		items = &KeyItems{Key: bytes.Clone(key), Position: identity.KeyPosition(key), index: len(s.keys)}
		if s.byKey == nil {
			s.byKey = make(map[string]*KeyItems)
		}
		s.byKey[string(items.Key)] = items
		s.keys = append(s.keys, items)
		s.prefixes = append(s.prefixes, items.Position.Prefix())
	}
	it.keyItems = items
	it.expires.of, it.replication.of = it, it
	if it.record != nil {
		it.record.Key = items.Key
		items.record = it
	} else {
		it.provider.Key = items.Key
		items.providers = append(items.providers, it)
	}
	it.class = s.classOf(&items.Position, it.copied)
	p, _ := s.poolOf(it)
	p.add(it)
}

// unlink removes an item, and its key if nothing is left under it.
func (s *Store) unlink(it *item) {
	s.expiry.remove(&it.expires)
	s.replication.remove(&it.replication)
	p, _ := s.poolOf(it)
	p.remove(it)
	items := it.keyItems
	if it.record != nil {
		items.record = nil
	} else if i := slices.Index(items.providers, it); i >= 0 {
		items.providers = slices.Delete(items.providers, i, i+1)
	}
	if items.record != nil || len(items.providers) > 0 {
		return
	}
	delete(s.byKey, string(items.Key))
	last := len(s.keys) - 1
	s.keys[items.index] = s.keys[last]
	s.keys[items.index].index = items.index
	s.keys[last] = nil
	s.keys = s.keys[:last]
	s.prefixes[items.index] = s.prefixes[last]
	s.prefixes = s.prefixes[:last]
}

// cloneRecord copies a record and its bytes, except the key, which KeyItems has.
func cloneRecord(r *rpc.Record) *rpc.Record {
	c := *r
	c.Value, c.Signature, c.TTL = bytes.Clone(r.Value), bytes.Clone(r.Signature), 0
	return &c
}
