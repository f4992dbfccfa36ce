package sim

import (
	"time"

	"kadmium/sim/report"
)

// intervals is the number of intervals of a series.
const intervals = 48

// planSeries puts the recording of the boundaries of intervals into the queue.
func (n *network) planSeries() {
	w := &n.workload
	length := (w.end - w.start) / intervals
	var mark func()
	mark = func() {
		n.series = append(n.series, report.Interval{Start: n.now.Seconds(), NodesUp: n.upCount(), RPCs: n.tally().requests, Bytes: n.bytes})
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
