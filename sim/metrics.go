package sim

import (
	"kadmium/engine"
	"kadmium/sim/report"
)

// Metrics are the names of all figures that the report of a run may have.
func Metrics() []string {
	one := report.NewDistribution([]float64{1})
	r := report.Report{Kind: report.Sim, Lookups: 1, Succeeded: 1, RecallOf: 1,
		Hops: one, FirstReplicaHops: one, Rounds: one, RoundsAfterClosest: one, RPCs: one, LatencyMS: one, Bytes: one,
		Theory:  &report.Theory{Hops: 1},
		Attack:  &report.Attack{WithoutAttack: 1, SizeEstimate: &report.SizeEstimate{Of: 1}, TableShare: 1, HonestHolders: &one, Gets: 1},
		Values:  &report.Values{Puts: 1, Confirmed: 1, Gets: 1},
		Buckets: []report.Bucket{{}},
	}
	new(engine.Counters).Work.Each(func(name string, _ uint64) { r.Work = append(r.Work, report.Work{Name: name}) })
	r.Work = append(r.Work, (&traffic{datagrams: 1, lost: 1, replayed: 1}).work()...)
	var names []string
	for _, m := range r.Metrics() {
		names = append(names, m.Name)
	}
	return names
}
