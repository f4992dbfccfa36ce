package picture

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"kadmium/sim/report"
)

// A unit of time, with the round steps of an axis in it.
type unit struct {
	name    string
	seconds float64
	round   []float64
}

// timeUnit is a suitable unit for a run of so many seconds.
func timeUnit(seconds float64) unit {
	switch {
	case seconds <= 3*60:
		return unit{"s", 1, ofSixtieths}
	case seconds <= 3*3600:
		return unit{"min", 60, ofSixtieths}
	}
	return unit{"h", 3600, ofHours}
}

// seriesPage draws a run over time: the nodes that are up and, below, the share of
// lookups that succeeded.
func seriesPage(r *report.Report) *page {
	n := len(r.Series)
	if n < 2 {
		return nil
	}
	first, last := r.Series[0].Start, r.Series[n-1].Start
	end := last + (last - r.Series[n-2].Start) // all intervals have the same length,
	if r.VirtualSeconds > last && r.VirtualSeconds < end {
		end = r.VirtualSeconds // except the last, if the run ended in it
	}
	in := timeUnit(end - first)
	until := func(i int) float64 {
		if i+1 < n {
			return r.Series[i+1].Start / in.seconds
		}
		return end / in.seconds
	}

	up, success := panel("nodes up"), panel("lookups that succeeded")
	var nodes, share plotter.XYs // share: the points since the last gap
	low, high, worst, asked := math.Inf(1), 0.0, 1.0, false
	style := line(blue, 1.75)
	for i, s := range r.Series {
		from := s.Start / in.seconds
		nodes = append(nodes, plotter.XY{X: from, Y: s.NodesUp}, plotter.XY{X: until(i), Y: s.NodesUp})
		low, high = math.Min(low, s.NodesUp), math.Max(high, s.NodesUp)
		if s.Lookups == 0 { // without lookups there is no share
			success.Add(curve{share, style})
			share = nil
			continue
		}
		asked = true
		of := float64(s.Succeeded) / float64(s.Lookups)
		worst = math.Min(worst, of)
		share = append(share, plotter.XY{X: from, Y: of}, plotter.XY{X: until(i), Y: of})
	}
	success.Add(curve{share, style})
	up.Add(curve{nodes, style})

	for _, p := range []*plot.Plot{up, success} {
		p.X.Min, p.X.Max = first/in.seconds, end/in.seconds
		p.X.Tick.Marker = steps{round: in.round, wanted: 12}
	}
	up.Y.Min, up.Y.Max = upRange(low, high)
	up.Y.Tick.Marker = steps{round: decimal, wanted: 5, label: whole}
	success.Y.Min, success.Y.Max = shareRange(worst)
	for _, p := range []*plot.Plot{up, success} {
		if p.Y.Min > 0 {
			p.Y.Label.Text += " (not from 0)"
		}
	}
	success.Y.Tick.Marker = steps{round: []float64{.01, .02, .05, .1, .2}, wanted: 6, label: percents}

	p := &page{file: "series", title: "Nodes up, and lookups that succeeded, over time", panels: []*plot.Plot{up}, xLabel: "time (" + in.name + ")"}
	if !asked {
		p.title = "Nodes up over time"
		return p
	}
	up.X.Tick.Marker = unlabelled{up.X.Tick.Marker}
	p.panels = append(p.panels, success)
	p.least = 420
	return p
}

// upRange is the y axis of nodes up.
func upRange(low, high float64) (from, to float64) {
	if high == 0 {
		return 0, 1
	}
	if fromZero(low, high) {
		return 0, high * 1.05
	}
	spread := math.Max(high-low, math.Max(high*.02, 4)) // do not magnify noise
	return math.Max(0, low-spread*.25), high + spread*.25
}

// shareRange is the y axis of a share with the given least value.
func shareRange(worst float64) (from, to float64) {
	for _, from = range []float64{.9, .8, .5, 0} {
		if worst >= from && !fromZero(worst, 1) {
			break
		}
	}
	return from, 1 + (1-from)*.04 // room for a line at 100 %
}

// unlabelled are ticks without labels, of a panel above another.
type unlabelled struct{ plot.Ticker }

// Ticks implements plot.Ticker.
func (u unlabelled) Ticks(low, high float64) []plot.Tick {
	ticks := u.Ticker.Ticks(low, high)
	for i := range ticks {
		ticks[i].Label = ""
	}
	return ticks
}
