package report

import (
	"time"

	"kadmium/lookup"
)

// A Step is an event of a lookup as either driver tells it. Peers are numbered by
// the driver; 0 is none.
type Step struct {
	At                   time.Duration // since the lookup's start
	Kind                 lookup.Kind
	Peer, NamedBy        uint32
	Hop, Round, Distance int
}

// A Sample is one lookup, measured.
type Sample struct {
	Started            time.Duration // since the run's start
	Succeeded          bool
	Hops               int // 0: nobody answered
	FirstReplicaHops   int // 0: none of the true k closest was named
	Rounds             int
	RoundsAfterClosest int
	RPCs               int
	Latency            time.Duration
	Bytes              uint64
	Recall             float64
	Found              bool // it was judged by what was returned: Recall counts
}

// FirstReplica is the hop of the first of the true closest to be named: by the
// searcher's own table (hop 1), or by the first answer that named one. All those
// that were asked are in the steps, and with them who named them. 0: none was.
func FirstReplica(steps []Step, isTrue func(peer uint32) bool) int {
	named := make(map[uint32]int) // by who named one: the hop of those it named
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

// RoundOf is the round in which a peer was last asked, 0 if it was not.
func RoundOf(steps []Step, peer uint32) int {
	round := 0
	for _, s := range steps {
		if s.Kind == lookup.Asked && s.Peer == peer {
			round = s.Round
		}
	}
	return round
}

// NewTrace is a lookup request by request. The winning chain leads to the peer.
func NewTrace(target string, steps []Step, winner uint32) *Trace {
	t := &Trace{Target: target, Requests: []Request{}}
	open := make(map[uint32]int)     // by peer: its request
	chain := make(map[uint32]uint32) // by peer: who named it
	for _, s := range steps {
		t.EndMS = milliseconds(s.At) // of the last step, should the end be missing
		i, ok := open[s.Peer]
		switch s.Kind {
		case lookup.Asked:
			open[s.Peer], chain[s.Peer] = len(t.Requests), s.NamedBy
			t.Requests = append(t.Requests, Request{AskedMS: milliseconds(s.At), Distance: s.Distance, Hop: s.Hop, Round: s.Round, Outcome: Unanswered})
		case lookup.Answered, lookup.Failed:
			if ok {
				t.Requests[i].EndMS, t.Requests[i].Outcome = milliseconds(s.At), Answered
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
