package report

import (
	"testing"
	"time"

	"kadmium/lookup"

	"pgregory.net/rapid"
)

// A walk is a lookup in a world where each peer names some others, told as steps,
// with what each answer named.
type walk struct {
	steps []Step
	table []uint32            // whom the searcher knew
	named map[uint32][]uint32 // by who answered
	hop   map[uint32]int      // at which each was first named
}

// walked draws a lookup that asks everybody it hears of, in any order.
func walked(t *rapid.T) *walk {
	const peers = 12
	peer := rapid.Uint32Range(1, peers)
	w := &walk{table: rapid.SliceOfNDistinct(peer, 1, 4, rapid.ID).Draw(t, "table"),
		named: make(map[uint32][]uint32), hop: make(map[uint32]int)}
	type known struct{ peer, by uint32 }
	var waiting []known  // not yet asked
	var flying []uint32  // asked, and not yet answered
	var clock, round int // milliseconds
	for _, p := range w.table {
		waiting, w.hop[p] = append(waiting, known{p, 0}), 1
	}
	step := func(kind lookup.Kind, peer, by uint32) {
		clock += rapid.IntRange(0, 50).Draw(t, "passes")
		w.steps = append(w.steps, Step{At: time.Duration(clock) * time.Millisecond, Kind: kind, Peer: peer, NamedBy: by, Hop: w.hop[peer], Round: round})
	}
	for len(waiting) > 0 || len(flying) > 0 {
		if len(flying) == 0 || len(waiting) > 0 && rapid.Bool().Draw(t, "ask") {
			i := rapid.IntRange(0, len(waiting)-1).Draw(t, "whom")
			k := waiting[i]
			waiting = append(waiting[:i], waiting[i+1:]...)
			round++
			step(lookup.Asked, k.peer, k.by)
			flying = append(flying, k.peer)
			continue
		}
		i := rapid.IntRange(0, len(flying)-1).Draw(t, "who")
		p := flying[i]
		switch rapid.IntRange(0, 5).Draw(t, "outcome") {
		case 0:
			step(lookup.Failed, p, 0)
		case 1:
			step(lookup.SetAside, p, 0)
			continue
		default:
			step(lookup.Answered, p, 0)
			w.named[p] = rapid.SliceOfNDistinct(peer, 0, 4, rapid.ID).Draw(t, "named")
			for _, n := range w.named[p] {
				if w.hop[n] == 0 {
					waiting, w.hop[n] = append(waiting, known{n, p}), w.hop[p]+1
				}
			}
		}
		flying = append(flying[:i], flying[i+1:]...)
	}
	return w
}

// The model replays who named whom, which FirstReplica has to tell from the
// requests alone.
func TestFirstReplicaIsTheFirstNamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := walked(t)
		wanted := make(map[uint32]bool)
		for _, p := range rapid.SliceOfN(rapid.Uint32Range(1, 14), 0, 4).Draw(t, "true closest") {
			wanted[p] = true
		}
		model := func() int {
			for _, p := range w.table {
				if wanted[p] {
					return 1
				}
			}
			for _, s := range w.steps {
				if s.Kind != lookup.Answered {
					continue
				}
				for _, p := range w.named[s.Peer] {
					if wanted[p] {
						return w.hop[s.Peer] + 1
					}
				}
			}
			return 0
		}
		if got, want := FirstReplica(w.steps, func(p uint32) bool { return wanted[p] }), model(); got != want {
			t.Errorf("hop %d, want %d, of %v in %+v", got, want, wanted, w.steps)
		}
	})
}

// The first that was named counts, not the one with the least hop, nor the one
// whose namer was asked first.
func TestFirstReplicaGoesByTheAnswers(t *testing.T) {
	steps := []Step{
		{Kind: lookup.Asked, Peer: 1, Hop: 1},
		{Kind: lookup.Asked, Peer: 2, Hop: 1},
		{Kind: lookup.Answered, Peer: 2, Hop: 1},
		{Kind: lookup.Asked, Peer: 3, NamedBy: 2, Hop: 2},
		{Kind: lookup.Answered, Peer: 3, Hop: 2}, // it names 8
		{Kind: lookup.Answered, Peer: 1, Hop: 1}, // it names 9
		{Kind: lookup.Asked, Peer: 9, NamedBy: 1, Hop: 2},
		{Kind: lookup.Asked, Peer: 8, NamedBy: 3, Hop: 3},
	}
	if got := FirstReplica(steps, func(p uint32) bool { return p >= 8 }); got != 3 {
		t.Errorf("hop %d, want 3", got)
	}
}

