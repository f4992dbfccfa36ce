package picture

import (
	"math"
	"math/rand/v2"
	"time"

	"kadmium/sim/report"
)

// measurement is a report as a simulation of so many nodes makes it: lookups with
// hops that grow with the logarithm, and latencies around a mean for each hop.
func measurement(nodes int, seed uint64) *report.Report {
	random := rand.New(rand.NewPCG(seed, uint64(nodes)))
	r := &report.Report{Kind: report.Sim, Config: report.Config{
		Nodes: nodes, Lookups: 1000, K: 20, Alpha: 3, Seed: seed,
		Tables: "ideal", Latency: "world", Workload: "find", Targets: "random",
	}}
	mean := .72*math.Log10(float64(nodes)) - .1
	var samples []report.Sample
	for range r.Config.Lookups {
		hops := int(math.Round(math.Min(8, math.Max(1, mean+.62*random.NormFloat64()))))
		took := 0.0
		for range hops + 1 {
			took += 40 + 180*math.Pow(random.Float64(), 2)
		}
		samples = append(samples, report.Sample{
			Succeeded: true, Found: true, Recall: 1, Hops: hops, FirstReplicaHops: hops, Rounds: hops + 2, RoundsAfterClosest: 1,
			RPCs: int(math.Max(20, 17+2.4*mean+3*random.NormFloat64())), Latency: milliseconds(took), Bytes: 20000,
		})
	}
	r.Summarise(samples)
	r.Buckets = table(nodes)
	return r
}

// table is the occupancy of buckets as a long run with churn leaves it.
func table(nodes int) []report.Bucket {
	var all []report.Bucket
	for prefix := range 40 {
		there := float64(nodes) / math.Pow(2, float64(prefix+1))
		b := report.Bucket{Prefix: prefix, Contacts: math.Min(20, there)}
		b.Waiting = math.Min(20, math.Max(0, there-20)*.4)
		b.Dead = b.Contacts * .35 / (1 + .3*float64(prefix))
		if b.Contacts > .004 {
			all = append(all, b)
		}
	}
	return all
}

// day is 24 hours of churn in intervals of a quarter of an hour.
func day() []report.Interval {
	random := rand.New(rand.NewPCG(24, 96))
	var all []report.Interval
	for i := range 96 {
		at := float64(i) * 900
		s := report.Interval{Start: at, NodesUp: 6600 + 500*math.Sin(at/86400*2*math.Pi) + 40*random.NormFloat64(), Lookups: 100, LatencyMS: 400}
		if i > 40 && i < 46 { // an outage
			s.NodesUp -= 900
		}
		for range s.Lookups {
			if random.Float64() < .985 {
				s.Succeeded++
			}
		}
		all = append(all, s)
	}
	return all
}

