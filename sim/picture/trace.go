package picture

import (
	"fmt"
	"image/color"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"kadmium/sim/report"
)

// outcomes are the looks of the outcomes of requests, in the order of the legend.
var outcomes = []struct {
	outcome string
	ink     color.RGBA
	striped bool
	text    string
}{
	{report.Answered, blue, false, "answered"},
	{report.Failed, vermilion, true, "failed"},
	{report.Unanswered, grey, false, "unanswered at the end"},
}

// The height of a bar, as a share of its lane.
const (
	thin  = .56
	thick = .92
)

// tracePage draws one lookup, request by request.
func tracePage(r *report.Report) *page {
	t := r.Trace
	if t == nil || len(t.Requests) == 0 {
		return nil
	}
	c := laidOut(t)
	axes := panel("XOR distance to the target (bits)")
	axes.X.Min, axes.X.Max = 0, c.span*1.01
	axes.X.Tick.Marker = steps{round: decimal, wanted: 12}
	axes.Y.Min, axes.Y.Max = 0, c.height
	axes.Y.Tick.Length = 0
	axes.Y.Tick.Marker = c.labels()
	axes.Add(bandStripes{c}, grid{upright: true}, c.bars(), chain{c})

	p := &page{file: "trace", panels: []*plot.Plot{axes}, legend: c.legend(), xLabel: "time since the lookup's start (ms)"}
	p.title = fmt.Sprintf("%s: %s, %s, %s ms", t.Title(), report.GroupedCount(t.Hops, "hop"), report.GroupedCount(len(t.Requests), "request"), report.Trimmed(t.EndMS))
	if t.Which == report.TraceTypical {
		p.lines = append(p.lines, fmt.Sprintf("Typical: its hops and time are nearest to the medians of all lookups, %s and %s ms.", report.GroupedCount(int(r.Hops.P50), "hop"), report.Trimmed(r.LatencyMS.P50)))
	}
	p.lines = append(p.lines, "Each band is a distance, farthest first; each bar a request, from asking to its answer or failure.")
	p.least = vg.Length(c.height) + 20 // the time axis' ticks
	return p
}

// labels are the labels of the bands.
func (c *chart) labels() plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, b := range c.bands {
		label := strconv.Itoa(b.distance)
		if b.leftOut {
			label = "..."
		}
		ticks = append(ticks, plot.Tick{Value: b.low + b.height/2, Label: label})
	}
	return ticks
}

// legend explains the marks that the chart contains.
func (c *chart) legend() []entry {
	var all []entry
	has := func(is func(*placed) bool) bool {
		for i := range c.requests {
			if is(&c.requests[i]) {
				return true
			}
		}
		return false
	}
	for _, o := range outcomes {
		if has(func(r *placed) bool { return r.Outcome == o.outcome }) {
			all = append(all, entry{look{fill: o.ink, striped: o.striped}, o.text})
		}
	}
	if has(func(r *placed) bool { return r.Aside && !r.Winning }) {
		all = append(all, entry{look{fill: pale(blue), outline: blue, width: 1}, "pale: set aside as late"})
	}
	if has(func(r *placed) bool { return r.Winning }) {
		all = append(all, entry{chainMark{}, "chain to the closest node"})
	}
	return all
}

// bars are the bars of the requests. Those of the winning chain are drawn last, over the
// others.
func (c *chart) bars() bars {
	var rest, winners bars
	for i := range c.requests {
		r := &c.requests[i]
		if b := c.bar(r); r.Winning {
			winners = append(winners, b)
		} else {
			rest = append(rest, b)
		}
	}
	return append(rest, winners...)
}

func (c *chart) bar(r *placed) bar {
	l, share := look{fill: grey}, thin
	for _, o := range outcomes {
		if o.outcome == r.Outcome {
			l.fill, l.striped = o.ink, o.striped
		}
	}
	switch {
	case r.Winning:
		l.outline, l.width, share = black, 1, thick
	case r.Aside:
		l.outline, l.width, l.fill = l.fill, 1, pale(l.fill)
	}
	half, middle := share*c.lane/2, c.middle(r)
	return bar{r.AskedMS, c.seenUntil(r), middle - half, middle + half, l}
}

// bandStripes shade every other band.
type bandStripes struct{ *chart }

// Plot implements plot.Plotter.
func (s bandStripes) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	for i, b := range s.bands {
		shade := banded
		if i%2 == 1 {
			shade = white
		}
		c.FillPolygon(shade, box(vg.Rectangle{Min: vg.Point{X: c.Min.X, Y: y(b.low)}, Max: vg.Point{X: c.Max.X, Y: y(b.low + b.height)}}))
	}
}

// A chain joins the end of each winning request to the start of the next.
type chain struct{ *chart }

var chainStyle = line(black, 1)

// Plot implements plot.Plotter.
func (h chain) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var before *placed
	for i := range h.requests {
		r := &h.requests[i]
		if !r.Winning {
			continue
		}
		if before != nil {
			c.StrokeLine2(chainStyle, x(h.seenUntil(before)), y(h.middle(before)), x(r.AskedMS), y(h.middle(r)))
		}
		before = r
	}
}

// A chainMark is the chain in the legend.
type chainMark struct{}

// Thumbnail implements plot.Thumbnailer.
func (chainMark) Thumbnail(c *draw.Canvas) {
	c.StrokeLine2(chainStyle, c.Min.X, c.Center().Y, c.Max.X, c.Center().Y)
	middle := *c
	middle.Min.X, middle.Max.X = c.Min.X+5, c.Max.X-5
	look{fill: blue, outline: black, width: 1}.paint(&middle, middle.Rectangle)
}
