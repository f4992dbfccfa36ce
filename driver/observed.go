package driver

import (
	"maps"

	"kadmium/engine"
	"kadmium/histogram"
	"kadmium/lookup"
)

// Bounds of the histograms in Stats. Durations are seconds.
var (
	hopBounds     = []float64{0, 1, 2, 3, 4, 5, 6, 8, 12}
	roundBounds   = []float64{0, 1, 2, 3, 4, 5, 6, 8, 12, 20}
	requestBounds = []float64{0, 1, 2, 3, 5, 10, 20, 30, 40, 60, 100, 200}
	lookupBounds  = []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	rttBounds     = []float64{.0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}
)

// Histograms are the spread of what a driver has measured since it was made.
type Histograms struct {
	Lookups     map[string]LookupStats `json:"lookups"`              // that have ended, by purpose
	RTT         histogram.Histogram    `json:"rtt_seconds"`          // round trip times of requests
	JournalSync histogram.Histogram    `json:"journal_sync_seconds"` // of the journal's commits; without a journal none
}

// Histograms is what was measured so far.
func (d *Driver) Histograms() Histograms {
	h := Histograms{JournalSync: histogram.New(nil)}
	if d.journal != nil {
		h.JournalSync = d.journal.SyncTimes()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	h.Lookups, h.RTT = d.lookups.stats(), d.rtts.Clone()
	return h
}

// LookupStats counts the lookups of one purpose that have ended.
type LookupStats struct {
	Ended    map[string]uint64   `json:"ended"` // by the reason
	Hops     histogram.Histogram `json:"hops"`
	Rounds   histogram.Histogram `json:"rounds"`
	Requests histogram.Histogram `json:"requests"`
	Seconds  histogram.Histogram `json:"seconds"`
}

// endedLookups are the LookupStats by purpose; nil: none of it has ended.
type endedLookups [engine.PurposeLimit]*LookupStats

// newLookupStats are those of no lookup.
func newLookupStats() *LookupStats {
	s := &LookupStats{
		Ended: make(map[string]uint64), Hops: histogram.New(hopBounds), Rounds: histogram.New(roundBounds),
		Requests: histogram.New(requestBounds), Seconds: histogram.New(lookupBounds),
	}
	for r := lookup.Converged; r <= lookup.NoContacts; r++ {
		s.Ended[r.String()] = 0
	}
	return s
}

// observe counts a lookup whose last step an event has.
func (l *endedLookups) observe(ev *engine.Event) {
	s := l[ev.Purpose]
	if s == nil {
		s = newLookupStats()
		l[ev.Purpose] = s
	}
	s.Ended[ev.Step.Reason.String()]++
	s.Hops.Observe(float64(ev.Step.Hop))
	s.Rounds.Observe(float64(ev.Step.Round))
	s.Requests.Observe(float64(ev.N))
	s.Seconds.Observe(ev.Step.Elapsed.Seconds())
}

// stats is a copy by the names of the purposes, of which it has all.
func (l *endedLookups) stats() map[string]LookupStats {
	all := make(map[string]LookupStats)
	for p := engine.ForPeer; p < engine.PurposeLimit; p++ {
		s := l[p]
		if s == nil {
			all[p.String()] = *newLookupStats()
			continue
		}
		all[p.String()] = LookupStats{maps.Clone(s.Ended), s.Hops.Clone(), s.Rounds.Clone(), s.Requests.Clone(), s.Seconds.Clone()}
	}
	return all
}
