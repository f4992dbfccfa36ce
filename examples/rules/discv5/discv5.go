// Package discv5 is the lookup rule of go-ethereum's node discovery (p2p/discover,
// lookup.go), for kad sim --lookup discv5. It keeps the k = 16 closest nodes that it has
// seen, keeps alpha = 3 requests in flight to those of them not asked yet, and ends when
// all of them were asked and nobody is waited for. There is no burst, a node that is late
// counts until it has failed, and one that failed keeps its place among the 16.
//
// What differs here: discv5 asks for nodes at three distances, and not for those closest
// to a target.
package discv5

import (
	"kadmium/lookup"
	"kadmium/sim"
)

func init() { sim.RegisterLookup("discv5", New, 16, 3) }

type rule struct{ lookup.Plain }

// New is the rule of one lookup.
func New(lookup.Config) lookup.Rule { return rule{} }

// Alpha counts late nodes as well.
func (rule) Alpha(v lookup.View) int {
	n := v.Alpha()
	for c := range v.Candidates() {
		if c.Late() {
			n--
		}
	}
	return n
}

// Burst is never.
func (rule) Burst(lookup.View) bool { return false }

// Next is the closest unasked of the k closest seen, whatever has become of the others.
func (rule) Next(v lookup.View) *lookup.Candidate {
	n := 0
	for c := range v.Candidates() {
		if c.Unasked() {
			return c
		}
		if n++; n == v.K() {
			break
		}
	}
	return nil
}

// Over is so when nobody is waited for and the k closest seen were asked.
func (r rule) Over(v lookup.View) bool {
	for c := range v.Candidates() {
		if c.InFlight() || c.Late() {
			return false
		}
	}
	return r.Next(v) == nil
}
