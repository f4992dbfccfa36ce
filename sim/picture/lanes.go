package picture

import (
	"cmp"
	"math"
	"slices"

	"kadmium/sim/report"
)

// A trace is drawn in bands, one a distance, farthest first. Many requests go to
// peers that are equally far, most of all near the target, so a band is as high as
// it takes to lay those that overlap in time beside one another, in lanes.

// Heights in points.
const (
	laneHeight  = 9.0
	laneLeast   = 2.5 // of a lookup of hundreds of requests
	bandPadding = 4.0
	bandLeast   = 13.0  // for its label
	bandsMost   = 560.0 // for all of them, if lanes of the least height allow
	bandsRoom   = 290.0 // that they have at least
)

// A band is a distance, or stands for those that are left out between two of them.
type band struct {
	distance int
	leftOut  bool
	lanes    int
	low      float64 // its lower edge, in points above the lowest band's
	height   float64
}

// A placed request has its lane, counted from its band's top.
type placed struct {
	report.Request
	band, lane int
}

// A chart is a trace, laid out.
type chart struct {
	bands    []band // farthest first
	requests []placed
	lane     float64 // height
	height   float64
	span     float64 // of time, in ms
}

// laidOut lays out a trace that has requests.
func laidOut(t *report.Trace) *chart {
	c := &chart{span: t.EndMS}
	for _, r := range t.Requests {
		c.span = math.Max(c.span, r.EndMS)
		c.requests = append(c.requests, placed{Request: r})
	}
	if c.span <= 0 {
		c.span = 1
	}
	slices.SortStableFunc(c.requests, func(a, b placed) int { return cmp.Compare(a.AskedMS, b.AskedMS) })
	c.makeBands()
	c.assignLanes()
	c.setHeights()
	return c
}

// makeBands makes a band of each distance and of a single one that is left out
// between two. More of them are one band, which says so.
func (c *chart) makeBands() {
	var distances []int
	for _, r := range c.requests {
		distances = append(distances, r.Distance)
	}
	slices.Sort(distances)
	distances = slices.Compact(distances)
	slices.Reverse(distances)
	for i, d := range distances {
		if i > 0 {
			switch gap := distances[i-1] - d; {
			case gap == 2:
				c.bands = append(c.bands, band{distance: d + 1})
			case gap > 2:
				c.bands = append(c.bands, band{leftOut: true})
			}
		}
		c.bands = append(c.bands, band{distance: d})
	}
}

// assignLanes gives each request the uppermost lane of its band that is free.
func (c *chart) assignLanes() {
	ends := make([][]float64, len(c.bands)) // of each lane's last request
	for i := range c.requests {
		r := &c.requests[i]
		r.band = slices.IndexFunc(c.bands, func(b band) bool { return !b.leftOut && b.distance == r.Distance })
		lanes := ends[r.band]
		r.lane = slices.IndexFunc(lanes, func(end float64) bool { return end <= r.AskedMS })
		if r.lane < 0 {
			r.lane = len(lanes)
			lanes = append(lanes, 0)
		}
		const apart = .012 // of the span: bars one after the other are seen as two
		lanes[r.lane] = c.seenUntil(r) + apart*c.span
		ends[r.band] = lanes
	}
	for i := range c.bands {
		c.bands[i].lanes = len(ends[i])
	}
}

// seenUntil is where a request's bar ends: one that took no time is seen, too.
func (c *chart) seenUntil(r *placed) float64 {
	return math.Max(r.EndMS, r.AskedMS+.004*c.span)
}

// setHeights makes lanes as high as the page has room for.
func (c *chart) setHeights() {
	total := func(lane float64) float64 {
		sum := 0.0
		for _, b := range c.bands {
			sum += math.Max(bandLeast, float64(b.lanes)*lane+bandPadding)
		}
		return sum
	}
	spare := 0.0 // for a band, of a page that is not filled
	for c.lane = laneHeight; c.lane > laneLeast && total(c.lane) > bandsMost; c.lane -= .25 {
	}
	c.height = total(c.lane)
	if c.height < bandsRoom {
		spare = (bandsRoom - c.height) / float64(len(c.bands))
		c.height = bandsRoom
	}
	top := c.height
	for i := range c.bands {
		b := &c.bands[i]
		b.height = math.Max(bandLeast, float64(b.lanes)*c.lane+bandPadding) + spare
		top -= b.height
		b.low = top
	}
}

// middle is the height at which a request's bar is drawn.
func (c *chart) middle(r *placed) float64 {
	b := &c.bands[r.band]
	lanes := float64(b.lanes) * c.lane
	return b.low + b.height/2 + lanes/2 - (float64(r.lane)+.5)*c.lane
}
