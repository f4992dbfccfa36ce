package report

import (
	"bytes"
	"encoding/json"
	"math"
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

// rpcs is a report of nothing but lookups with these numbers of requests.
func rpcs(values []float64) *Report {
	return &Report{Kind: Sim, Config: Config{Workload: WorkloadFind, Tables: TablesIdeal}, RPCs: NewDistribution(values)}
}

// Of what only one report has there is no difference, and of 0 no relative one.
func TestSingleDifferences(t *testing.T) {
	known := func(v float64) *float64 { return &v }
	succeeded := func(part, all int) *Report { return &Report{Kind: Sim, Lookups: all, Succeeded: part} }
	for _, c := range []struct {
		name                 string
		a, b                 *Report
		figure               string
		difference, relative *float64
	}{
		{"a share", succeeded(190, 200), succeeded(80, 100), "succeeded", known(-0.15), known(-0.157894737)},
		{"all, and none", succeeded(100, 100), succeeded(0, 100), "succeeded", known(-1), known(-1)},
		{"none, and some", succeeded(0, 100), succeeded(7, 10), "succeeded", known(0.7), nil},
		{"no lookups", succeeded(1, 1), succeeded(0, 0), "succeeded", nil, nil},
		{"a mean", rpcs([]float64{3, 3}), rpcs([]float64{4, 4, 4}), "rpcs.mean", known(1), known(0.333333333)},
		{"no sample", rpcs(nil), rpcs([]float64{4, 4, 4}), "rpcs.mean", nil, nil},
		{"a percentile", rpcs([]float64{3, 3}), rpcs([]float64{4, 4}), "rpcs.p50", known(1), known(0.333333333)},
	} {
		compared := Compare(c.a, c.b)
		got := compared.named(t, c.figure)
		if !reflect.DeepEqual(got.Difference, c.difference) || !reflect.DeepEqual(got.Relative, c.relative) {
			t.Errorf("%s: %s, relative %s", c.name, knownText(got.Difference), knownText(got.Relative))
		}
	}
}

func knownText(v *float64) string { return known(v, Number) }

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

func TestConfiguredNamesWhatDiffers(t *testing.T) {
	a, b := fixtures["sim"](), fixtures["sim"]()
	b.Kind, b.Config.Nodes, b.Config.Latency = Bench, 10_000, ""
	want := []Setting{{"kind", "sim", "bench"}, {"nodes", 1000, 10_000}, {"latency", "const:50ms", ""}}
	if got := Compare(a, b).Configured; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Of two single reports no difference is said to be more than chance, however large it is and
// whatever was measured, in the text and in JSON: the lookups of a report share one seed.
func TestNoVerdictsOnSingleReports(t *testing.T) {
	for name, change := range map[string]func(*Report){
		"ideal":    func(r *Report) {},
		"joined":   func(r *Report) { r.Config.Tables = TablesJoin },
		"sessions": func(r *Report) { r.Config.Sessions = "exp:1h" },
		"value":    func(r *Report) { r.Config.Workload = WorkloadValue },
		"bench":    func(r *Report) { r.Kind = Bench },
	} {
		a, b := rpcs([]float64{3, 4, 3, 4}), rpcs([]float64{300, 400, 300, 400})
		a.Lookups, b.Lookups, b.Succeeded = 1000, 1000, 1000
		change(b)
		c := Compare(a, b)
		if *c.named(t, "rpcs.mean").Difference != 346.5 || *c.named(t, "succeeded").Difference != 1 || c.CDFs[0].Difference != -1 {
			t.Errorf("%s: %+v", name, c)
		}
		var text bytes.Buffer
		if err := c.Write(&text); err != nil || !strings.Contains(text.String(), "no verdicts: ") || !strings.Contains(text.String(), "kad sim --seed 1..10 --out DIR") {
			t.Errorf("%s: %v: %s", name, err, &text)
		}
		inJSON, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"differs", "noise", "exceeds", "standard_error", "critical"} {
			if strings.Contains(text.String()+string(inJSON), word) {
				t.Errorf("%s: it says %s: %s", name, word, &text)
			}
		}
	}
}

// Work that one of two reports counted and never did is 0. What a report did not count is not
// known: of lookups that affect no other only datagrams are counted, and a bench counts others.
func TestWorkThatWasNeverDone(t *testing.T) {
	did := func(kind string, work ...Work) *Report { return &Report{Kind: kind, Work: work} }
	sent, lost, probes := Work{"datagrams", 900}, Work{"datagrams.lost", 6}, Work{"probes", 4}
	none, ping := 0.0, Work{"requests.PING", 5}
	for _, c := range []struct {
		name   string
		a, b   *Report
		figure string
		a0     *float64
	}{
		{"loss 0 beside loss 0.1", did(Sim, sent), did(Sim, sent, lost), "work.datagrams.lost", &none},
		{"probes of a history", did(Sim, ping, sent), did(Sim, ping, probes, sent), "work.probes", &none},
		{"probes of ideal lookups", did(Sim, sent), did(Sim, ping, probes, sent), "work.probes", nil},
		{"a bench beside a simulation", did(Bench, ping), did(Sim, ping, probes, sent), "work.probes", nil},
		{"a report without work", did(Bench), did(Bench, ping), "work.requests.PING", nil},
	} {
		compared := Compare(c.a, c.b)
		if got := compared.named(t, c.figure); !reflect.DeepEqual(got.A, c.a0) || (got.Difference == nil) != (c.a0 == nil) {
			t.Errorf("%s: a has %s", c.name, knownText(got.A))
		}
		compared = Compare(c.b, c.a)
		if got := compared.named(t, c.figure); !reflect.DeepEqual(got.B, c.a0) {
			t.Errorf("%s, the other way: b has %s", c.name, knownText(got.B))
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
