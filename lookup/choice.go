package lookup

import "math"

// Whom of the region a lookup asks in its burst, where more are known than it asks (design
// R5.20).

// wideShare times k is how many are known within R at most where the k closest alone are
// asked: of so few, the k closest are mostly those that chance puts there.
const wideShare = 1.15

// wide reports whether all within R are asked, as far as their octaves have room.
func (r *Region) wide(v View) bool {
	n := 0
	for c := range v.Candidates() {
		if c.near > r.radius {
			break
		}
		if c.Live() {
			n++
		}
	}
	return float64(n) > float64(wideShare*float64(v.K()))
}

// chosen is a candidate within R that is asked now, and over are the octaves that hold more
// than may be asked. Of these somebody is chosen only while nobody within R is waited for:
// those who answer may name others, and liars are mostly first.
func (r *Region) chosen(v View, left *[octaves]int) (best *Candidate, over [octaves]bool) {
	var unasked [octaves]int
	waited := false
	for c := range v.Candidates() {
		o := octaveOf(r.radius, c.near)
		if o < 0 {
			break
		}
		if c.Unasked() {
			unasked[o]++
		}
		waited = waited || c.waited()
	}
	wide, least, at := r.wide(v), 0.0, -1
	for o := range over {
		over[o] = unasked[o] > left[o]
	}
	for c := range v.Candidates() {
		o := octaveOf(r.radius, c.near)
		if o < 0 || best != nil && o != at {
			break
		}
		switch {
		case !c.Unasked() || left[o] <= 0:
		case !over[o] && wide:
			return c, over
		case over[o] && !waited:
			if score := r.score(v, c, o, left[o]); best == nil || score < least {
				best, least, at = c, score, o
			}
		}
	}
	return best, over
}

// score says which of an octave is asked next, the least. First that is one of whose namer's
// netgroup the fewest in the octave were asked: a liar names many at once. Of those it is the
// one nearest to a point that nobody can foresee, and so less likely one of many that stand
// together.
func (r *Region) score(v View, c *Candidate, octave, left int) float64 {
	low, high := r.radius>>(octave+1), r.radius>>octave
	if octave == octaves-1 {
		low = 0
	}
	width := float64(high - low)
	random := mix(r.key ^ mix(uint64(octave)<<32^uint64(left)))
	point := float64(low) + float64(float64(random>>11)/(1<<53)*width)
	return math.Abs(float64(c.near)-point)/width + float64(r.namedAlike(v, c, octave))
}

// namedAlike is how many of an octave were asked that contacts in the netgroup of c's namer
// have named; 0 if c is of the searcher's own table.
func (r *Region) namedAlike(v View, c *Candidate, octave int) (n int) {
	if c.namedBy == 0 {
		return 0
	}
	by := v.l.list.book.Address(c.namedBy).NetGroup()
	for other := range v.Candidates() {
		o := octaveOf(r.radius, other.near)
		if o < 0 {
			break
		}
		if o == octave && !other.Unasked() && other.namedBy != 0 && v.l.list.book.Address(other.namedBy).NetGroup() == by {
			n++
		}
	}
	return n
}

// mix is a step of SplitMix64 (Steele, Lea and Flood, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
