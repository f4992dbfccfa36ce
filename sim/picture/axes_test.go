package picture

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot"
)

// labelled are the labels of the ticks of an axis.
func labelled(ticks []plot.Tick) string {
	var labels []string
	for _, t := range ticks {
		if t.Label != "" {
			labels = append(labels, t.Label)
		}
	}
	return strings.Join(labels, " ")
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		ticks     plot.Ticker
		low, high float64
		want      string
	}{
		{steps{round: decimal, wanted: 16, label: whole}, .5, 4.5, "1 2 3 4"}, // hops are whole
		{steps{round: decimal, wanted: 16, label: whole}, .5, 1.5, "1"},
		{steps{round: decimal, wanted: 5}, -.1, .4, "-0.1 0 0.1 0.2 0.3 0.4"},
		{steps{round: decimal, wanted: 5}, 0, 2400, "0 500 1,000 1,500 2,000"},
		{steps{round: decimal, wanted: 5}, 0, .004, "0 0.001 0.002 0.003 0.004"},
		{steps{round: ofHours, wanted: 12}, 0, 24, "0 2 4 6 8 10 12 14 16 18 20 22 24"},
		{steps{round: ofHours, wanted: 12}, 0, 24 * 30, "0 120 240 360 480 600 720"},
		{steps{round: ofSixtieths, wanted: 12}, 0, 120, "0 10 20 30 40 50 60 70 80 90 100 110 120"},
		{steps{round: ofSixtieths, wanted: 5}, 0, 60, "0 15 30 45 60"},
		{steps{round: decimal, wanted: 5}, 1, 1, ""},
		{steps{round: ofShares, wanted: 6, label: percents}, .9985, 1, "99.85 % 99.90 % 99.95 % 100.00 %"}, // all with as many digits
		{steps{round: ofShares, wanted: 6, label: percents}, 0, 1, "0 % 20 % 40 % 60 % 80 % 100 %"},
		{magnitudes{}, 800, 1.2e7, "1,000 10,000 100,000 1,000,000 10,000,000"},
		{magnitudes{}, 900, 6000, "1,000 2,000 5,000"},
		{magnitudes{}, .04, 30, "0.1 1 10"},
	} {
		if got := labelled(c.ticks.Ticks(c.low, c.high)); got != c.want {
			t.Errorf("%+v from %v to %v: %q, want %q", c.ticks, c.low, c.high, got, c.want)
		}
	}
}

func TestTimeUnit(t *testing.T) {
	for seconds, want := range map[float64]string{90: "s", 180: "s", 600: "min", 3 * 3600: "min", 86400: "h"} {
		if got := timeUnit(seconds).name; got != want {
			t.Errorf("a run of %v s is drawn in %s, want %s", seconds, got, want)
		}
	}
}

// An axis shows all data and begins at nothing unless that would hide what happens.
func TestRanges(t *testing.T) {
	if from, to := upRange(10, 100); from != 0 || to < 100 {
		t.Errorf("10 to 100 nodes: %v to %v", from, to)
	}
	if from, to := upRange(9000, 10000); from < 5000 || from > 9000 || to < 10000 {
		t.Errorf("9,000 to 10,000 nodes: %v to %v", from, to)
	}
	if from, to := upRange(0, 0); from != 0 || to <= 0 {
		t.Errorf("no nodes: %v to %v", from, to)
	}
	for worst, want := range map[float64]float64{.5: 0, 1: .9, .9: .9, .85: .8, .6: .5, .2: 0, 0: 0} {
		if from, to := shareRange(worst); from != want || to <= 1 {
			t.Errorf("at worst %v: from %v to %v, want from %v", worst, from, to, want)
		}
	}
}

func TestFitted(t *testing.T) {
	a, b := fitted([]measured{{100, 2.5, 1}, {1000, 3.25, 1}, {10000, 4, 0}, {10000, 4, 2}})
	if math.Abs(a-1) > 1e-9 || math.Abs(b-.75) > 1e-9 {
		t.Errorf("the line is %v + %v log10 n, want 1 + 0.75 log10 n", a, b)
	}
}
