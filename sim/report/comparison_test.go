package report

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// named is the figure of a comparison.
func (c *Comparison) named(t *testing.T, name string) Figure {
	t.Helper()
	for _, f := range c.Figures {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no figure %s", name)
	panic("unreachable")
}

// alone is the Config of a report no lookup of which affected another.
var alone = Config{Workload: WorkloadFind, Tables: TablesIdeal}

// rpcs is a report of nothing but lookups with these numbers of requests.
func rpcs(values []float64) *Report {
	return &Report{Kind: Sim, Config: alone, RPCs: NewDistribution(values)}
}

// normal draws n numbers of requests.
func normal(rng *rand.Rand, n int, mean float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = math.Round(1000*(mean+5*rng.NormFloat64())) / 1000
	}
	return values
}

// Of 2,000 pairs drawn alike under 1 % differ, in the mean, in the CDF and in a share.
func TestFewFalseAlarms(t *testing.T) {
	const draws = 2000
	rng := rand.New(rand.NewPCG(1, 2))
	means, cdfs, shares := 0, 0, 0
	for range draws {
		a, b := rpcs(normal(rng, 150, 25)), rpcs(normal(rng, 250, 25))
		for range 300 {
			a.Lookups++
			b.Lookups++
			if rng.IntN(10) > 0 {
				a.Succeeded++
			}
			if rng.IntN(10) > 0 {
				b.Succeeded++
			}
		}
		c := Compare(a, b)
		if *c.named(t, "rpcs.mean").Exceeds {
			means++
		}
		if *c.named(t, "succeeded").Exceeds {
			shares++
		}
		if *c.CDFs[0].Exceeds {
			cdfs++
		}
	}
	t.Logf("of %d: %d means, %d CDFs, %d shares differ", draws, means, cdfs, shares)
	if most := draws / 100; means >= most || cdfs >= most || shares >= most {
		t.Errorf("of %d: %d means, %d CDFs, %d shares differ", draws, means, cdfs, shares)
	}
}

// A shift of ten standard errors is seen each time.
func TestShiftIsSeen(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const n, m = 150, 250
	se := 5 * math.Sqrt(1./n+1./m)
	for range 2000 {
		c := Compare(rpcs(normal(rng, n, 25)), rpcs(normal(rng, m, 25+10*se)))
		f := c.named(t, "rpcs.mean")
		if !*f.Exceeds || *f.Difference < 0 {
			t.Fatalf("%v +- %v is taken for noise", *f.Difference, *f.StandardError)
		}
		if !*c.CDFs[0].Exceeds || c.CDFs[0].Difference > 0 {
			t.Fatalf("%+v", c.CDFs[0])
		}
	}
}

func TestStandardErrors(t *testing.T) {
	a := &Report{Kind: Sim, Config: alone, Lookups: 200, Succeeded: 190, Recall: 0.9, RecallSD: 0.3, RecallOf: 100}
	b := &Report{Kind: Sim, Config: alone, Lookups: 100, Succeeded: 80, Recall: 0.99, RecallSD: 0.4, RecallOf: 400}
	c := Compare(a, b)
	for _, want := range []struct {
		name               string
		difference, se, of float64
		exceeds            bool
	}{
		{"succeeded", -0.15, math.Sqrt(0.9 * 0.1 * (1./200 + 1./100)), 0.95, true},
		{"recall", 0.09, math.Sqrt(0.09/100 + 0.16/400), 0.9, false},
	} {
		f := c.named(t, want.name)
		if math.Abs(*f.Difference-want.difference) > 1e-8 || math.Abs(*f.StandardError-want.se) > 1e-8 ||
			math.Abs(*f.Relative-want.difference/want.of) > 1e-8 || *f.Exceeds != want.exceeds {
			t.Errorf("%s: difference %v, relative %v, standard error %v, exceeds %v", want.name, *f.Difference, *f.Relative, *f.StandardError, *f.Exceeds)
		}
	}
}

