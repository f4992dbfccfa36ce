package store

import "kadmium/identity"

// A region is the part of the keyspace around this node in which it is a holder (design
// R6.42). What is outside is displaced first.
type region struct {
	known  bool
	self   uint64 // this node's position
	radius uint64 // both as Position.Prefix
}

func (r *region) has(p *identity.Position) bool {
	return !r.known || r.self^p.Prefix() <= r.radius
}

// Tight reports whether little room is left, so that the store has to know the region.
func (s *Store) Tight() bool {
	return s.contents != nothing && (nearly(s.records.count, s.cfg.MaxRecords) ||
		nearly(s.providers.count, s.cfg.MaxProviders) || nearly(s.records.memory()+s.providers.memory(), s.cfg.MaxBytes))
}

// nearly reports whether 15/16 of a limit are used.
func nearly(used, limit int) bool { return used > limit-max(1, limit/16) }

// SetRegion tells the store this node's position and how far from it, by XOR of the first 64
// bits, the region extends. Where it has moved by more than an eighth, all that is held is
// looked at again.
func (s *Store) SetRegion(self *identity.Position, radius uint64) {
	r := region{true, self.Prefix(), radius}
	if old := s.region; s.contents == nothing || old.known && old.self == r.self && radius-radius/8 <= old.radius && old.radius-old.radius/8 <= radius {
		return
	}
	s.region = r
	for _, items := range s.keys {
		items.each(func(it *item) {
			p, _ := s.poolOf(it)
			p.move(it, s.classOf(&items.Position, it.copied))
		})
	}
}

// classOf is the class of an item under a key at the position.
func (s *Store) classOf(key *identity.Position, copied bool) uint8 {
	switch {
	case !s.region.has(key):
		return outOfRegion
	case copied:
		return copiedInRegion
	}
	return putInRegion
}

// classAt is classOf for a key.
func (s *Store) classAt(key []byte, copied bool) uint8 {
	if !s.region.known {
		return s.classOf(nil, copied)
	}
	p := identity.KeyPosition(key)
	return s.classOf(&p, copied)
}

// fairPart of a store's room is what any wide subnet may have of it while what it has is
// stored again.
const fairPart = 32

// beyondShare reports whether an item's source has more than its share of a store that is three
// quarters full: its wide subnet more than a 32nd of the room and than twice the mean, and
// itself not less than the mean within that. This node does not store it again, as it would
// count for this node at others (design R6.45).
func (s *Store) beyondShare(it *item) bool {
	p, _ := s.poolOf(it)
	most, part := s.limits(it)
	if it.source == (identity.NetGroup{}) || 4*p.count <= 3*most && 4*p.memory() <= 3*part {
		return false
	}
	sh := p.sources[it.source]
	wide := sh.wide
	return (wide.count*fairPart > most || wide.bytes*fairPart > part) &&
		wide.bytes*len(p.ranking) > 2*p.bytes && sh.bytes*len(wide.sources) >= wide.bytes
}
