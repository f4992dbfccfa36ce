package engine

import "kadmium/identity"

// randomIn is a random position in the range of a bucket.
func (e *Engine) randomIn(cpl int) identity.Position {
	var random [32]byte
	for i := 0; i < len(random); i += 8 {
		n := e.rnd.Uint64()
		for j := range 8 {
			random[i+j] = byte(n >> (8 * j))
		}
	}
	return identity.RandomInRange(&e.cfg.Position, cpl, random)
}

// closerThanSelf counts the contacts that have not failed and are nearer to a position
// than this node, up to 2k.
func (e *Engine) closerThanSelf(p *identity.Position) int {
	e.scratch().contacts = e.table.Nearest(e.scratch().contacts[:0], p, 2*e.cfg.K)
	for i, c := range e.scratch().contacts {
		if identity.Compare(p, e.book.Position(c), &e.cfg.Position) > 0 {
			return i
		}
	}
	return len(e.scratch().contacts)
}

// between is the number of nodes between this node and the k closest to a key (design
// R6.13), as far as the routing table tells. It is 0 if this node is one of the k
// closest.
func (e *Engine) between(p *identity.Position) int {
	return max(0, e.closerThanSelf(p)-e.cfg.K+1)
}
