package theory

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// racing is true under the race detector.
var racing bool

func hops(t testing.TB, p Params) *Distribution {
	t.Helper()
	d, err := Hops(p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The values of the literature for k 20 and alpha 3.
func TestKnownValues(t *testing.T) {
	for nodes, want := range map[int]float64{1000: 1.895, 10_000: 2.424, 100_000: 2.919, 1_000_000: 3.44} {
		if got := hops(t, Params{nodes, 20, 3, 1}).Mean(); math.Abs(got-want) > 0.01 {
			t.Errorf("%d nodes: %.4f hops, want %v", nodes, got, want)
		}
	}
	d := hops(t, Params{10_000, 20, 3, 1})
	for i, want := range []float64{0, .02, .556, .9996} {
		if math.Abs(d[i]-want) > 0.007 {
			t.Errorf("within %d hops: %.4f, want %v", i, d[i], want)
		}
	}
}

// What kad sim --nodes N --k K --alpha A --lookups 8000 measured for other parameters.
func TestSimulatedValues(t *testing.T) {
	for _, c := range []struct {
		Params
		hops float64
	}{
		{Params{50, 20, 3, 1}, 1.089}, {Params{200, 20, 3, 1}, 1.573}, {Params{100, 4, 3, 1}, 1.869}, {Params{300, 4, 3, 1}, 2.246},
		{Params{1000, 4, 3, 1}, 2.656}, {Params{10_000, 4, 3, 1}, 3.451}, {Params{10_000, 8, 3, 1}, 2.901}, {Params{10_000, 8, 5, 1}, 2.837},
		{Params{10_000, 20, 1, 1}, 2.522}, {Params{10_000, 20, 10, 1}, 2.346}, {Params{100_000, 16, 5, 1}, 2.973}, {Params{100_000, 1, 1, 1}, 8.118},
		{Params{2000, 2, 1, 1}, 4.045}, {Params{100_000, 2, 2, 1}, 5.503}, {Params{100_000, 3, 3, 1}, 4.596},
	} {
		if got := hops(t, c.Params).Mean(); math.Abs(got/c.hops-1) > 0.01 {
			t.Errorf("%+v: %.3f hops, measured were %v", c.Params, got, c.hops)
		}
	}
}

// With an alpha over k lookups of kad sim take more hops than the model, as they ask none but
// the k closest. That is why kad sim does not print its figure there.
func TestAlphaOverK(t *testing.T) {
	if racing {
		t.Skip("one goroutine: for runs without the race detector")
	}
	for _, c := range []struct {
		Params
		hops float64
	}{{Params{1000, 2, 10, 1}, 3.303}, {Params{10_000, 3, 10, 1}, 3.662}} {
		if got := hops(t, c.Params).Mean(); got > 0.99*c.hops || got < 0.96*c.hops {
			t.Errorf("%+v: %.3f hops, measured were %v", c.Params, got, c.hops)
		}
	}
}

// Where all can be said without a chain: one node is found at once, and with k over the
// number of nodes every table has all.
func TestCertain(t *testing.T) {
	for _, p := range []Params{{1, 20, 3, 1}, {2, 20, 3, 1}, {20, 20, 1, 1}, {40, 64, 3, 2}} {
		if got := hops(t, p).Mean(); math.Abs(got-1) > 1e-6 {
			t.Errorf("%+v: %v hops", p, got)
		}
	}
}

// A distribution rises from 0 to 1. More contacts, and more of them asked, never make a
// lookup longer, more nodes never shorter, but for the steps in which the chain counts.
func TestMonotone(t *testing.T) {
	if racing {
		t.Skip("one goroutine: for runs without the race detector")
	}
	rapid.Check(t, func(t *rapid.T) {
		p := Params{rapid.IntRange(1, 5000).Draw(t, "nodes"), rapid.IntRange(2, 5).Draw(t, "k"), rapid.IntRange(1, 2).Draw(t, "alpha"), rapid.IntRange(1, 3).Draw(t, "bits")}
		d, err := Hops(p)
		if err != nil {
			t.Fatal(err)
		}
		for h := 1; h < len(d); h++ {
			if d[h] < d[h-1]-1e-6 || d[h] > 1+1e-6 {
				t.Fatalf("%+v: %v", p, d)
			}
		}
		if d[0] != 0 || d[MaxHops] < 0.9999 {
			t.Fatalf("%+v: %v", p, d)
		}
		const slack = 0.01
		for _, other := range []struct {
			Params
			sign float64
		}{{Params{2 * p.Nodes, p.K, p.Alpha, p.Bits}, 1}, {Params{p.Nodes, p.K + 2, p.Alpha, p.Bits}, -1}, {Params{p.Nodes, p.K, p.Alpha + 1, p.Bits}, -1}} {
			o, err := Hops(other.Params)
			if err != nil {
				t.Fatal(err)
			}
			if (o.Mean()-d.Mean())*other.sign < -slack {
				t.Fatalf("%+v: %v hops, %+v: %v", p, d.Mean(), other.Params, o.Mean())
			}
		}
	})
}

func TestNotCovered(t *testing.T) {
	for _, p := range []Params{{0, 20, 3, 1}, {MaxNodes + 1, 20, 3, 1}, {10, 0, 3, 1}, {10, MaxK + 1, 3, 1}, {10, 20, 0, 1}, {10, 20, MaxAlpha + 1, 1}, {10, 20, 3, 0}, {10, 20, 3, MaxBits + 1}} {
		if _, err := Hops(p); !errors.Is(err, ErrNotCovered) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func BenchmarkHops(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		hops(b, Params{1_000_000, 20, 3, 1})
	}
}
