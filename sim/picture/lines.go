package picture

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"kadmium/sim/sweep"
)

// A strand is one line of a picture of a sweep: what is joined between the points, and how.
// Strands differ in colour, dash and mark.
type strand struct {
	points []bandPoint
	ink    color.RGBA
	dashes []vg.Length
	mark   int
	joined bool // there is something between the points
	banded bool // some point has an interval
	log    bool // the y axis has logarithms
}

// height is the place of a value on the y axis, no lower than its lower end.
func (s *strand) height(p *plot.Plot, v float64) float64 {
	if s.log {
		v = math.Log10(math.Max(v, math.Pow(10, p.Y.Min)))
	}
	return math.Max(v, p.Y.Min)
}

// span is the place of an interval on the y axis, within its ends: that of a share may reach
// beyond 100 %.
func (s *strand) span(p *plot.Plot, of *sweep.Point) (low, high float64) {
	return s.height(p, of.Low), math.Min(s.height(p, of.High), p.Y.Max)
}

// A bandPoint is a point with its interval. One that is missing interrupts the line.
type bandPoint struct {
	x    float64
	have bool
	sweep.Point
}

var dashes = [][]vg.Length{nil, {7, 3}, {2, 2.5}, {9, 2.5, 2, 2.5}}

// strandOf is strand i of n, with no points yet.
func strandOf(c *sweep.Chart, i int) strand {
	s := strand{ink: kinds[i%len(kinds)], dashes: dashes[i%len(dashes)], mark: i, joined: c.Xs.Amounts != nil}
	if n := len(c.Lines.Values); c.Lines.Amounts != nil && n > 1 {
		const darker = .86 // the lightest would be pale as a line
		at := float64(i) / float64(n-1) * darker * float64(len(viridis)-1)
		from := min(int(at), len(viridis)-2)
		s.ink = mixed(viridis[from], viridis[from+1], at-float64(from))
	}
	if !s.joined {
		s.dashes = nil
	}
	return s
}

// linePanels draws the panels of a picture with lines.
func linePanels(p *page, c *sweep.Chart) {
	width := panelWidth(gridColumns(len(c.Panels.Values)))
	low, high := math.Inf(1), math.Inf(-1)
	for _, point := range c.Points {
		low, high = math.Min(low, point.Low), math.Max(high, point.High)
	}
	least := math.Inf(1)
	for _, point := range c.Points {
		least = math.Min(least, point.Mean)
	}
	log := manyTimes(least, high) && !isShare(c.Metric)
	_, label := metricText(c.Metric)
	if log {
		label += " (logarithmic)"
		low = least
	}
	x := linesAxis(&c.Xs, width)
	p.xLabel = axisText(&c.Xs)
	if x.log {
		p.xLabel += " (logarithmic)"
	}
	shown := make([]bool, len(c.Lines.Values))
	banded := make([]bool, len(c.Lines.Values))
	for panelIndex := range c.Panels.Values {
		drawn := panel(label)
		x.set(&drawn.X)
		setMetricAxis(&drawn.Y, c.Metric, low, high, log)
		var strands []strand
		for i := range c.Lines.Values {
			s := strandOf(c, i)
			s.log = log
			for j := range c.Xs.Values {
				at := x.at[j]
				if !s.joined { // beside the points of the other lines
					at += (float64(i) - float64(len(c.Lines.Values)-1)/2) * .7 / float64(len(c.Lines.Values))
				}
				point, have := c.Points[sweep.At{X: j, Line: i, Panel: panelIndex}]
				s.points = append(s.points, bandPoint{at, have, point})
				shown[i], banded[i] = shown[i] || have, banded[i] || point.Band
				s.banded = s.banded || point.Band
			}
			strands = append(strands, s)
		}
		for _, s := range strands {
			drawn.Add(bandOf{s})
		}
		for _, s := range strands {
			drawn.Add(s)
		}
		p.panels = append(p.panels, drawn)
	}
	if !log && p.panels[0].Y.Min > 0 {
		p.lines[len(p.lines)-1] += " The y axis does not begin at 0."
	}
	if c.Line == "" {
		return
	}
	for i, v := range c.Lines.Values {
		if s := strandOf(c, i); shown[i] {
			s.banded = banded[i]
			p.legend = append(p.legend, entry{s, c.Line + " = " + valueText(v)})
		}
	}
}

