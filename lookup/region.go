package lookup

import (
	"math"
	"math/bits"
)

// Whoever makes identities next to a key is nearer to it than all honest nodes, and would
// have all k places (design R5.20). So a lookup does not end with the k closest alone: it
// asks the region around the target that reaches as far as the k closest do on average,
// R = (k-1)/N, and of each octave of distance in it no more than chance puts there. An attacker whose identities
// are near has the room of the inner octaves, and one who spreads them over the region is
// one of as many as there are honest nodes.

// octaves is how many octaves of distance the region is divided into: octave o is from
// R/2^(o+1) to R/2^o, the last reaches down to 0.
const octaves = 6

// MinRegion times k nodes are the fewest with which a region is smaller than a network.
const MinRegion = 2

// Region is the rule of nodes (design R5.20 to R5.23, R5.28). Without an estimate of the network's
// size it asks as Plain does, as in a network of at most MinRegion times k nodes.
type Region struct {
	Plain
	radius  uint64 // as Candidate.Near
	key     uint64 // of the points by which the burst chooses
	k       int
	holders bool // are sought
	search  bool // a value or providers are sought, and no node lookup yet
	burst   bool // the burst has begun near the target
	look    secondLook
}

// NewRegion makes a Region for Config.Rule.
func NewRegion(cfg Config) Rule {
	cfg = cfg.withDefaults()
	radius := cfg.radius()
	if radius == 0 {
		return small{}
	}
	r := &Region{radius: radius, k: cfg.K, search: cfg.Search, holders: cfg.Holders}
	r.look.size, r.look.share = cfg.lookSize(), cfg.answering()
	if cfg.Searcher != nil {
		r.key = cfg.Searcher.Random()
	}
	return r
}

// radius is R as a share of 2^64, 0 where there is no region.
func (c *Config) radius() uint64 {
	if !(c.Size > float64(MinRegion*c.K)) {
		return 0
	}
	return uint64(float64(c.K-1) / c.Size * (1 << 63) * 2)
}

// octaveOf is the octave of a distance, -1 outside the region.
func octaveOf(radius, near uint64) int {
	if near > radius {
		return -1
	}
	return min(octaves-1, bits.Len64(radius/max(near, 1))-1)
}

// expected is how many nodes chance puts into an octave.
func expected(k, octave int) float64 {
	return float64(k-1) / float64(int(2)<<min(octave, octaves-2))
}

// capOf is how many of an octave are asked at most: what chance puts there, with a margin of
// three standard deviations.
func capOf(k, octave int) int {
	lambda := expected(k, octave)
	return int(lambda + float64(3.1*math.Sqrt(lambda)) + 1.5)
}

// early is how many of an octave are asked at most before the burst.
func early(k, octave int) int { return int(math.Ceil(expected(k, octave))) }

// A lookup that knows crowdedBeyond more of an octave than its cap is crowded, and asks of each
// octave no more than chance puts there with crowdedMargin standard deviations.
const (
	crowdedBeyond = 1
	crowdedMargin = 2.2
)

// crowdedCap is capOf for a lookup that is crowded.
func crowdedCap(k, octave int) int {
	lambda := expected(k, octave)
	return int(lambda + float64(crowdedMargin*math.Sqrt(lambda)) + 1.5)
}

// room is how many more of each octave may be asked now. Those that failed count.
func (r *Region) room(v View) (left [octaves]int) {
	var known [octaves]int
	for c := range v.Candidates() {
		o := octaveOf(r.radius, c.near)
		if o < 0 {
			break
		}
		known[o]++
		if !c.Unasked() {
			left[o]--
		}
	}
	most := capOf
	for o, n := range known {
		if n > capOf(r.k, o)+crowdedBeyond {
			most = crowdedCap
		}
	}
	if !r.burst {
		most = early
	}
	for o := range left {
		left[o] += most(r.k, o)
	}
	return left
}

