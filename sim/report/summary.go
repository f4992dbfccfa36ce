package report

// Summarise computes the statistics of the samples, whose order does not matter.
func (r *Report) Summarise(samples []Sample) {
	values := make([]float64, 0, len(samples)) // of one figure at a time
	of := func(counts func(*Sample) bool, value func(*Sample) float64) Distribution {
		values = values[:0]
		for i := range samples {
			if s := &samples[i]; counts(s) {
				values = append(values, value(s))
			}
		}
		return NewDistribution(values)
	}
	all := func(*Sample) bool { return true }
	heard := func(s *Sample) bool { return s.Hops > 0 }
	named := func(s *Sample) bool { return s.FirstReplicaHops > 0 }
	judged := func(s *Sample) bool { return s.Found }

	r.Lookups, r.Succeeded = len(samples), 0
	for i := range samples {
		if samples[i].Succeeded {
			r.Succeeded++
		}
	}
	r.Hops = of(heard, func(s *Sample) float64 { return float64(s.Hops) })
	r.FirstReplicaHops = of(named, func(s *Sample) float64 { return float64(s.FirstReplicaHops) })
	r.Rounds = of(all, func(s *Sample) float64 { return float64(s.Rounds) })
	r.RoundsAfterClosest = of(heard, func(s *Sample) float64 { return float64(s.RoundsAfterClosest) })
	r.RPCs = of(all, func(s *Sample) float64 { return float64(s.RPCs) })
	r.LatencyMS = of(all, func(s *Sample) float64 { return Milliseconds(s.Latency) })
	r.Bytes = of(all, func(s *Sample) float64 { return float64(s.Bytes) })
	recall := of(judged, func(s *Sample) float64 { return s.Recall })
	r.Recall, r.RecallSD, r.RecallOf = recall.Mean, recall.SD, recall.N()
}
