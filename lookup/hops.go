package lookup

import (
	"math"
	"time"
)

// Stats are the figures of a lookup.
type Stats struct {
	// Hops is the hop of the closest contact that answered, or, if something was
	// found, of the first that returned it; 0 if none answered. A contact of the
	// searcher's own table is at hop 1, a contact first named by one at hop h is at
	// h+1 (design R5.14, R5.15).
	Hops int
	// Rounds is the length of the longest chain of requests each of which had to
	// wait for the outcome of the one before (design R5.16).
	Rounds int
	// RPCs is the number of requests, without their repeats.
	RPCs int
	// Asked is the number of peers they were sent to: less than RPCs if some peers
	// were asked at another address after one failed.
	Asked int
	// Answered and Failed count the requests' outcomes.
	Answered, Failed int
	// Refused counts the contacts that were not taken because of PerIP, PerSubnet or
	// PerSite, and SubnetRefused those of the last two.
	Refused, SubnetRefused int
	// Started and Ended are its times; Ended is zero while it runs.
	Started, Ended time.Time
}

// Stats are the figures so far.
func (l *Lookup) Stats() Stats {
	s := l.stats
	s.Hops, s.Rounds = l.hops(), int(l.rounds.longest)
	return s
}

func (l *Lookup) hops() int {
	if l.found != 0 {
		return int(l.found)
	}
	for i := range l.list.entries {
		if l.list.entries[i].state == answered {
			return int(l.list.entries[i].hop)
		}
	}
	return 0
}

// nextHop is the hop of what a contact at hop h names.
func nextHop(h uint8) uint8 { return uint8(min(int(h)+1, math.MaxUint8)) }

// rounds numbers requests: those the lookup starts with are of round 1, those sent
// because of the outcome of a request of round r are of round r+1.
type rounds struct{ last, longest uint16 }

// Follow has a lookup that has asked nobody yet count its rounds on from those of another,
// for whose end it waited.
func (l *Lookup) Follow(other *Lookup) { l.rounds.last = other.rounds.longest }

// after notes the outcome of a request of round r.
func (r *rounds) after(round uint16) { r.last = round }

// ask is the round of a request sent now.
func (r *rounds) ask() uint16 {
	round := r.last + 1
	r.longest = max(r.longest, round)
	return round
}