// held reports whether a candidate is over the cap of its octave, or over the share of the
// netgroup that named it: half of what is asked of an octave before the burst.
func (r *Region) held(v View, c *Candidate, left *[octaves]int) bool {
	o := octaveOf(r.radius, c.near)
	if o < 0 || !c.Unasked() {
		return false
	}
	if left[o] <= 0 {
		return true
	}
	if r.burst || c.namedBy == 0 {
		return false
	}
	by, n := v.l.list.book.Address(c.namedBy).NetGroup(), 0
	for other := range v.Candidates() {
		at := octaveOf(r.radius, other.near)
		if at < 0 {
			break
		}
		if at == o && !other.Unasked() && other.namedBy != 0 && v.l.list.book.Address(other.namedBy).NetGroup() == by {
			n++
		}
	}
	return n >= (early(r.k, o)+1)/2
}

// Regional reports whether the lookup follows Region, and has one.
func (l *Lookup) Regional() bool {
	_, ok := l.paths[0].rule.(*Region)
	return ok
}

// Seeds is 4k: whom this node has met itself, an attacker has not named.
func (*Region) Seeds(k int) int { return 4 * k }

// missesOfSearch nodes within R that answered without what is sought make a search a lookup
// of nodes.
const missesOfSearch = 3

// searching reports whether what is sought may still be found before the end of a lookup of
// nodes.
func (r *Region) searching(v View) bool {
	if !r.search {
		return false
	}
	misses := 0
	for c := range v.Candidates() {
		if c.near > r.radius {
			break
		}
		if c.Answered() && !c.found {
			misses++
		}
	}
	r.search = misses < missesOfSearch
	return r.search
}

// Burst reports whether the closest candidate that may be asked has itself answered. A
// search has no burst.
func (r *Region) Burst(v View) bool {
	if r.searching(v) {
		return false
	}
	if r.burst {
		return true
	}
	left := r.room(v)
	for c := range v.Candidates() {
		if !c.Live() || r.held(v, c, &left) {
			continue
		}
		r.burst = c.Answered() && c.near <= r.radius
		return c.Answered()
	}
	return false
}

// Next is the closest candidate not asked yet of the k closest that may be asked; in a burst
// those that were chosen within R come first. At the end it is one of the second look.
func (r *Region) Next(v View) *Candidate {
	left := r.room(v)
	var over [octaves]bool
	if r.burst {
		chosen, full := r.chosen(v, &left)
		if chosen != nil {
			return chosen
		}
		over = full
	}
	live := 0
	for c := range v.Candidates() {
		if !c.Live() || r.held(v, c, &left) {
			continue
		}
		if c.Unasked() {
			o := octaveOf(r.radius, c.near)
			if o < 0 || !over[o] {
				return c
			}
			left[o]-- // one of these is chosen later
		}
		if live++; live == v.K() {
			break
		}
	}
	return r.look.next(v)
}

// Over reports whether the k closest that may be asked have answered or failed, and, where
// many are known within R, all of these that may; and no second look is called for. A search that would be over is a lookup of nodes from then on.
func (r *Region) Over(v View) bool {
	searching, burst := r.searching(v), r.Burst(v)
	left, wide := r.room(v), r.wide(v)
	n := 0
	for c := range v.Candidates() {
		if n >= v.K() && (searching || !wide || c.near > r.radius) {
			break
		}
		if c.Failed() || c.Overrun() || r.held(v, c, &left) {
			continue
		}
		if !c.Answered() {
			return false
		}
		n++
	}
	if searching {
		r.search = false
		return r.Over(v)
	}
	if !burst {
		return n == 0
	}
	return !r.look.goesOn(v, r.radius)
}

// Results is k, and for holders how many have answered within R, if those are more (design
// R5.23).
func (r *Region) Results(v View) int {
	if !r.holders {
		return v.K()
	}
	n := 0
	for c := range v.Candidates() {
		if c.near > r.radius {
			break
		}
		if c.Answered() {
			n++
		}
	}
	return max(n, v.K())
}
