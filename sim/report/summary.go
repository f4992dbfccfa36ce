package report

// Summarise fills in what the samples say, in their order.
func (r *Report) Summarise(samples []Sample) {
	var hops, first, rounds, after, rpcs, latency, bytes []float64
	recall, judged := 0.0, 0
	r.Lookups, r.Succeeded = len(samples), 0
	for i := range samples {
		s := &samples[i]
		if s.Succeeded {
			r.Succeeded++
		}
		if s.Found {
			recall += s.Recall
			judged++
		}
		if s.Hops > 0 {
			hops = append(hops, float64(s.Hops))
			after = append(after, float64(s.RoundsAfterClosest))
		}
		if s.FirstReplicaHops > 0 {
			first = append(first, float64(s.FirstReplicaHops))
		}
		rounds = append(rounds, float64(s.Rounds))
		rpcs = append(rpcs, float64(s.RPCs))
		latency = append(latency, milliseconds(s.Latency))
		bytes = append(bytes, float64(s.Bytes))
	}
	r.Hops, r.FirstReplicaHops = NewDistribution(hops), NewDistribution(first)
	r.Rounds, r.RoundsAfterClosest = NewDistribution(rounds), NewDistribution(after)
	r.RPCs, r.LatencyMS, r.Bytes = NewDistribution(rpcs), NewDistribution(latency), NewDistribution(bytes)
	if judged > 0 {
		r.Recall = rounded(recall / float64(judged))
	}
}
