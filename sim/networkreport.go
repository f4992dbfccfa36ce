package sim

import (
	"kadmium/store"
)

// tally adds up what all engines did so far.
func (n *network) tally() *tally {
	t := n.departed.copy()
	for _, nd := range n.all {
		if nd != nil && nd.engine != nil {
			t.add(nd.engine)
		}
	}
	return t
}

// writeReport fills in the report of a history that has ended.
func (n *network) writeReport() {
	r, w := n.run, &n.workload
	n.addUpTime()
	t := n.tally()
	r.report.RPCTotal, r.report.Events, r.report.Work = t.requests, n.events, append(t.work(), n.traffic.work()...)
	r.samples, r.virtual, r.report.Abandoned = w.samples, n.now, w.abandoned
	if lasted := (n.now - w.start).Seconds(); lasted > 0 {
		r.report.NodesUp = millionths(n.upTime / lasted)
		r.bytes, r.measured = n.bytes-w.bytes, n.now-w.start
	} else {
		r.report.NodesUp = n.upCount()
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
