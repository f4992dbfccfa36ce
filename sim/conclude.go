package sim

import (
	"math"
	"time"

	"kadmium/identity"
	"kadmium/sim/report"
	"kadmium/store"
)

// intervals is how many parts a run's series has.
const intervals = 48

// planSeries has the run described interval by interval.
func (n *network) planSeries() {
	w := &n.workload
	length := (w.end - w.start) / intervals
	var mark func()
	mark = func() {
		n.series = append(n.series, report.Interval{Start: n.now.Seconds(), NodesUp: n.ups(), RPCs: n.tally().requests, Bytes: n.bytes})
		if len(n.series) < w.marks {
			n.at(w.start+length*time.Duration(len(n.series)), mark)
		}
	}
	if length > 0 {
		w.marks = 1 + intervals
		n.at(w.start, mark)
	}
}

// tally is what all engines did so far.
func (n *network) tally() *tally {
	t := n.gone.copy()
	for _, nd := range n.all {
		if nd != nil && nd.engine != nil {
			t.add(nd.engine)
		}
	}
	return t
}

// conclude writes the report.
func (n *network) conclude() {
	r, w := n.run, &n.workload
	n.count()
	t := n.tally()
	r.report.RPCTotal, r.report.Events, r.report.Work = t.requests, n.events, append(t.work(), n.traffic.work()...)
	r.samples, r.virtual, r.report.Abandoned = w.samples, n.now, w.abandoned
	if lasted := (n.now - w.start).Seconds(); lasted > 0 {
		r.report.NodesUp = millionths(n.upTime / lasted)
		r.bytes, r.measured = n.bytes-w.bytes, n.now-w.start
	} else {
		r.report.NodesUp = n.ups()
	}
	if n.longest != nil {
		r.report.Trace = n.longest.trace
	}
	if w.values.Puts > 0 {
		if w.values.Confirmed > 0 {
			w.values.Holders = millionths(float64(w.holders) / float64(w.values.Confirmed))
		}
		w.values.Lost = n.lost()
		r.report.Values = &w.values
	}
	r.report.Buckets = n.occupancy()
	r.report.Series = n.intervals()
}

// lost counts the confirmed keys that no node holds that is up and would say so,
// though their time has not passed.
func (n *network) lost() int {
	byName := make(map[string]*key, len(n.workload.keys))
	for _, k := range n.workload.keys {
		byName[k.name] = k
	}
	for _, nd := range n.all {
		if nd == nil || nd.engine == nil || nd.role != honest {
			continue
		}
		held := nd.engine.Store()
		held.Each(func(e *store.Entry) {
			if k := byName[string(e.Key)]; k != nil && !k.held {
				_, k.held = held.Get(n.clock(), e.Key)
			}
		})
	}
	lost := 0
	for _, k := range n.workload.keys {
		if k.confirmed && !k.held && k.expires > n.now {
			lost++
		}
	}
	return lost
}

// occupancy is that of a sample of the tables of nodes that serve.
func (n *network) occupancy() []report.Bucket {
	var made []*node
	for _, nd := range n.all {
		if nd != nil && nd.engine != nil && nd.role == honest && !nd.client {
			made = append(made, nd)
		}
	}
	var o occupancy
	sample := min(occupancySample, len(made))
	for i := range sample {
		nd := made[i*len(made)/sample]
		o.table(nd.engine.Table(), n.book.Position(nd.contact), n.book, func(c identity.Contact) bool {
			other := n.all[c-1]
			if other == nil {
				return !n.lazy || n.role(c) == silent
			}
			return other.engine == nil || other.role == silent
		})
	}
	return o.buckets()
}

// intervals turns what was noted at the ends of intervals into what happened in each.
func (n *network) intervals() []report.Interval {
	marks := n.series
	if len(marks) < 2 {
		return nil
	}
	list := make([]report.Interval, len(marks)-1)
	for i := range list {
		list[i] = report.Interval{Start: marks[i].Start, NodesUp: (marks[i].NodesUp + marks[i+1].NodesUp) / 2,
			RPCs: marks[i+1].RPCs - marks[i].RPCs, Bytes: marks[i+1].Bytes - marks[i].Bytes}
	}
	length := marks[1].Start - marks[0].Start
	for i := range n.workload.samples {
		s := &n.workload.samples[i]
		at := min(int((s.Started.Seconds()-marks[0].Start)/length), len(list)-1)
		list[at].Lookups++
		if s.Succeeded {
			list[at].Succeeded++
		}
		list[at].LatencyMS += float64(s.Latency.Seconds() * 1e3)
	}
	for i := range list {
		if list[i].Lookups > 0 {
			list[i].LatencyMS /= float64(list[i].Lookups)
		}
	}
	return list
}

// millionths leaves out digits that nobody reads.
func millionths(v float64) float64 { return math.Round(v*1e6) / 1e6 }
