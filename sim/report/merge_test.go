package report

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// client is the report of a client of a live network.
func client(samples []Sample) *Report {
	r := &Report{
		Kind:   Bench,
		Config: Config{Nodes: 4, Lookups: len(samples), K: 20, Alpha: 3, Seed: 1, Workload: WorkloadValue, Bootstrap: "seed:4100"},

		NodesUp: 4, RPCTotal: 10, BytesPerNodeSecond: 5, VirtualSeconds: 2,
		Values:  &Values{Puts: 3, Confirmed: 3, Holders: 20, Gets: 3, Found: 2},
		Work:    []Work{{"requests.PING", 7}},
		Buckets: []Bucket{{Prefix: 0, Contacts: 10}},
		Series:  []Interval{{Start: 0, NodesUp: 4, Lookups: 3, Succeeded: 2, LatencyMS: 2, RPCs: 10, Bytes: 40}},
		Machine: Machine{WallSeconds: 2, CPUs: 2, Go: "go1.26", MemoryBytesPerNode: 100},
	}
	r.Summarise(samples)
	return r
}

// drawnLookups are lookups whose latencies have three significant digits, as columns of a
// histogram have.
func drawnLookups(rng *rand.Rand, n int) []Sample {
	samples := make([]Sample, n)
	for i := range samples {
		samples[i] = Sample{
			Succeeded: rng.IntN(10) > 0, Hops: rng.IntN(5), Rounds: 1 + rng.IntN(5), RPCs: 5 + rng.IntN(40),
			Latency: time.Duration(100+rng.IntN(900)) * time.Microsecond, Bytes: uint64(100 + rng.IntN(900)),
		}
	}
	return samples
}

// What clients measured one by one is, merged, what one client would have measured.
func TestMergeIsTheReportOfAllLookups(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var all []Sample
	var parts []*Report
	for _, n := range []int{1, 40, 0, 200} {
		samples := drawnLookups(rng, n)
		all, parts = append(all, samples...), append(parts, client(samples))
	}
	got, err := Merge(parts)
	if err != nil {
		t.Fatal(err)
	}
	want := client(all)
	if got.Lookups != want.Lookups || got.Succeeded != want.Succeeded {
		t.Errorf("%d of %d succeeded, want %d of %d", got.Succeeded, got.Lookups, want.Succeeded, want.Lookups)
	}
	for i, w := range want.distributions() {
		g := got.distributions()[i]
		for j, figure := range w.figures() {
			if math.Abs(figure-g.figures()[j]) > 1e-5*max(1, figure) { // means are rounded
				t.Errorf("%s: %v, want %v", w.name, g.figures(), w.figures())
				break
			}
		}
		if !reflect.DeepEqual(g.Histogram, w.Histogram) {
			t.Errorf("%s: histogram %v, want %v", w.name, g.Histogram, w.Histogram)
		}
	}
}

func TestMergeAddsCountsAndAveragesByNode(t *testing.T) {
	one, other := client(drawnLookups(rand.New(rand.NewPCG(1, 1)), 3)), client(drawnLookups(rand.New(rand.NewPCG(2, 2)), 3))
	other.Config.Nodes, other.NodesUp, other.VirtualSeconds = 12, 12, 4
	other.Config.Bootstrap, other.BytesPerNodeSecond, other.Partial = "other:4100, seed:4100", 12, true
	other.Buckets = []Bucket{{Prefix: 0, Contacts: 20}, {Prefix: 2, Contacts: 4}}
	other.Values.Puts, other.Values.Confirmed, other.Values.Holders = 30, 9, 8
	other.Series = append(other.Series, Interval{Start: 1, NodesUp: 12, Lookups: 1, LatencyMS: 8})
	other.Series[0].Lookups, other.Series[0].LatencyMS = 9, 6
	got, err := Merge([]*Report{one, other})
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Config; c.Nodes != 16 || c.Lookups != 6 || c.Bootstrap != "other:4100, seed:4100" || !got.Partial {
		t.Errorf("partial %v, config %+v", got.Partial, c)
	}
	if got.NodesUp != 16 || got.RPCTotal != 20 || got.VirtualSeconds != 4 || got.BytesPerNodeSecond != rounded((5*8+12*48)/56.0) {
		t.Errorf("%v nodes, %v requests, %v s, %v bytes a node and second", got.NodesUp, got.RPCTotal, got.VirtualSeconds, got.BytesPerNodeSecond)
	}
	if want := []Bucket{{Prefix: 0, Contacts: 17.5}, {Prefix: 2, Contacts: 3}}; !reflect.DeepEqual(got.Buckets, want) {
		t.Errorf("buckets %v, want %v", got.Buckets, want)
	}
	if v := got.Values; v.Puts != 33 || v.Holders != 11 || v.Found != 4 {
		t.Errorf("values %+v", v)
	}
	if s := got.Series; len(s) != 2 || s[0].Lookups != 12 || s[0].LatencyMS != 5 || s[0].NodesUp != 8 || s[1].LatencyMS != 8 {
		t.Errorf("series %+v", s)
	}
	if got.Work[0].Count != 14 || got.Machine.CPUs != 4 || got.Machine.Go != "go1.26" || got.Machine.RPCsPerSecond != 10 {
		t.Errorf("work %v, machine %+v", got.Work, got.Machine)
	}
	if err := got.check(); err != nil {
		t.Error(err)
	}
}

func TestMergeRefuses(t *testing.T) {
	good := func() *Report { return client(drawnLookups(rand.New(rand.NewPCG(1, 1)), 5)) }
	for name, spoil := range map[string]func(*Report){
		"not of a client":                                   func(r *Report) { r.Config.Bootstrap = "" },
		"it is not of a client":                             func(r *Report) { r.Kind = Sim },
		"the 2nd of them: k is 4, and 20":                   func(r *Report) { r.Config.K = 4 },
		"workload is find":                                  func(r *Report) { r.Config.Workload = WorkloadFind },
		"the histogram of latency_ms counts 0 of 5 lookups": func(r *Report) { r.LatencyMS.Histogram = nil },
		"the histogram of hops counts 0 of 5 lookups":       func(r *Report) { r.Hops.Histogram = nil },
	} {
		bad := good()
		spoil(bad)
		if _, err := Merge([]*Report{good(), bad}); !errors.Is(err, ErrNotMerged) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Merge([]*Report{good()}); !errors.Is(err, ErrNotMerged) {
		t.Errorf("one report: %v", err)
	}
}
