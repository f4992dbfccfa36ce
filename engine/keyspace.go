package engine

import (
	"math"

	"kadmium/identity"
)

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

// closer counts the contacts that have not failed and are nearer to a key than a position,
// up to a number.
func (e *Engine) closer(key, than *identity.Position, most int) int {
	e.scratch().contacts = e.table.Nearest(e.scratch().contacts[:0], key, most)
	for i, c := range e.scratch().contacts {
		if identity.Compare(key, e.book.Position(c), than) > 0 {
			return i
		}
	}
	return len(e.scratch().contacts)
}

// A holder counts who is nearer to a key than itself. Whoever makes identities near a key
// could end by that what honest nodes keep, so a count is believed only as far as the density
// of the network, by the estimate of its size, has as many there (design R6.40).

// nearer is the number of nodes that are nearer to a key than a position, up to 3k: the least
// of what the routing table and the density tell. Where the size of the network is not known
// the table decides.
func (e *Engine) nearer(key, than *identity.Position) (n int, dense bool) {
	k := e.cfg.K
	if n = e.closer(key, than, k); n < k { // which is so most of the time
		return n, true
	}
	size := e.networkSize()
	n = e.closer(key, than, 3*k)
	if size == 0 {
		return n, false
	}
	return min(n, int(expectedWithin(key, than, size))), true
}

// between is the number of nodes between this node and the 2k closest to a key, by which the
// lifetime of a copy shrinks (design R6.13); between it and the k closest where the size of
// the network is not known.
func (e *Engine) between(key *identity.Position) int {
	n, dense := e.nearer(key, &e.cfg.Position)
	if !dense {
		return n - e.cfg.K + 1
	}
	return max(0, n-2*e.cfg.K)
}

// outranked is the number of nodes between this node and the k closest to a key, 0 if this
// node is to replicate it.
func (e *Engine) outranked(key *identity.Position) int {
	n, _ := e.nearer(key, &e.cfg.Position)
	return max(0, n-e.cfg.K+1)
}

// tooMany reports whether so many nodes are nearer to a key than a position as chance does
// not put there, by an estimate of the network's size. counted are those among the k nearest
// contacts.
func (e *Engine) tooMany(key, than *identity.Position, counted int, size float64) bool {
	expected := expectedWithin(key, than, size)
	if size == 0 || expected > float64(2*e.cfg.K) {
		return false
	}
	most := byChance(expected)
	if counted < e.cfg.K || counted > most {
		return counted > most
	}
	return e.closer(key, than, most+1) > most
}

// expectedWithin is how many nodes of a network of that size are nearer to a key than a
// position, on average.
func expectedWithin(key, than *identity.Position, size float64) float64 {
	const keyspace = (1 << 63) * 2.0
	return float64(size / keyspace * float64(key.Prefix()^than.Prefix()))
}

// byChance is the most that chance puts where so many are to be expected: with a margin of
// three standard deviations, and for an estimate that is too low.
func byChance(expected float64) int {
	expected *= 1.15
	return int(expected + float64(3.1*math.Sqrt(expected)) + 1.5)
}
