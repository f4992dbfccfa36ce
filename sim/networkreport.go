package sim

import (
	"time"

	"kadmium/identity"
	"kadmium/sim/report"
	"kadmium/store"
)

// tally adds up what all engines did so far.
func (n *network) tally() *tally {
	t := new(tally)
	for _, w := range n.shards {
		t.addTally(&w.departed)
	}
	for _, nd := range n.all {
		if nd != nil && nd.engine != nil {
			t.add(nd.engine)
		}
	}
	return t
}

// begun is the number of requests that all engines have begun so far.
func (n *network) begun() (sum uint64) {
	for _, w := range n.shards {
		sum += w.departed.requests
	}
	for _, nd := range n.all {
		if nd != nil && nd.engine != nil {
			sum += nd.engine.Begun()
		}
	}
	return sum
}

// bytes is what all nodes have sent so far.
func (n *network) bytes() (sum uint64) {
	for _, w := range n.shards {
		sum += w.bytes
	}
	return sum
}

// writeReport fills in the report of a history that has ended.
func (n *network) writeReport() {
	r, w := n.run, &n.workload
	n.addUpTime(n.now)
	t := n.tally()
	var sent traffic
	for _, w := range n.shards {
		sent.add(&w.traffic)
		r.report.Events += w.events
	}
	r.report.RPCTotal, r.report.Work = t.requests, append(t.work(), sent.work()...)
	r.samples, r.virtual, r.report.Abandoned = w.samples, n.now, w.abandoned
	if lasted := (n.now - w.start).Seconds(); lasted > 0 {
		r.report.NodesUp = millionths(n.upTime / lasted)
		r.bytes, r.measured = n.bytes()-w.bytes, n.now-w.start
	} else {
		r.report.NodesUp = n.upCount()
	}
	r.report.Trace = n.tracer.Trace(w.samples)
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

// lost counts the keys that were confirmed and have not expired, but that no honest
// node that is up holds.
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
		held.Each(func(items *store.KeyItems) {
			if k := byName[string(items.Key)]; k != nil && !k.held {
				_, k.held = held.Get(n.clock(), items.Key)
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

// occupancy counts a sample of the tables of honest servers.
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

// intervals is the number of intervals of a series.
const intervals = 48

// planSeries plans the recording of the boundaries of intervals.
func (n *network) planSeries() {
	w := &n.workload
	length := (w.end - w.start) / intervals
	var mark func()
	mark = func() {
		n.series = append(n.series, report.Interval{Start: n.now.Seconds(), NodesUp: n.upCount(), RPCs: n.begun(), Bytes: n.bytes()})
		if len(n.series) < w.seriesMarks {
			n.at(w.start+length*time.Duration(len(n.series)), mark)
		}
	}
	if length > 0 {
		w.seriesMarks = 1 + intervals
		n.at(w.start, mark)
	}
}

// intervals computes what happened in each interval from what was recorded at its ends.
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