// A xAxis is the x axis of all panels of a picture.
type xAxis struct {
	at        []float64 // of the values
	low, high float64
	log       bool
	ticks     plot.Ticker
}

// linesAxis is the axis of values: by their amounts, if they have some, otherwise in a row.
func linesAxis(s *sweep.Scale, width vg.Length) xAxis {
	a := xAxis{at: s.Amounts}
	if a.at == nil {
		for i := range s.Values {
			a.at = append(a.at, float64(i))
		}
		a.low, a.high = -.5, float64(len(a.at))-.5
		a.ticks = valueTicks{a.at, labelsOf(s), width, plot.LinearScale{}}
		return a
	}
	first, last := a.at[0], a.at[len(a.at)-1]
	a.log = manyTimes(first, last)
	if a.log {
		around := math.Pow(last/first, .04)
		a.low, a.high = first/around, last*around
		a.ticks = valueTicks{a.at, labelsOf(s), width, plot.LogScale{}}
		return a
	}
	around := (last - first) * .04
	if around == 0 {
		around = 1
	}
	a.low, a.high = first-around, last+around
	a.ticks = valueTicks{a.at, labelsOf(s), width, plot.LinearScale{}}
	return a
}

func (a *xAxis) set(axis *plot.Axis) {
	axis.Min, axis.Max, axis.Tick.Marker = a.low, a.high, a.ticks
	if a.log {
		axis.Scale = plot.LogScale{}
	}
}

// setMetricAxis sets the range of a y axis that shows values and intervals from low to high.
func setMetricAxis(axis *plot.Axis, metric string, low, high float64, log bool) {
	axis.Min, axis.Max = metricRange(low, high)
	switch {
	case isShare(metric):
		axis.Max = math.Min(axis.Max, 1+.04*(1-axis.Min)) // room for a line at 100 %
		axis.Tick.Marker = steps{round: ofShares, wanted: 6, label: percents}
	case log:
		axis.Min, axis.Max, axis.Tick.Marker = math.Log10(low/1.25), math.Log10(high*1.15), logarithms{}
	default:
		axis.Tick.Marker = steps{round: decimal, wanted: 6}
	}
}

// logarithms are the ticks of magnitudes on an axis of logarithms. Package plot reserves the
// wrong room for the label of a y axis with a logarithmic scale.
type logarithms struct{}

// Ticks implements plot.Ticker.
func (logarithms) Ticks(low, high float64) []plot.Tick {
	ticks := magnitudes{}.Ticks(math.Pow(10, low), math.Pow(10, high))
	for i := range ticks {
		ticks[i].Value = math.Log10(ticks[i].Value)
	}
	return ticks
}

// ofShares are the round steps of shares.
var ofShares = []float64{1e-6, 1e-5, 1e-4, 2e-4, 5e-4, .001, .002, .005, .01, .02, .05, .1, .2}

func metricRange(low, high float64) (from, to float64) {
	switch {
	case low == 0 && high == 0:
		return 0, 1
	case low >= 0 && fromZero(low, high):
		return 0, high * 1.06
	}
	spread := (high - low) * .08
	if spread == 0 {
		spread = math.Max(math.Abs(high)*.05, 1e-3)
	}
	from = low - spread
	if low >= 0 {
		from = math.Max(0, from)
	}
	return from, high + spread
}

// A bandOf draws the band of a strand, below all lines.
type bandOf struct{ strand }

