package report

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// lookups are samples whose hops and times vary.
func lookups(n int, seed uint64) []Sample {
	random := rand.New(rand.NewPCG(seed, 0))
	all := make([]Sample, n)
	for i := range all {
		all[i] = Sample{Number: i + 1, Hops: 1 + random.IntN(5), Latency: time.Duration(random.IntN(1000)) * time.Millisecond}
	}
	return all
}

// Typical is what is nearest to the medians, hops first, and of equals the first; worst is
// the slowest of most hops, and of equals the first; a number is itself.
func TestTraced(t *testing.T) {
	ms := func(n, hops int, latency time.Duration) Sample {
		return Sample{Number: n, Hops: hops, Latency: latency * time.Millisecond}
	}
	all := []Sample{ms(1, 1, 500), ms(2, 2, 900), ms(3, 2, 440), ms(4, 2, 460), ms(5, 3, 450), ms(6, 4, 100), ms(7, 4, 450), ms(8, 0, 450)}
	for of, want := range map[string]int{TraceTypical: 3, TraceWorst: 7, "5": 5, "9": -1} { // medians: 2 hops, 450 ms
		got := -1
		if s := Traced(of, all); s != nil {
			got = s.Number
		}
		if got != want {
			t.Errorf("%s is %d, want %d", of, got, want)
		}
	}
	if Traced(TraceTypical, nil) != nil || Traced(TraceWorst, nil) != nil {
		t.Error("there is none of nothing")
	}
	for _, text := range []string{"", "-1", "best", "1.5", "typical "} {
		if Traceable(text) {
			t.Errorf("%q names a lookup", text)
		}
	}
}

// While lookups end the same one is found, and few traces are made.
func TestTracer(t *testing.T) {
	for seed := range uint64(20) {
		all := lookups(40+1000*int(seed%5), seed)
		for _, of := range []string{TraceTypical, TraceWorst, "7", "1000000"} {
			tracer, made := NewTracer(of), 0
			for i := range all {
				tracer.Ended(all[:i+1], func() *Trace {
					made++
					return &Trace{Target: strconv.Itoa(i + 1)}
				})
			}
			want, got := Traced(of, all), tracer.Trace(all)
			switch {
			case want == nil:
				if got != nil {
					t.Errorf("%s of %d: %+v", of, len(all), got)
				}
			case got == nil || got.Number != want.Number || got.Target != strconv.Itoa(want.Number):
				t.Errorf("%s of %d: %+v, want %d", of, len(all), got, want.Number)
			case len(all) > 4000 && made > len(all)/3:
				t.Errorf("%s of %d: %d traces were made", of, len(all), made)
			}
		}
	}
}

func TestTraceTitle(t *testing.T) {
	for title, trace := range map[string]*Trace{
		"A typical lookup (lookup 1,234)":                new(Trace).Of(TraceTypical, 1234),
		"The slowest lookup of the most hops (lookup 3)": new(Trace).Of(TraceWorst, 3),
		"Lookup 17":  new(Trace).Of("17", 17),
		"One lookup": {},
	} {
		if trace.Title() != title {
			t.Errorf("%q, want %q", trace.Title(), title)
		}
	}
}
