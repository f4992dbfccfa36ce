// Package libp2p is the lookup rule of go-libp2p-kad-dht (query.go, lookup.go), for
// kad sim --lookup libp2p. A query keeps alpha = 10 requests in flight to the closest
// peers that it has heard of, and ends as soon as the beta = 3 closest have answered. A
// follow-up then asks all others of the k closest, and takes nothing from their answers.
//
// What differs here: go-libp2p-kad-dht asks peers again in the follow-up that had not
// answered when the query ended, and may return peers that never answered.
package libp2p

import (
	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/sim"
)

// beta is how many of the closest must have answered before a query ends.
const beta = 3

func init() { sim.RegisterLookup("libp2p", New, 20, 10) }

type rule struct {
	lookup.Plain
	followUp bool
	farthest uint64 // of the k closest when the query ended, as Candidate.Near
}

// New is the rule of one lookup.
func New(lookup.Config) lookup.Rule { return new(rule) }

// Take takes nothing in the follow-up.
func (r *rule) Take(_ lookup.View, _ *lookup.Candidate, named []identity.Contact) []identity.Contact {
	if r.followUp {
		return nil
	}
	return named
}

// Alpha counts late peers as well.
func (r *rule) Alpha(v lookup.View) int {
	n := v.Alpha()
	for c := range v.Candidates() {
		if c.Late() {
			n--
		}
	}
	return n
}

// Burst is the follow-up.
func (r *rule) Burst(lookup.View) bool { return r.followUp }

// Next is the closest unasked peer, whether or not it is one of the k closest.
func (r *rule) Next(v lookup.View) *lookup.Candidate {
	for c := range v.Candidates() {
		if r.followUp && c.Near() > r.farthest {
			break
		}
		if c.Unasked() {
			return c
		}
	}
	return nil
}

// Over is the end of the follow-up: the k closest have answered or failed.
func (r *rule) Over(v lookup.View) bool {
	if !r.followUp && !r.endQuery(v) {
		return false
	}
	for c := range v.Candidates() {
		if c.Near() <= r.farthest && !c.Answered() && !c.Failed() {
			return false
		}
	}
	return true
}

// endQuery begins the follow-up if the beta closest that have not failed have answered.
func (r *rule) endQuery(v lookup.View) bool {
	n := 0
	for c := range v.Candidates() {
		if c.Failed() {
			continue
		}
		if n < beta && !c.Answered() {
			return false
		}
		if n++; n <= v.K() {
			r.farthest = c.Near()
		}
	}
	r.followUp = true
	return true
}