func TestTraceTellsTheLookup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := walked(t)
		steps := w.steps[:rapid.IntRange(0, len(w.steps)).Draw(t, "ends after")]
		var end time.Duration
		if len(steps) > 0 {
			end = steps[len(steps)-1].At
		}
		ended := rapid.Bool().Draw(t, "tells its end")
		if ended {
			end += time.Millisecond
			steps = append(append([]Step(nil), steps...), Step{At: end, Kind: lookup.Ended, Hop: 3})
		}
		winner := rapid.Uint32Range(0, 12).Draw(t, "winner")
		trace := NewTrace("00", steps, winner)

		if trace.EndMS != Milliseconds(end) || ended && trace.Hops != 3 {
			t.Errorf("it ends at %v ms with %d hops", trace.EndMS, trace.Hops)
		}
		i := 0
		for _, s := range steps {
			if s.Kind != lookup.Asked {
				continue
			}
			if r := trace.Requests[i]; r.AskedMS != Milliseconds(s.At) || r.Hop != s.Hop || r.Round != s.Round {
				t.Errorf("request %d is %+v, where %+v was asked", i, r, s)
			}
			i++
		}
		if i != len(trace.Requests) {
			t.Errorf("%d requests of %d", len(trace.Requests), i)
		}
		counts := map[string]int{}
		chain := make(map[int]bool) // the hops of the winning chain
		for _, r := range trace.Requests {
			counts[r.Outcome]++
			if r.EndMS < r.AskedMS || r.EndMS > trace.EndMS || r.Outcome == Unanswered && r.EndMS != trace.EndMS {
				t.Errorf("%+v in a lookup that ended at %v ms", r, trace.EndMS)
			}
			if r.Winning {
				if chain[r.Hop] {
					t.Errorf("two of the winning chain at hop %d", r.Hop)
				}
				chain[r.Hop] = true
			}
		}
		told := map[lookup.Kind]int{}
		for _, s := range steps {
			told[s.Kind]++
		}
		if counts[Answered] != told[lookup.Answered] || counts[Failed] != told[lookup.Failed] {
			t.Errorf("%v of %v", counts, told)
		}
		// One request at each hop down to the first, or none if the winner was not asked.
		want := 0
		if round := RoundOf(steps, winner); round > 0 {
			want = w.hop[winner]
		}
		if len(chain) != want {
			t.Errorf("the winning chain has %d requests, want %d", len(chain), want)
		}
	})
}

func TestSummarise(t *testing.T) {
	var r Report
	r.Summarise([]Sample{
		{Succeeded: true, Hops: 2, FirstReplicaHops: 1, Rounds: 4, RoundsAfterClosest: 2, RPCs: 20, Latency: 100 * time.Millisecond, Bytes: 4000, Recall: 1, Found: true},
		{Succeeded: true, Hops: 4, Rounds: 6, RoundsAfterClosest: 1, RPCs: 30, Latency: 300 * time.Millisecond, Bytes: 6000, Recall: 0.5, Found: true},
		{Rounds: 1, RPCs: 1, Latency: 2 * time.Second}, // nobody answered
	})
	if r.Lookups != 3 || r.Succeeded != 2 {
		t.Errorf("%d of %d succeeded", r.Succeeded, r.Lookups)
	}
	if r.Recall != 0.75 || r.RecallSD != 0.353553 || r.RecallOf != 2 {
		t.Errorf("recall %v, sd %v, of %d", r.Recall, r.RecallSD, r.RecallOf)
	}
	for i, want := range []struct {
		n    int
		mean float64
	}{{2, 3}, {1, 1}, {3, 3.666667}, {2, 1.5}, {3, 17}, {3, 800}, {3, 3333.333333}} {
		if d := r.distributions()[i]; d.N() != want.n || d.Mean != want.mean {
			t.Errorf("%s: mean %v of %d, want %v of %d", d.name, d.Mean, d.N(), want.mean, want.n)
		}
	}
}
