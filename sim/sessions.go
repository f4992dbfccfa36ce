package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"kadmium/internal/exact"
)

// A weibull is a Weibull distribution of times. With shape 1 it is exponential.
type weibull struct {
	shape float64
	scale time.Duration
}

func (w weibull) mean() float64 { return float64(float64(w.scale) * exact.Factorial(1/w.shape)) }

// sample draws a time.
func (w weibull) sample(r rand.Source) time.Duration {
	return w.times(exact.Power(exponential(r.Uint64()), 1/w.shape))
}

// residual draws what is left of a time at a random moment of observation. A time is met
// with a probability proportional to its length, so that x^shape is gamma distributed,
// and the moment is uniform within it.
func (w weibull) residual(r rand.Source) time.Duration {
	return w.times(exact.Power(gamma(1+1/w.shape, r), 1/w.shape) * unit(r.Uint64()))
}

func (w weibull) times(x float64) time.Duration {
	return time.Duration(min(x*float64(w.scale), float64(maxSession))) + time.Nanosecond
}

// maxSession bounds every time up and every time down.
const maxSession = 10 * 365 * 24 * time.Hour

// Sessions says how long nodes are up and down in turn. The zero value: always up.
type Sessions struct {
	text     string
	up, down weibull
}

// kadSessions is how long users of the KAD network were up and down, as measured by
// Steiner, En-Najjary and Biersack (2007 to 2009).
const kadSessions = "kad"

// ParseSessions reads none, exp:MEAN, weibull:SHAPE,SCALE (each for up and down
// times alike), or kad. Its error is ErrBadConfig.
func ParseSessions(s string) (Sessions, error) {
	bad := func(why string) (Sessions, error) {
		return Sessions{}, fmt.Errorf("%w: sessions %q: %s; want none, exp:MEAN, weibull:SHAPE,SCALE or kad", ErrBadConfig, s, why)
	}
	kind, rest, _ := strings.Cut(s, ":")
	w := weibull{shape: 1}
	scale := rest
	switch kind {
	case "none", "":
		if rest != "" {
			return bad("nothing follows none")
		}
		return Sessions{}, nil
	case kadSessions:
		if rest != "" {
			return bad("nothing follows kad")
		}
		minutes := func(m float64) time.Duration { return time.Duration(m * float64(time.Minute)) }
		return Sessions{kadSessions, weibull{0.615, minutes(169.54)}, weibull{0.476, minutes(413.68)}}, nil
	case "exp":
	case "weibull":
		shape, after, ok := strings.Cut(rest, ",")
		v, err := strconv.ParseFloat(strings.TrimSpace(shape), 64)
		if !ok || err != nil || !(v >= 0.1 && v <= 10) {
			return bad("the shape is a number from 0.1 to 10")
		}
		w.shape, scale = v, after
	default:
		return bad("unknown")
	}
	d, err := time.ParseDuration(strings.TrimSpace(scale))
	if err != nil || d < time.Second || d > maxSession {
		return bad("the time is one like 90s or 2h, a second at least")
	}
	w.scale = d
	return Sessions{s, w, w}, nil
}

// Always reports whether nodes never leave.
func (s Sessions) Always() bool { return s.text == "" }

// String is the form that ParseSessions reads.
func (s Sessions) String() string {
	if s.Always() {
		return "none"
	}
	return s.text
}

// population is the number of all nodes if the given number is up on average.
func (s Sessions) population(up int) int {
	if s.Always() {
		return up
	}
	return max(up, int(math.Round(float64(up)/s.share())))
}

// share is the share of the time for which a node is up.
func (s Sessions) share() float64 {
	if s.Always() {
		return 1
	}
	return s.up.mean() / (s.up.mean() + s.down.mean())
}
