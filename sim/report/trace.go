package report

import (
	"time"

	"kadmium/lookup"
)

// NewTrace makes the trace of a lookup. The chain that ends with the winner is marked.
func NewTrace(target string, steps []Step, winner uint32) *Trace {
	t := &Trace{Target: target, Requests: []Request{}}
	open := make(map[uint32]int)     // by peer: its request
	chain := make(map[uint32]uint32) // by peer: the peer that named it
	for _, s := range steps {
		t.EndMS = Milliseconds(s.At) // of the last step, in case there is no step Ended
		i, ok := open[s.Peer]
		switch s.Kind {
		case lookup.Asked:
			open[s.Peer], chain[s.Peer] = len(t.Requests), s.NamedBy
			t.Requests = append(t.Requests, Request{AskedMS: Milliseconds(s.At), Distance: s.Distance, Hop: s.Hop, Round: s.Round, Outcome: Unanswered})
		case lookup.Answered, lookup.Failed:
			if ok {
				t.Requests[i].EndMS, t.Requests[i].Outcome = Milliseconds(s.At), Answered
				if s.Kind == lookup.Failed {
					t.Requests[i].Outcome = Failed
				}
			}
		case lookup.SetAside:
			if ok {
				t.Requests[i].Aside = true
			}
		case lookup.Ended:
			t.Hops = s.Hop
		}
	}
	for i := range t.Requests {
		if t.Requests[i].Outcome == Unanswered {
			t.Requests[i].EndMS = t.EndMS
		}
	}
	for range len(t.Requests) {
		i, ok := open[winner]
		if !ok {
			break
		}
		t.Requests[i].Winning = true
		winner = chain[winner]
	}
	return t
}

// FirstReplica is the hop at which the first of the true closest peers was named: 1 by the
// searcher's own table, otherwise by the first answer that named one, 0 if none was named.
// The steps have every peer that was asked, and who named it.
func FirstReplica(steps []Step, isTrue func(peer uint32) bool) int {
	named := make(map[uint32]int) // by the peer that named one: the hop of that one
	for _, s := range steps {
		if s.Kind == lookup.Asked && isTrue(s.Peer) {
			if s.NamedBy == 0 {
				return 1
			}
			named[s.NamedBy] = s.Hop
		}
	}
	for _, s := range steps {
		if hop, ok := named[s.Peer]; ok && s.Kind == lookup.Answered {
			return hop
		}
	}
	return 0
}

// RoundOf is the round in which a peer was last asked, or 0.
func RoundOf(steps []Step, peer uint32) int {
	round := 0
	for _, s := range steps {
		if s.Kind == lookup.Asked && s.Peer == peer {
			round = s.Round
		}
	}
	return round
}

// A Step is an event of a lookup. The driver numbers the peers; 0 is none.
type Step struct {
	At                   time.Duration // since the lookup's start
	Kind                 lookup.Kind
	Peer, NamedBy        uint32
	Hop, Round, Distance int
}
