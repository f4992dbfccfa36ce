package report

import (
	"math/rand/v2"
	"time"
)

// The reports that the tests write, compare and read. Their samples are drawn,
// not measured: they only look like lookups.
var fixtures = map[string]func() *Report{
	"sim":     func() *Report { return simulated(1000, 2, 1) },
	"again":   func() *Report { return simulated(1000, 2, 2) },
	"larger":  func() *Report { return simulated(10_000, 2.5, 3) },
	"day":     day,
	"few":     few,
	"bench":   bench,
	"live":    live,
	"partial": partial,
	"nothing": func() *Report { return &Report{Kind: Sim, Partial: true} },
}

// samples are n lookups of so many hops on average.
func samples(rng *rand.Rand, n int, hops float64) []Sample {
	all := make([]Sample, n)
	for i := range all {
		h := max(1, int(hops+0.5+0.6*rng.NormFloat64()))
		rounds := h + 2 + rng.IntN(3)
		rpcs := 18 + h + rng.IntN(9)
		all[i] = Sample{
			Started: time.Duration(i) * 50 * time.Millisecond, Succeeded: rng.IntN(500) > 0,
			Hops: h, FirstReplicaHops: max(1, h-rng.IntN(2)), Rounds: rounds, RoundsAfterClosest: rounds - h, RPCs: rpcs,
			Latency: time.Duration(rounds)*100*time.Millisecond + time.Duration(rng.IntN(900))*time.Microsecond,
			Bytes:   uint64(rpcs * (200 + rng.IntN(50))), Recall: 1 - float64(rng.IntN(10)/9)/20, Found: true,
		}
	}
	return all
}

func simulated(nodes int, hops float64, seed uint64) *Report {
	r := &Report{Kind: Sim, Config: Config{Nodes: nodes, Lookups: 500, K: 20, Alpha: 3, Seed: seed, Tables: "ideal",
		Latency: "const:50ms", Loss: 0.01, Workload: "find", Targets: "random"}}
	rng := rand.New(rand.NewPCG(seed, 0))
	s := samples(rng, 500, hops)
	r.Summarise(s)
	r.NodesUp, r.VirtualSeconds, r.BytesPerNodeSecond = float64(nodes), 25, 104.25
	for i := range s {
		r.RPCTotal += uint64(s[i].RPCs)
	}
	r.Events = 2 * r.RPCTotal
	r.Machine = Machine{WallSeconds: 1.25, RPCsPerSecond: 9876.5, MemoryBytesPerNode: 4096, CPUs: 2, Go: "go1.26"}
	return r
}

// day has all that a report can have.
func day() *Report {
	r := simulated(1000, 2, 4)
	c := &r.Config
	c.Workload, c.Duration, c.Keys, c.TTL, c.Sessions, c.Client, c.Silent, c.Lying, c.Duplicate = "day", "24h0m0s", 300, "12h0m0s", "weibull:0.6,2h", 0.3, 0.05, 0.01, 0.001
	c.Attack, c.Subnets = "liars:share=0.01", 900
	c.Gets = GetsQuorum
	held := NewDistribution([]float64{19, 20, 21})
	r.Attack = &Attack{0.998, 0.95, 0.002, 0.0125, 0.03, &SizeEstimate{31, 0.99, 0.07}, 0.27, 500, 0.004, 1.0175, &held, 3, 0.99, 0.005, 0.01, 42.5, 1.05}
	r.NodesUp = 1003.4821
	r.Values = &Values{Puts: 300, Confirmed: 300, Holders: 19.82, Gets: 480, Found: 479, Lost: 1}
	r.Work = []Work{{"lookups", 123456}, {"refreshes", 45678}, {"probes", 9012}, {"re-stores", 3456}, {"hand-overs", 789}, {"re-publications", 330}, {"evictions", 2}}
	for prefix := range 24 {
		r.Buckets = append(r.Buckets, Bucket{prefix, 20 / (1 + float64(prefix*prefix*prefix)/64), max(0, 20-4*float64(prefix)), 0.8 / (1 + float64(prefix))})
	}
	r.Series = []Interval{{0, 1000, 250, 249, 512.5, 9876, 2345678}, {43200, 1006.9, 250, 250, 498.25, 9870, 2345600}}
	r.Trace = &Trace{Target: "e43d28f0", Hops: 2, EndMS: 200, Requests: []Request{
		{0, 100, 250, 1, 1, Answered, false, true},
		{0, 200, 255, 1, 1, Unanswered, true, false},
		{100, 200, 241, 2, 2, Answered, false, true}}}
	return r
}

// few is a day's report short enough to be read in JSON.
func few() *Report {
	r := day()
	r.Config.Lookups = 4
	r.Summarise(samples(rand.New(rand.NewPCG(8, 0)), 4, 2))
	r.Work, r.Buckets = r.Work[:2], r.Buckets[:2]
	return r
}

func bench() *Report {
	r := simulated(50, 1.2, 5)
	r.Kind, r.Events, r.VirtualSeconds = Bench, 0, 3.5
	r.Config.Tables, r.Config.Latency, r.Config.Loss = "", "", 0
	return r
}

// live is a bench against a network whose nodes nobody has a list of.
func live() *Report {
	r := &Report{Kind: Bench, Config: Config{Nodes: 1, Lookups: 100, K: 20, Alpha: 3, Seed: 7, Workload: "find",
		Bootstrap: "/ip4/203.0.113.7/udp/4100/p2p/12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS"}}
	s := samples(rand.New(rand.NewPCG(7, 0)), 100, 3.1)
	for i := range s {
		s[i].Found, s[i].FirstReplicaHops = false, 0
	}
	r.Summarise(s)
	r.NodesUp, r.VirtualSeconds, r.RPCTotal = 1, 61.2, 2500
	return r
}

func partial() *Report {
	r := simulated(1000, 2, 1)
	r.Partial, r.Config.Lookups = true, 2000
	return r
}