// Verdicts where there is hardly anything to judge by.
func TestVerdictsAtTheEdges(t *testing.T) {
	yes, no := true, false
	succeeded := func(part, all int) *Report { return &Report{Kind: Sim, Config: alone, Lookups: all, Succeeded: part} }
	for _, c := range []struct {
		name   string
		a, b   *Report
		figure string
		want   *bool
	}{
		{"all succeeded in both", succeeded(100, 100), succeeded(7, 7), "succeeded", &no},
		{"none did", succeeded(0, 100), succeeded(0, 7), "succeeded", &no},
		{"one of many did not", succeeded(1000, 1000), succeeded(999, 1000), "succeeded", &no},
		{"all, and none", succeeded(100, 100), succeeded(0, 100), "succeeded", &yes},
		{"one, and none", succeeded(1, 1), succeeded(0, 1), "succeeded", &no},
		{"no lookups", succeeded(1, 1), succeeded(0, 0), "succeeded", nil},
		{"no deviation, no difference", rpcs([]float64{3, 3}), rpcs([]float64{3, 3, 3}), "rpcs.mean", &no},
		{"no deviation, a difference", rpcs([]float64{3, 3}), rpcs([]float64{4, 4, 4}), "rpcs.mean", &yes},
		{"a single sample", rpcs([]float64{3}), rpcs([]float64{4, 4, 4}), "rpcs.mean", nil},
		{"no sample", rpcs(nil), rpcs([]float64{4, 4, 4}), "rpcs.mean", nil},
		{"a percentile", rpcs([]float64{3, 3}), rpcs([]float64{4, 4}), "rpcs.p50", nil},
		{"a total", &Report{Kind: Sim, Config: alone, RPCTotal: 1}, &Report{Kind: Sim, Config: alone, RPCTotal: 1000}, "rpc_total", nil},
	} {
		compared := Compare(c.a, c.b)
		got := compared.named(t, c.figure)
		if !reflect.DeepEqual(got.Exceeds, c.want) {
			t.Errorf("%s: %s, want %s", c.name, verdict(got.Exceeds), verdict(c.want))
		}
	}
}

// The largest difference of two CDFs is that of all values that occur.
func TestLargestDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 8), func(v int) float64 { return float64(v) }), 1, 30)
		a, b := few.Draw(t, "a"), few.Draw(t, "b")
		share := func(of []float64, most float64) float64 {
			n := 0
			for _, v := range of {
				if v <= most {
					n++
				}
			}
			return float64(n) / float64(len(of))
		}
		want, at := 0.0, 0.0
		for v := range 9 {
			if d := share(b, float64(v)) - share(a, float64(v)); math.Abs(d) > math.Abs(want) {
				want, at = d, float64(v)
			}
		}
		x, y := NewDistribution(a), NewDistribution(b)
		if got, where := largest(x.CDF(), y.CDF()); got != want || where != at {
			t.Errorf("%v at %v, want %v at %v", got, where, want, at)
		}
	})
}

// The table of the Kolmogorov-Smirnov statistic has c(0.001) = 1.949.
func TestCritical(t *testing.T) {
	if got := critical(100, 300); math.Abs(got-1.949*math.Sqrt(400./30_000)) > 1e-4 {
		t.Error(got)
	}
}

func TestConfiguredNamesWhatDiffers(t *testing.T) {
	a, b := fixtures["sim"](), fixtures["sim"]()
	b.Kind, b.Config.Nodes, b.Config.Latency = Bench, 10_000, ""
	want := []Setting{{"kind", "sim", "bench"}, {"nodes", 1000, 10_000}, {"latency", "const:50ms", ""}}
	if got := Compare(a, b).Configured; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Of lookups that share a history no difference is said to exceed chance, however large it
// is, in the text and in JSON.
func TestNoVerdictsOnOneHistory(t *testing.T) {
	for name, change := range map[string]func(*Report){
		"joined":   func(r *Report) { r.Config.Tables = TablesJoin },
		"sessions": func(r *Report) { r.Config.Sessions = "exp:1h" },
		"duration": func(r *Report) { r.Config.Duration = "1h0m0s" },
		"value":    func(r *Report) { r.Config.Workload = WorkloadValue },
		"bench":    func(r *Report) { r.Kind = Bench },
	} {
		a, b := rpcs([]float64{3, 4, 3, 4}), rpcs([]float64{300, 400, 300, 400})
		a.Lookups, b.Lookups, b.Succeeded = 1000, 1000, 1000
		change(b)
		c := Compare(a, b)
		if !c.Dependent || *c.named(t, "rpcs.mean").Difference != 346.5 || *c.named(t, "succeeded").Difference != 1 {
			t.Errorf("%s: %+v", name, c)
		}
		for _, f := range c.Figures {
			if f.Exceeds != nil || f.StandardError != nil {
				t.Errorf("%s: %+v", name, f)
			}
		}
		for _, f := range c.CDFs {
			if f.Exceeds != nil || f.Critical != nil {
				t.Errorf("%s: %+v", name, f)
			}
		}
		var text bytes.Buffer
		if err := c.Write(&text); err != nil || !strings.Contains(text.String(), "no verdicts: ") || !strings.Contains(text.String(), "kad sim --seed 1..10 --out DIR") ||
			strings.Contains(text.String(), "differs") || strings.Contains(text.String(), "noise") {
			t.Errorf("%s: %v: %s", name, err, &text)
		}
	}
}

// A comparison that went through JSON is the same to people.
func TestComparisonInJSON(t *testing.T) {
	want := Compare(fixtures["day"](), fixtures["live"]())
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Comparison
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	if want.Write(&a) != nil || got.Write(&b) != nil || a.String() != b.String() {
		t.Errorf("%s\nbecomes\n%s", &a, &b)
	}
}
