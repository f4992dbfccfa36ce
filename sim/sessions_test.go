package sim

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

// mean is that of n samples.
func mean(n int, sample func() float64) float64 {
	sum := 0.0
	for range n {
		sum += sample()
	}
	return sum / float64(n)
}

// Times up and down have the mean of their distribution, and what remains of one that
// is met at a random moment is E[X^2] / 2 E[X] (the inspection paradox).
func TestWeibull(t *testing.T) {
	slow(t)
	const n = 400_000
	random := source(1, forSession)
	for _, w := range []weibull{{1, time.Hour}, {0.615, 169 * time.Minute}, {0.476, 413 * time.Minute}, {2, 90 * time.Second}, {10, time.Hour}} {
		scale := float64(w.scale)
		expected := scale * math.Gamma(1+1/w.shape)
		within(t, "mean", w.mean()/expected, 1, 1e-9)
		within(t, "mean of samples", mean(n, func() float64 { return float64(w.sample(random)) })/expected, 1, 0.015)
		residual := scale * scale * math.Gamma(1+2/w.shape) / (2 * expected)
		within(t, "mean of what remains", mean(n, func() float64 { return float64(w.residual(random)) })/residual, 1, 0.03)
		fewer := mean(n, func() float64 {
			if float64(w.sample(random)) <= scale {
				return 1
			}
			return 0
		})
		within(t, "share up to the scale", fewer, 1-1/math.E, 0.004)
	}
	if d := (weibull{0.1, maxSession}).sample(random); d <= 0 {
		t.Errorf("the longest session lasts %v", d)
	}
}

// Of nodes whose sessions follow one another a share is up at any time.
func TestShareUp(t *testing.T) {
	for text, want := range map[string]float64{"none": 1, "exp:30m": 0.5, "weibull:0.6,2h": 0.5, kadSessions: 0.21} {
		s := sessions(t, text)
		within(t, text, s.share(), want, 0.005)
		if got := s.population(1000); s.Always() && got != 1000 || math.Abs(float64(got)*s.share()-1000) > 1 {
			t.Errorf("%s: of 1000 nodes up there are %d", text, got)
		}
		if got := s.population(1); got < 1 {
			t.Errorf("%s: of 1 node up there are %d", text, got)
		}
	}
}

func TestParseSessions(t *testing.T) {
	for text, want := range map[string]string{"": "none", "none": "none", "kad": "kad", "exp:90s": "exp:90s", "weibull:0.6,2h": "weibull:0.6,2h", "exp:87600h": "exp:87600h"} {
		if s := sessions(t, text); s.String() != want || s.Always() != (want == "none") {
			t.Errorf("%q is read as %q", text, s)
		}
	}
	for _, text := range []string{"bogus", "none:1h", "kad:1h", "exp", "exp:", "exp:soon", "exp:-1h", "exp:999ms", "exp:87600h1s", "exp:1h,2h", "weibull:1h",
		"weibull:,1h", "weibull:0.05,1h", "weibull:11,1h", "weibull:NaN,1h", "weibull:Inf,1h", "weibull:1,", "weibull:1,0s", "Kad", " none"} {
		if _, err := ParseSessions(text); !errors.Is(err, ErrBadConfig) || !strings.Contains(err.Error(), "want none, exp:MEAN") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Whatever is given: no panic; what is taken comes back as it was said.
func FuzzParseSessions(f *testing.F) {
	for _, text := range []string{"none", "kad", "exp:30m", "weibull:0.6,2h", "weibull: 1e-1 , 1h", "exp:9999999h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSessions(text)
		if err != nil {
			if !errors.Is(err, ErrBadConfig) {
				t.Error(err)
			}
			return
		}
		again, err := ParseSessions(s.String())
		if err != nil || again != s {
			t.Errorf("%q is %q, which is read as %q: %v", text, s, again, err)
		}
		if share := s.share(); !(share > 0 && share <= 1) || s.population(10) < 10 {
			t.Errorf("%q: share %v, %d nodes", text, share, s.population(10))
		}
		random := source(1, forSession)
		if !s.Always() && (s.up.sample(random) <= 0 || s.down.residual(random) <= 0 || s.up.sample(random) > maxSession+1) {
			t.Errorf("%q: a session that cannot be", text)
		}
	})
}
