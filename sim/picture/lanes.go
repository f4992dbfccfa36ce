package picture

import (
	"cmp"
	"math"
	"slices"

	"kadmium/sim/report"
)

// A trace is drawn in bands, one for each distance, the farthest at the top. Many requests
// go to peers of the same distance, so a band consists of lanes: requests that overlap in
// time are in different lanes.

// Heights in points.
const (
	laneHeight  = 9.0
	laneLeast   = 2.5 // in a lookup of hundreds of requests
	bandPadding = 4.0
	bandLeast   = 13.0  // for its label
	bandsMost   = 560.0 // for all bands, unless lanes of laneLeast need more
	bandsRoom   = 290.0 // for all bands, at least
)

// A band is one distance, or stands for all distances between two others.
type band struct {
	distance int
	leftOut  bool
	lanes    int
	low      float64 // its lower edge, in points above the bottom of the lowest band
	height   float64
}

// A placed request has a band, and a lane counted from the top of the band.
type placed struct {
	report.Request
	band, lane int
}

// A chart is the layout of a trace.
type chart struct {
	bands    []band // farthest first
	requests []placed
	lane     float64 // height
	height   float64
	span     float64 // of time, in ms
}

// laidOut lays out a trace. It must have requests.
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

// makeBands makes a band for each distance that has requests. Distances without requests
// between two of them share one band.
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

// assignLanes puts each request into the uppermost free lane of its band.
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
		const apart = .012 // of the span, so that successive bars are seen as two
		lanes[r.lane] = c.seenUntil(r) + apart*c.span
		ends[r.band] = lanes
	}
	for i := range c.bands {
		c.bands[i].lanes = len(ends[i])
	}
}

// seenUntil is where the bar of a request ends. A request that took no time has one too.
func (c *chart) seenUntil(r *placed) float64 {
	return math.Max(r.EndMS, r.AskedMS+.004*c.span)
}

// setHeights makes lanes as high as the room on the page allows.
func (c *chart) setHeights() {
	total := func(lane float64) float64 {
		sum := 0.0
		for _, b := range c.bands {
			sum += math.Max(bandLeast, float64(b.lanes)*lane+bandPadding)
		}
		return sum
	}
	spare := 0.0 // height to add to each band if the page is not full
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
