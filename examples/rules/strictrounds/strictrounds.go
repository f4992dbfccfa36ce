// Package strictrounds is the lookup of the Kademlia paper (2002, section 2.3) by the
// letter, for kad sim --lookup strictrounds: rounds of alpha requests, each of which
// waits for all of its answers. After a round that brought nobody closer than the closest
// already seen, all of the k closest not asked yet are asked at once. It ends when the k
// closest have answered.
//
// "Nodes that fail to respond quickly are removed from consideration until and unless
// they do respond": a round does not wait for those, nor does the end.
package strictrounds

import (
	"kadmium/lookup"
	"kadmium/sim"
)

func init() { sim.RegisterLookup("strictrounds", New, 20, 3) }

type rule struct {
	lookup.Plain
	begun   bool
	nearest uint64 // of all seen when the round began, as Candidate.Near
	left    int    // requests of the round that were not sent yet
}

// New is the rule of one lookup.
func New(lookup.Config) lookup.Rule { return new(rule) }

// Alpha allows a whole round; Next keeps count.
func (r *rule) Alpha(v lookup.View) int { return v.K() + v.Alpha() }

// Burst is never: a round for the k closest is one like the others, but larger.
func (r *rule) Burst(lookup.View) bool { return false }

// Next is the closest unasked of the k closest, as long as the round has requests left.
func (r *rule) Next(v lookup.View) *lookup.Candidate {
	if v.InFlight() == 0 && r.left == 0 {
		r.round(v)
	}
	if r.left == 0 {
		return nil
	}
	c := r.Plain.Next(v)
	if r.left--; c == nil {
		r.left = 0
	}
	return c
}

// round begins a round: of alpha requests, or for all of the k closest.
func (r *rule) round(v lookup.View) {
	for c := range v.Candidates() {
		if r.left = v.Alpha(); r.begun && c.Near() >= r.nearest {
			r.left = v.K()
		}
		r.begun, r.nearest = true, c.Near()
		break
	}
}

// Over is so when the k closest that are not late have answered.
func (r *rule) Over(v lookup.View) bool {
	n := 0
	for c := range v.Candidates() {
		if !c.Live() {
			continue
		}
		if !c.Answered() {
			return false
		}
		if n++; n == v.K() {
			break
		}
	}
	return true
}
