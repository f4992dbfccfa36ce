package sim

import (
	"math"
	"testing"

	"kadmium/sim/report"
)

// within checks a figure.
func within(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, want %v give or take %v", what, got, want, tolerance)
	}
}

// atMost is the share of a distribution that is at most a value.
func atMost(d *report.Distribution, value float64) float64 {
	share := 0.0
	for _, p := range d.CDF() {
		if p.Value <= value {
			share = p.Share
		}
	}
	return share
}

// What theory has of lookups on ideal tables of k = 20, alpha = 3: the hops of the
// closest node, exactly computed from how far a step comes, and that a lookup of
// design.md, section 5 finds all of the k closest one round after the closest.
func TestTheory(t *testing.T) {
	t.Parallel()
	slow(t)
	for _, want := range []struct {
		nodes int
		hops  float64
		cdf   []float64 // of hops 1, 2, ...
		rpcs  float64   // at most
	}{
		{1000, 1.895, nil, 23},
		{10_000, 2.424, []float64{.020, .556, .9996}, 23},
	} {
		r := simulate(t, config(want.nodes, 20_000, func(c *Config) { c.Lookup = RulePlain }))
		within(t, "hops", r.Hops.Mean, want.hops, 0.03)
		for i, share := range want.cdf {
			within(t, "share of at most so many hops", atMost(&r.Hops, float64(i+1)), share, 0.01)
		}
		if r.RPCs.Mean > want.rpcs || r.RoundsAfterClosest.Mean > 1.1 || r.Recall != 1 || r.Succeeded != r.Lookups || r.Lookups != 20_000 {
			t.Errorf("%d nodes: rpcs %v, rounds after closest %v, recall %v, succeeded %d of %d",
				want.nodes, r.RPCs.Mean, r.RoundsAfterClosest.Mean, r.Recall, r.Succeeded, r.Lookups)
		}
		if r.LatencyMS.Mean < 50*r.Rounds.Mean-1e-3 || r.LatencyMS.Mean > 50*r.Rounds.Mean+1e-3 {
			t.Errorf("%d nodes: %v rounds of 50 ms last %v ms", want.nodes, r.Rounds.Mean, r.LatencyMS.Mean)
		}
	}
}

// Tables that nodes have made themselves, each having joined one after the other, are
// nearly as good as ideal ones.
func TestTheoryJoined(t *testing.T) {
	t.Parallel()
	slow(t)
	r := simulate(t, config(1000, 4000, func(c *Config) { c.Tables = report.TablesJoin }))
	within(t, "hops", r.Hops.Mean, 1.895, 0.1)
	if r.Recall < 0.9995 || r.Succeeded != r.Lookups {
		t.Errorf("recall %v, succeeded %d of %d", r.Recall, r.Succeeded, r.Lookups)
	}
}

// Lookups through tables that nodes have made themselves take little more hops than through
// ideal ones. Where all keep the oldest (--table plain) they take more (design R4.30); right
// after the joins of a network with a small k there is hardly a difference, since who speaks
// first displaces nobody (R4.35).
func TestJoinedTablesDiffer(t *testing.T) {
	t.Parallel()
	slow(t)
	const nodes, k = 2000, 4
	hops := func(table, tables string) float64 {
		return simulate(t, config(nodes, 3000, func(c *Config) { c.K, c.Table, c.Tables = k, table, tables })).Hops.Mean
	}
	ideal := hops(RuleKadmium, report.TablesIdeal)
	plain, kadmium := hops(RulePlain, report.TablesJoin), hops(RuleKadmium, report.TablesJoin)
	t.Logf("hops: ideal %.3f, joined %.3f, plain %.3f", ideal, kadmium, plain)
	within(t, "hops", kadmium, ideal, 0.2)
	if plain < ideal+0.1 {
		t.Errorf("%v hops through plain tables, %v through ideal ones: this network does not show the difference", plain, ideal)
	}
}

// What a plain model of a lookup says of hops and requests, for other sizes, the
// simulation says too: within three standard errors of the difference, and 0.02.
func TestMonteCarlo(t *testing.T) {
	t.Parallel()
	slow(t)
	const lookups = 4000
	for _, c := range []struct{ n, k, alpha int }{{500, 8, 3}, {2000, 20, 1}, {2000, 10, 10}, {3000, 3, 2}} {
		m := newModel(c.n, c.k, c.alpha)
		hops, rpcs := make([]float64, lookups), make([]float64, lookups)
		for i := range lookups {
			hops[i], rpcs[i] = m.lookup()
		}
		r := simulate(t, config(c.n, lookups, func(cfg *Config) { cfg.K, cfg.Alpha, cfg.Lookup = c.k, c.alpha, RulePlain }))
		for _, of := range []struct {
			what      string
			model     []float64
			simulated *report.Distribution
		}{{"hops", hops, &r.Hops}, {"rpcs", rpcs, &r.RPCs}} {
			d := report.NewDistribution(of.model)
			margin := 3*math.Hypot(d.SD, of.simulated.SD)/math.Sqrt(lookups) + 0.02
			t.Logf("n %d, k %d, alpha %d: %s %v, model %v, margin %.3f", c.n, c.k, c.alpha, of.what, of.simulated.Mean, d.Mean, margin)
			if math.Abs(d.Mean-of.simulated.Mean) > margin {
				t.Errorf("n %d, k %d, alpha %d: %s %v, and %v in the model", c.n, c.k, c.alpha, of.what, of.simulated.Mean, d.Mean)
			}
		}
	}
}
