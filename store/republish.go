package store

import "time"

// republishRetry is how long after DueRepublish something comes up again, should
// its publication fail.
const republishRetry = 15 * time.Minute

// NextRepublish is when something of this node's is due to be published again,
// zero for never.
func (s *Store) NextRepublish() time.Time { return s.republish.next() }

// DueRepublish is something that this node published 22 hours ago or before, at
// start too. It comes up again after 15 minutes unless Republished is called.
func (s *Store) DueRepublish(now time.Time) (*Published, bool) {
	p, ok := s.republish.due(now)
	if ok {
		s.republish.set(&p.due, now.Add(republishRetry))
	}
	return p, ok
}

// Republished says that p is out again. It does nothing if p has been unpublished
// or replaced meanwhile.
func (s *Store) Republished(now time.Time, p *Published) []Op {
	if s.published[string(p.publication())] != p {
		return nil
	}
	s.republish.set(&p.due, now.Add(RepublishEvery))
	return s.publishedOp(p)
}

// Used notes that this node has put a record under the key with the sequence, so
// that it never uses a lower one, also after a restart. Publish does it by itself.
func (s *Store) Used(key []byte, sequence uint64) []Op {
	return s.use(publication(recordKind, key), sequence)
}

// Sequence is the highest that this node has put a record under the key with.
func (s *Store) Sequence(key []byte) (uint64, bool) {
	sequence, ok := s.sequences[string(publication(recordKind, key))]
	return sequence, ok
}

// ProviderSequence is the sequence for this node's next provider entry under the
// key: higher than any it used. It starts at the Unix time in milliseconds, so
// that a node without a data directory does not fall behind its former self.
func (s *Store) ProviderSequence(now time.Time, key []byte) uint64 {
	next := uint64(max(1, now.UnixMilli()))
	if used, ok := s.sequences[string(publication(providerKind, key))]; ok {
		next = max(next, used+1)
	}
	return next
}

func (s *Store) use(key []byte, sequence uint64) []Op {
	if used, ok := s.sequences[string(key)]; ok && used >= sequence {
		return nil
	}
	if s.sequences == nil {
		s.sequences = make(map[string]uint64)
	}
	s.sequences[string(key)] = sequence
	return s.ops(sequenceOp(key, sequence))
}
