package store

import "time"

// republishRetry is the time after which DueRepublish returns a publication again if
// Republished was not called.
const republishRetry = 15 * time.Minute

// NextRepublish is when a publication of this node is due again, zero for never.
func (s *Store) NextRepublish() time.Time { return s.republish.next() }

// DueRepublish is a publication that is at least RepublishEvery old (design R6.8),
// possibly from before a restart. It is returned again after 15 minutes unless
// Republished is called.
func (s *Store) DueRepublish(now time.Time) (*Published, bool) {
	p, ok := s.republish.due(now)
	if ok {
		s.republish.set(&p.due, now.Add(republishRetry))
	}
	return p, ok
}

// Republished notes that p has been published again. It does nothing if p was
// unpublished or replaced meanwhile.
func (s *Store) Republished(now time.Time, p *Published) []Op {
	if s.published[string(p.publication())] != p {
		return nil
	}
	s.republish.set(&p.due, now.Add(RepublishEvery))
	return s.publishedOp(p)
}

// Used notes that this node has put a record under the key with the sequence, so
// that it never uses a lower one, also after a restart. Publish does the same.
func (s *Store) Used(key []byte, sequence uint64) []Op {
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

func (s *Store) raiseSequence(key []byte, sequence uint64) []Op {
	if used, ok := s.sequences[string(key)]; ok && used >= sequence {
		return nil
	}
	if s.sequences == nil {
		s.sequences = make(map[string]uint64)
	}
	s.sequences[string(key)] = sequence
	return s.ops(sequenceOp(key, sequence))
}
