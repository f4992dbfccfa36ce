package store

import (
	"bytes"
	"time"

	"kadmium/rpc"
)

// MaxKeptSequences bounds the sequences that are kept of records that were displaced (design
// R8.48).
const MaxKeptSequences = 8192

// The sequence of a record that was displaced is kept until its lifetime ends (design R6.46):
// otherwise whoever fills the store could bring back an older record, or let a
// compare-and-swap succeed that must not.

// keepSequence keeps the sequence of a record that was displaced. Where there is no room the
// source with most makes it, as for records.
func (s *Store) keepSequence(now time.Time, displaced *item) {
	r := displaced.record
	if r == nil || displaced.expired(now) || !s.names.Sequenced(r.Key) {
		return
	}
	s.forgetSequences(now)
	it := &item{record: &rpc.Record{Key: bytes.Clone(r.Key), Sequence: r.Sequence}, source: displaced.source, size: 1}
	if s.kept.count >= s.cfg.maxKeptSequences {
		s.sequencesDropped++
		from, has, own := s.kept.most(it.source)
		if own != nil && own.bytes+1 >= has || from == nil {
			return
		}
		for v := range from.victims(0) {
			s.forgetSequence(v)
			break
		}
	}
	if s.keptByKey == nil {
		s.keptByKey = make(map[string]*item)
	}
	s.keptByKey[string(it.record.Key)] = it
	s.kept.add(it)
	it.expires.of = it
	s.keptExpiry.set(&it.expires, displaced.expires.at)
}

// forgetSequences forgets those whose records would have expired.
func (s *Store) forgetSequences(now time.Time) {
	for {
		it, ok := s.keptExpiry.due(now)
		if !ok {
			return
		}
		s.forgetSequence(it)
	}
}

func (s *Store) forgetSequence(it *item) {
	s.keptExpiry.remove(&it.expires)
	s.kept.remove(it)
	delete(s.keptByKey, string(it.record.Key))
}

// keptSequence is what is kept of a record that was displaced, nil if nothing is.
func (s *Store) keptSequence(now time.Time, key []byte) *item {
	if it := s.keptByKey[string(key)]; it != nil && !it.expired(now) {
		return it
	}
	return nil
}

// forgetSequenceOf forgets what is kept of a key, as a record is held again.
func (s *Store) forgetSequenceOf(key []byte) {
	if it := s.keptByKey[string(key)]; it != nil {
		s.forgetSequence(it)
	}
}