// walked is a lookup of 28 requests in five rounds: three at a time towards the
// target, then all of the k closest at once.
func walked() *report.Trace {
	t := &report.Trace{Target: "00", Hops: 3, EndMS: 612}
	add := func(asked, took float64, distance, hop, round int, outcome string, marks string) {
		r := report.Request{AskedMS: asked, EndMS: asked + took, Distance: distance, Hop: hop, Round: round, Outcome: outcome}
		for _, m := range marks {
			r.Aside = r.Aside || m == 'a'
			r.Winning = r.Winning || m == 'w'
		}
		if outcome == report.Unanswered {
			r.EndMS = t.EndMS
		}
		t.Requests = append(t.Requests, r)
	}
	ok, lost, open := report.Answered, report.Failed, report.Unanswered
	add(0, 96, 251, 1, 1, ok, "w")
	add(0, 143, 252, 1, 1, ok, "")
	add(0, 500, 252, 1, 1, lost, "a")
	add(96, 118, 246, 2, 2, ok, "w")
	add(96, 74, 247, 2, 2, ok, "")
	add(120, 310, 249, 2, 2, ok, "a")
	add(143, 60, 247, 2, 2, ok, "")
	add(170, 88, 246, 2, 2, ok, "")
	add(203, 101, 246, 2, 3, ok, "")
	add(214, 92, 241, 3, 3, ok, "w")
	add(214, 398, 244, 3, 3, open, "a")
	add(258, 71, 244, 3, 3, ok, "")
	for i, d := range []int{242, 243, 243, 244, 244, 244, 245, 245, 245, 245, 245, 245, 246, 246, 243, 244} {
		took, outcome, marks := 60+float64(i*37%190), ok, ""
		switch i {
		case 5:
			took, outcome, marks = 290, lost, "a"
		case 9, 13:
			outcome, marks = open, "a"
		case 11:
			took, outcome = 300, open
		case 14:
			took, marks = 306, "a"
		}
		add(306+float64(i/14*23), math.Min(took, 283), d, 3+i%2, 4+i/14, outcome, marks)
	}
	return t
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// full is a report that has data for every picture.
func full() *report.Report {
	r := measurement(10000, 1)
	r.Series, r.Trace = day(), walked()
	return r
}

// sizes is a measurement at several numbers of nodes.
func sizes() []*report.Report {
	var all []*report.Report
	for _, n := range []int{1000, 3000, 10000, 100000, 1000000, 10000000} {
		all = append(all, measurement(n, 1))
	}
	return all
}

// crowded are reports that differ in all that a title can say.
func crowded() []*report.Report {
	var all []*report.Report
	for i, n := range []int{1000, 3000, 10000, 100000} {
		for _, alpha := range []int{1, 3, 10} {
			r := measurement(n, uint64(10*i+alpha))
			r.Config.Alpha, r.Config.Tables, r.Config.Silent = alpha, []string{"ideal", "joined"}[i%2], float64(i)/8
			r.Buckets = nil
			all = append(all, r)
		}
	}
	return all
}

// odd is a report with long settings, latencies over many decades and none at all,
// gaps in its series, and a lookup of hundreds of requests.
func odd() *report.Report {
	random := rand.New(rand.NewPCG(7, 7))
	r := measurement(64, 12345678901234)
	r.Kind, r.Partial = report.Bench, true
	c := &r.Config
	c.Latency, c.Loss, c.Duplicate, c.Client, c.Silent, c.Lying = "lognormal:80ms,0.6", .01, .001, .3, .1, .05
	var latencies []float64
	for i := range 1000 {
		took := math.Exp(2 + 2*random.NormFloat64())
		if i < 50 {
			took = 0
		}
		latencies = append(latencies, took)
	}
	r.LatencyMS = report.NewDistribution(latencies)
	r.Hops = report.NewDistribution([]float64{1, 1, 1})
	for i := range 8 {
		s := report.Interval{Start: float64(i) * 10, NodesUp: 64, Lookups: 20, Succeeded: 20 - i}
		if i == 3 {
			s.Lookups, s.Succeeded = 0, 0
		}
		r.Series = append(r.Series, s)
	}
	r.Trace = &report.Trace{Hops: 5, EndMS: 12345.6}
	for i := range 300 {
		asked := float64(i) * 40
		r.Trace.Requests = append(r.Trace.Requests, report.Request{
			AskedMS: asked, EndMS: asked + 30 + 900*random.Float64(), Distance: 255 - int(math.Min(20, float64(i)/4+3*random.Float64())),
			Outcome: report.Answered, Winning: i == 0 || i == 50 || i == 80,
		})
	}
	at := 12000.0 // one that took no time, from the target itself
	r.Trace.Requests = append(r.Trace.Requests, report.Request{AskedMS: at, EndMS: at, Outcome: report.Answered, Winning: true})
	return r
}

// tiny is a measurement of next to nothing.
func tiny() *report.Report {
	r := &report.Report{Kind: report.Sim, Config: report.Config{Nodes: 3, K: 20, Alpha: 3, Seed: 1}}
	r.Trace = &report.Trace{Hops: 1, EndMS: .4, Requests: []report.Request{{EndMS: .4, Outcome: report.Answered, Winning: true}}}
	r.Buckets = []report.Bucket{{Prefix: 0, Contacts: 1, Waiting: 30}, {Prefix: 1, Contacts: 1, Dead: 1}}
	r.Series = []report.Interval{{Start: 0}, {Start: 0}}
	r.RPCs = report.NewDistribution([]float64{0, 0})
	r.LatencyMS = report.NewDistribution([]float64{.012, .034, .4})
	return r
}
