package bench

import (
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"kadmium/sim/report"
)

// report is the report of the run.
func (r *workloadRun) report() *report.Report {
	first, last := r.marks[0], r.marks[len(r.marks)-1]
	nodes, seconds := float64(len(r.network.members)), (last.at - first.at).Seconds()
	out := &report.Report{
		Kind:           report.Bench,
		Config:         r.config(),
		Partial:        len(r.samples) < r.cfg.Lookups,
		NodesUp:        nodes,
		RPCTotal:       last.rpcs,
		VirtualSeconds: rounded(seconds),
		Work:           counted(first.counters, last.counters),
		Buckets:        r.network.buckets(),
		Series:         r.series(),
		Trace:          r.tracer.Trace(r.samples),
		Machine:        report.Machine{CPUs: runtime.GOMAXPROCS(0), Go: runtime.Version()},
	}
	out.Summarise(r.samples)
	if seconds > 0 {
		out.BytesPerNodeSecond = rounded(float64(last.bytes-first.bytes) / nodes / seconds)
	}
	if r.cfg.Workload != report.WorkloadFind {
		out.Values = &r.values
		out.Values.Holders = rounded(float64(r.holders) / float64(max(1, r.values.Confirmed)))
	}
	return out
}

func (r *workloadRun) config() report.Config {
	c := report.Config{Nodes: len(r.network.members), Lookups: r.cfg.Lookups, K: r.cfg.K, Alpha: r.cfg.Alpha, Seed: r.cfg.Seed,
		Workload: r.cfg.Workload, Bootstrap: strings.Join(r.cfg.Bootstrap, ", ")}
	if r.cfg.finds() {
		c.Targets = r.cfg.Targets
	}
	if r.cfg.TTL > 0 {
		c.TTL = r.cfg.TTL.String()
	}
	return c
}

// counted is by how much the members' counters grew, by the names of Stats.Counters.
func counted(first, last map[string]uint64) []report.Work {
	var work []report.Work
	for _, name := range slices.Sorted(maps.Keys(last)) {
		if count := last[name] - first[name]; count > 0 {
			work = append(work, report.Work{Name: name, Count: count})
		}
	}
	return work
}

// buckets is the occupancy of the members' tables.
func (n *network) buckets() []report.Bucket {
	var contacts []int // by prefix
	for _, m := range n.members {
		for _, b := range m.Table().Buckets {
			for len(contacts) <= b.Prefix {
				contacts = append(contacts, 0)
			}
			contacts[b.Prefix] += len(b.Contacts)
		}
	}
	list := make([]report.Bucket, len(contacts))
	for prefix, count := range contacts {
		list[prefix] = report.Bucket{Prefix: prefix, Contacts: rounded(float64(count) / float64(len(n.members)))}
	}
	return list
}

// series is the run interval by interval.
func (r *workloadRun) series() []report.Interval {
	list := []report.Interval{}
	for i, m := range r.marks[:len(r.marks)-1] {
		next := r.marks[i+1]
		v := report.Interval{
			Start:   rounded(m.at.Seconds()),
			NodesUp: float64(len(r.network.members)),
			Lookups: next.samples - m.samples,
			RPCs:    next.rpcs - m.rpcs,
			Bytes:   next.bytes - m.bytes,
		}
		var latency time.Duration
		for _, s := range r.samples[m.samples:next.samples] {
			latency += s.Latency
			if s.Succeeded {
				v.Succeeded++
			}
		}
		if v.Lookups > 0 {
			v.LatencyMS = rounded(float64(latency) / float64(v.Lookups) / float64(time.Millisecond))
		}
		list = append(list, v)
	}
	return list
}

// rounded keeps three decimals.
func rounded(v float64) float64 { return math.Round(v*1e3) / 1e3 }