// Plot implements plot.Plotter.
func (b bandOf) Plot(c draw.Canvas, p *plot.Plot) {
	if !b.joined {
		return
	}
	x, y := p.Transforms(&c)
	var upper, lower plotter.XYs
	flush := func() {
		if len(upper) > 1 {
			var outline []vg.Point
			for _, at := range upper {
				outline = append(outline, vg.Point{X: x(at.X), Y: y(at.Y)})
			}
			for i := range lower {
				at := lower[len(lower)-1-i]
				outline = append(outline, vg.Point{X: x(at.X), Y: y(at.Y)})
			}
			c.FillPolygon(translucent(b.ink), c.ClipPolygonY(outline))
		}
		upper, lower = nil, nil
	}
	for _, at := range b.points {
		if !at.have || !at.Band {
			flush()
			continue
		}
		upper = append(upper, plotter.XY{X: at.x, Y: b.height(p, at.High)})
		lower = append(lower, plotter.XY{X: at.x, Y: b.height(p, at.Low)})
	}
	flush()
}

// Plot implements plot.Plotter.
func (s strand) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := line(s.ink, 1.75)
	style.Dashes = s.dashes
	var run plotter.XYs
	for i, at := range s.points {
		if at.have && s.joined {
			run = append(run, plotter.XY{X: at.x, Y: s.height(p, at.Mean)})
		}
		if (!at.have || i == len(s.points)-1) && len(run) > 0 {
			curve{run, style}.Plot(c, p)
			run = nil
		}
	}
	for _, at := range s.points {
		if at.have && at.Band {
			low, high := s.span(p, &at.Point)
			whisker(&c, s.ink, x(at.x), y(low), y(high), !s.joined)
		}
	}
	for _, at := range s.points {
		if at.have {
			marked(&c, s.mark, s.ink, vg.Point{X: x(at.x), Y: y(s.height(p, at.Mean))})
		}
	}
}

// whisker is an upright line over an interval, with ends if there is no band.
func whisker(c *draw.Canvas, ink color.RGBA, x, low, high vg.Length, ends bool) {
	style := line(ink, 1)
	c.StrokeLine2(style, x, low, x, high)
	if ends {
		c.StrokeLine2(style, x-capWidth/2, low, x+capWidth/2, low)
		c.StrokeLine2(style, x-capWidth/2, high, x+capWidth/2, high)
	}
}

// Thumbnail implements plot.Thumbnailer.
func (s strand) Thumbnail(c *draw.Canvas) {
	if s.joined {
		if s.banded {
			c.FillPolygon(translucent(s.ink), box(c.Rectangle))
		}
		style := line(s.ink, 1.75)
		style.Dashes = s.dashes
		curve{style: style}.Thumbnail(c)
	} else if s.banded {
		whisker(c, s.ink, c.Center().X, c.Min.Y-1, c.Max.Y+1, true)
	}
	marked(c, s.mark, s.ink, c.Center())
}

// corners are the shapes of marks, as regular polygons: how many corners, and the angle of
// the first.
var corners = []struct {
	n     int
	first float64
	size  float64
}{{24, 0, 3.4}, {4, math.Pi / 4, 4.4}, {3, math.Pi / 2, 4.8}, {4, 0, 4.8}}

// marked draws one of 8 marks: four shapes filled, then the same with white inside.
func marked(c *draw.Canvas, mark int, ink color.RGBA, at vg.Point) {
	shape := corners[mark%len(corners)]
	var outline []vg.Point
	for i := range shape.n {
		angle := shape.first + 2*math.Pi*float64(i)/float64(shape.n)
		outline = append(outline, vg.Point{X: at.X + vg.Length(shape.size*math.Cos(angle)), Y: at.Y + vg.Length(shape.size*math.Sin(angle))})
	}
	fill := ink
	if mark/len(corners)%2 == 1 {
		fill = white
	}
	c.FillPolygon(fill, outline)
	c.StrokeLines(line(ink, 1.4), append(outline, outline[:2]...))
}
