package engine

import (
	"slices"
	"time"

	"kadmium/internal/exact"
)

// How many nodes are there? A lookup of a target that this node drew by chance tells it by
// what it finds there (design R5.24). Keys and the positions of others could be chosen by
// whoever wants the estimate to be wrong, and of the node's own position all know.

// SizeSamples lookups make an estimate of the network's size (design R5.24).
const SizeSamples = 16

const (
	// That of sizeRank, from 0 in the order of their size (the 40th percentile), counts, times
	// sizeFactor:
	// those that attackers have raised are above it.
	sizeRank   = 6
	sizeFactor = 1.08
	// sizeEvery is the time between two lookups that are made for it.
	sizeEvery = time.Hour
	// smallNetwork is the bucket from which on the neighbourhood begins where a network is
	// large enough for an estimate: in smaller ones, of up to about 4k nodes, the nodes that
	// chance puts near the searcher say too little, and k of them are many of all.
	smallNetwork = 2
	// sizeRise is what the estimate rises by in an hour at most, once it stands.
	sizeRise = 1.5
)

// A sizeEstimate is what a node knows of the network's size by its lookups.
type sizeEstimate struct {
	samples [SizeSamples]float32 // the oldest are overwritten
	n       int                  // lookups that have told
	value   float64              // once it stands
	at      time.Duration        // when that was computed, since the engine was made
	asked   time.Duration        // when the last lookup for it began, likewise; 0: never
}

// wantsSize reports whether it is time for a lookup for the estimate.
func (e *Engine) wantsSize() bool {
	if e.table.Subtree(e.cfg.K) < smallNetwork {
		return false
	}
	if e.sizes == nil {
		e.sizes = new(sizeEstimate)
	}
	return e.sizes.asked == 0 || e.now.Sub(e.born)-e.sizes.asked >= sizeEvery
}

// tellsSize takes what a lookup of a target that this node drew tells.
func (l *activeLookup) tellsSize() {
	if n, ok := l.state.SizeSample(); ok {
		l.e.sizes.add(l.e.now.Sub(l.e.born), n)
	}
}

// add takes an estimate by one lookup.
func (s *sizeEstimate) add(now time.Duration, n float64) {
	s.samples[s.n%SizeSamples] = float32(n)
	if s.n++; s.n < SizeSamples {
		return
	}
	value := SizeBy(s.samples)
	if s.value > 0 {
		hours := float64(max(0, now-s.at)) / float64(time.Hour)
		value = min(value, s.value*exact.Power(sizeRise, hours))
	}
	s.value, s.at = value, now
}

// SizeBy is the estimate that so many lookups make (Result.Size).
func SizeBy(samples [SizeSamples]float32) float64 {
	slices.Sort(samples[:])
	return float64(samples[sizeRank]) * sizeFactor
}

// networkSize is this node's estimate of the network's size; 0: it has none. Until the
// lookups have told it is what the neighbourhood in the table says, whose distances are
// those of a random target too. It uses scratch memory.
func (e *Engine) networkSize() float64 {
	switch {
	case e.sizes != nil && e.sizes.value > 0:
		return e.sizes.value
	case e.cfg.Size > 0:
		return e.cfg.Size
	}
	k := e.cfg.K
	if e.table.Subtree(k) < smallNetwork {
		return 0
	}
	e.scratch().contacts = e.table.Nearest(e.scratch().contacts[:0], &e.cfg.Position, k)
	near := e.scratch().contacts
	if len(near) < k || k < 2 {
		return 0
	}
	farthest := e.book.Position(near[k-1]).Prefix() ^ e.cfg.Position.Prefix()
	const keyspace = (1 << 63) * 2.0
	return float64(k-1) / ((float64(farthest) + 1) / keyspace)
}

// unsureOfSize reports whether lookups have not told the network's size yet.
func (e *Engine) unsureOfSize() bool {
	return (e.sizes == nil || e.sizes.value == 0) && e.cfg.Size == 0
}

// judge counts what a lookup that has ended says of others.
func (l *activeLookup) judge() {
	if answered, asked := l.state.AnsweredFar(); asked > 0 {
		share := float32(answered) / float32(asked)
		if l.e.answering == 0 {
			l.e.answering = 1
		}
		l.e.answering += float32((share - l.e.answering) / 8)
	}
	d := l.state.Density()
	if d.Crowded() != nil {
		l.e.counters.seldom().Crowded++
	}
	if d.Sparse {
		l.e.counters.seldom().Sparse++
	}
	if n := l.state.Stats().SubnetRefused; n > 0 {
		l.e.counters.seldom().SubnetRefused += uint64(n)
	}
}
