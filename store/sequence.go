package store

import "time"

// This file keeps the highest sequence that this node has used for each key, so that
// what it puts next wins over what it has put before (design R6.3).

// Used notes that this node has put a record under the key with the sequence, so
// that it never uses a lower one, also after a restart. Publish does the same.
func (s *Store) Used(key []byte, sequence uint64) []Change {
	return s.raiseSequence(publication(recordKind, key), sequence)
}

// Sequence is the highest sequence that this node has put a record under the key with.
func (s *Store) Sequence(key []byte) (uint64, bool) {
	sequence, ok := s.sequences[string(publication(recordKind, key))]
	return sequence, ok
}

// ProviderSequence is the sequence for this node's next provider entry under the
// key, higher than any it used. The first is the Unix time in milliseconds, so that a
// node without a data directory uses a higher one after a restart.
func (s *Store) ProviderSequence(now time.Time, key []byte) uint64 {
	next := uint64(max(1, now.UnixMilli()))
	if used, ok := s.sequences[string(publication(providerKind, key))]; ok {
		next = max(next, used+1)
	}
	return next
}

func (s *Store) raiseSequence(key []byte, sequence uint64) []Change {
	if used, ok := s.sequences[string(key)]; ok && used >= sequence {
		return nil
	}
	s.open()
	if s.sequences == nil {
		s.sequences = make(map[string]uint64)
	}
	s.sequences[string(key)] = sequence
	return s.changes(sequenceChange(key, sequence))
}
