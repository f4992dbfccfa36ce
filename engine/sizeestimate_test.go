package engine

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The estimate is that of the 40th percentile of the last 16, and does not rise faster than
// it may, whatever lookups tell.
func TestSizeEstimateModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s sizeEstimate
		var all []float64
		var now, before time.Duration
		value := 0.0
		for range rapid.IntRange(0, 60).Draw(t, "lookups") {
			now += time.Duration(rapid.IntRange(0, 200).Draw(t, "minutes")) * time.Minute
			n := rapid.Float64Range(1, 1e7).Draw(t, "estimate")
			s.add(now, n)
			all = append(all, float64(float32(n)))
			if len(all) < 16 {
				if s.value != 0 {
					t.Fatalf("stands at %v after %d lookups", s.value, len(all))
				}
				continue
			}
			last := slices.Sorted(slices.Values(all[len(all)-16:]))
			want := 1.08 * last[6]
			if most := value * math.Pow(1.5, (now-before).Hours()); value > 0 {
				want = min(want, most)
			}
			value, before = s.value, now
			if math.Abs(s.value-want) > 1e-6*want {
				t.Fatalf("after %d lookups %v, want %v", len(all), s.value, want)
			}
		}
	})
}

// A node of a small network has no estimate, and one of a larger network has one by its
// table, by the Config until lookups have told, and by its lookups then.
func TestSizeEstimateOfTable(t *testing.T) {
	if racing {
		t.Skip("runs in one goroutine")
	}
	n := newNetwork(t, 1)
	n.grow(30, nil)
	if got := n.nodes[3].e.networkSize(); got != 0 {
		t.Errorf("among 30 nodes: %v, want none", got)
	}
	n = newNetwork(t, 1)
	n.grow(400, func(c *Config) { c.K = 8 })
	n.run(10 * time.Second)
	sum := 0.0
	for _, nd := range n.nodes {
		sum += nd.e.networkSize()
	}
	if mean := sum / 400; mean < 300 || mean > 550 {
		t.Errorf("among 400 nodes they take the network for one of %.0f on average", mean)
	}
	e := n.nodes[5].e
	e.cfg.Size = 77
	if got := e.networkSize(); got != 77 {
		t.Errorf("%v, want what the Config says", got)
	}
	e.sizes = new(sizeEstimate)
	for range SizeSamples {
		e.sizes.add(time.Hour, 100)
	}
	if got := e.networkSize(); math.Abs(got-108) > 1e-9 {
		t.Errorf("%v, want 108", got)
	}
}

// Once an hour the refresh of a far bucket is a lookup that tells the network's size.
func TestRefreshTellsTheSize(t *testing.T) {
	if racing {
		t.Skip("runs in one goroutine")
	}
	n := newNetwork(t, 2)
	n.grow(150, func(c *Config) { c.K = 8 })
	n.run(20 * time.Hour)
	stand, sum := 0, 0.0
	for _, nd := range n.nodes {
		if s := nd.e.sizes; s != nil && s.value > 0 {
			stand++
			sum += s.value
		}
	}
	if stand < 120 || sum/float64(stand) < 110 || sum/float64(stand) > 190 {
		t.Errorf("after 20 hours %d of 150 have an estimate, of %.0f on average", stand, sum/float64(stand))
	}
}
