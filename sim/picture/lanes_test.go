package picture

import (
	"testing"

	"kadmium/sim/report"
)

// No bar covers another one, each lies in its distance's band, and bands stand from
// the farthest down to the closest.
func TestLanes(t *testing.T) {
	for name, trace := range map[string]*report.Trace{"walked": walked(), "odd": odd().Trace, "tiny": tiny().Trace} {
		c := laidOut(trace)
		if len(c.requests) != len(trace.Requests) {
			t.Fatalf("%s: %d of %d requests are laid out", name, len(c.requests), len(trace.Requests))
		}
		for i, b := range c.bands {
			if i > 0 && (b.low+b.height > c.bands[i-1].low+1e-9 || !b.leftOut && !c.bands[i-1].leftOut && b.distance >= c.bands[i-1].distance) {
				t.Errorf("%s: band %+v below %+v", name, b, c.bands[i-1])
			}
		}
		for i := range c.requests {
			r := &c.requests[i]
			bar, in := c.bar(r), c.bands[r.band]
			if in.distance != r.Distance || bar.low < in.low || bar.high > in.low+in.height {
				t.Errorf("%s: bar %+v of distance %d in band %+v", name, bar, r.Distance, in)
			}
			for j := range i {
				other := c.bar(&c.requests[j])
				if bar.left < other.right && other.left < bar.right && bar.low < other.high && other.low < bar.high {
					t.Errorf("%s: bar %+v covers %+v", name, bar, other)
				}
			}
		}
	}
}

// Distances between which nobody was asked do not fill the page.
func TestDistancesLeftOut(t *testing.T) {
	trace := &report.Trace{EndMS: 10}
	for _, d := range []int{250, 252, 253, 3, 0} {
		trace.Requests = append(trace.Requests, report.Request{EndMS: 10, Distance: d})
	}
	want := "253 252 251 250 ... 3 ... 0"
	if got := labelled(laidOut(trace).labels()); got != want {
		t.Errorf("the bands are %s, want %s", got, want)
	}
}

// A chain is drawn over the other requests, thicker and outlined; what was set aside
// is pale.
func TestLooks(t *testing.T) {
	c := laidOut(walked())
	drawn := c.bars()
	winners := 0
	for i := range c.requests {
		r := &c.requests[i]
		b := c.bar(r)
		switch {
		case r.Winning:
			winners++
			if b.high-b.low <= thin*c.lane || b.width == 0 {
				t.Errorf("winner %+v is drawn as %+v", r, b)
			}
		case r.Aside && b.fill != pale(b.outline):
			t.Errorf("%+v is drawn as %+v, want it pale", r, b)
		case !r.Aside && b.width != 0:
			t.Errorf("%+v is drawn as %+v, want no outline", r, b)
		}
	}
	for _, b := range drawn[len(drawn)-winners:] {
		if b.outline != black {
			t.Errorf("%+v is drawn over the chain", b)
		}
	}
}
