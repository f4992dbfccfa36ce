package lookup

import (
	"slices"

	"kadmium/identity"
	"kadmium/internal/exact"
)

// Where many lie and name each other alone, a lookup ends among them, and its k closest are
// farther than chance has it. Then it asks a few more that need not know of the liars, in
// steps towards the target, before it ends (design R5.28). What they name within R is asked as
// ever.
const (
	// lookChance is that of the k closest being as far as they are: below it the look begins.
	lookChance = 0.03
	lookOwn    = 4 // of the searcher's own table are asked first
	lookNamed  = 3 // beside these, of as many that named them
	lookStep   = 6 // in each further step, of as many that named them
	lookSteps  = 3
	// lookUnsure times Size is what a searcher goes by that is unsure of it: one standard
	// deviation less.
	lookUnsure = 0.75
)

// lookSize is the size of the network by which a look begins.
func (c *Config) lookSize() float64 {
	if c.Unsure {
		return float64(c.Size * lookUnsure)
	}
	return c.Size
}

// A secondLook is one in progress.
type secondLook struct {
	size  float64 // of the network
	share float64 // of it that answered lately
	steps int
	asks  []identity.Contact // of the last step
}

// next is one of the last step that was not asked, nil if there is none.
func (s *secondLook) next(v View) *Candidate {
	if len(s.asks) == 0 {
		return nil
	}
	for c := range v.Candidates() {
		if c.Unasked() && slices.Contains(s.asks, c.contact) {
			return c
		}
	}
	return nil
}

// goesOn reports whether the lookup, which would be over otherwise, still looks, and begins
// the next step if the last has ended.
func (s *secondLook) goesOn(v View, radius uint64) bool {
	if s.steps > lookSteps {
		return false
	}
	if len(s.asks) > 0 {
		for c := range v.Candidates() {
			if (c.Unasked() || c.waited()) && slices.Contains(s.asks, c.contact) {
				return true
			}
		}
	}
	if s.steps < lookSteps && chanceOfFar(v, float64(s.size*s.answering(v))) < lookChance && s.step(v, radius) {
		s.steps++
		return true
	}
	s.steps, s.asks = lookSteps+1, nil
	return false
}

// step chooses whom the next step asks: the nearest outside R, of those that one contact named
// one; in further steps only of whom the step before has named.
func (s *secondLook) step(v View, radius uint64) bool {
	before, own, named := s.asks, lookOwn, lookNamed
	if s.steps > 0 {
		own, named = 0, lookStep
	}
	s.asks = nil
	var by []identity.Contact
	for c := range v.Candidates() {
		switch {
		case !c.Unasked() || c.near <= radius:
		case c.namedBy == 0:
			if own > 0 {
				own--
				s.asks = append(s.asks, c.contact)
			}
		case len(by) < named && !slices.Contains(by, c.namedBy) && (s.steps == 0 || slices.Contains(before, c.namedBy)):
			by = append(by, c.namedBy)
			s.asks = append(s.asks, c.contact)
		}
	}
	return len(s.asks) > 0
}

// answering is the share that answers: lately, or of those that this lookup has asked, if that
// is less; at least a half.
func (s *secondLook) answering(v View) float64 {
	answers, all := 0, 0
	for c := range v.Candidates() {
		if c.Answered() {
			answers++
		}
		if !c.Unasked() {
			all++
		}
	}
	return max(0.5, min(s.share, float64(answers)/float64(max(1, all))))
}

// chanceOfFar is how likely the k closest of a network of a size are as far as those that
// answered; 1 if fewer have.
func chanceOfFar(v View, size float64) float64 {
	n := 0
	for c := range v.Candidates() {
		if !c.Answered() {
			continue
		}
		if n++; n == v.K() {
			const keyspace = (1 << 63) * 2.0
			// Beyond the bound the chance is 0 for every k that an answer holds.
			return exact.PoissonBelow(n-1, min(mostExpected, float64(size*float64(c.near)/keyspace)))
		}
	}
	return 1
}

// mostExpected bounds the mean of what is expected nearer than the k closest.
const mostExpected = 500
