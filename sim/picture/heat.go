package picture

import (
	"cmp"
	"image/color"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// heatPanels draws the panels of a heat map.
func heatPanels(p *page, c *sweep.Chart) {
	width := panelWidth(gridColumns(len(c.Panels.Values)))
	h := heat{chart: c, low: math.Inf(1), high: math.Inf(-1)}
	for _, point := range c.Points {
		h.low, h.high = math.Min(h.low, point.Mean), math.Max(h.high, point.Mean)
	}
	h.log = manyTimes(h.low, h.high)
	columns, rows := len(c.Xs.Values), len(c.Lines.Values)
	h.write = figuresOf(c, width/vg.Length(columns)-2*cellGap-cellMargin)
	for i := range c.Panels.Values {
		drawn := axes(axisText(&c.Lines))
		drawn.X.Min, drawn.X.Max = -.5, float64(columns)-.5
		drawn.Y.Min, drawn.Y.Max = -.5, float64(rows)-.5
		drawn.X.Tick.Length, drawn.Y.Tick.Length = 0, 0
		drawn.X.Tick.Marker = valueTicks{inARow(columns), labelsOf(&c.Xs), width, plot.LinearScale{}}
		drawn.Y.Tick.Marker = named(labelsOf(&c.Lines))
		of := h
		of.panel = i
		drawn.Add(of)
		p.panels = append(p.panels, drawn)
	}
	p.xLabel = axisText(&c.Xs)
	scale := h.write.mean(h.low) + " (palest) to " + h.write.mean(h.high) + " (darkest)"
	if h.log {
		scale += ", logarithmic"
	}
	p.legend = []entry{{gradient{}, scale}}
	if len(c.Points) < columns*rows*len(c.Panels.Values) {
		p.legend = append(p.legend, entry{look{fill: pale(grey), striped: true}, "not measured"})
	}
	p.least = max(leastPanels, vg.Length(24*rows+20))
}

func inARow(n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = float64(i)
	}
	return all
}

// named are ticks in a row, with names.
func named(labels []string) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for i, label := range labels {
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: label})
	}
	return ticks
}

const (
	cellGap    = .75 // around a cell
	cellMargin = 4   // of both sides of its figure together
	leastCell  = 8.5 // size of a figure that has little room
)

// A heat draws the cells of one panel.
type heat struct {
	chart     *sweep.Chart
	panel     int
	low, high float64 // of all panels
	log       bool
	write     figures
}

// share is the place of a value between the least and the greatest.
func (h heat) share(v float64) float64 {
	switch {
	case h.low == h.high:
		return 0
	case h.log:
		return math.Log(v/h.low) / math.Log(h.high/h.low)
	}
	return (v - h.low) / (h.high - h.low)
}

// Plot implements plot.Plotter.
func (h heat) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i := range h.chart.Xs.Values {
		for j := range h.chart.Lines.Values {
			cell := vg.Rectangle{
				Min: vg.Point{X: x(float64(i)-.5) + cellGap, Y: y(float64(j)-.5) + cellGap},
				Max: vg.Point{X: x(float64(i)+.5) - cellGap, Y: y(float64(j)+.5) - cellGap},
			}
			point, have := h.chart.Points[sweep.At{X: i, Line: j, Panel: h.panel}]
			if !have {
				look{fill: pale(grey), striped: true}.paint(&c, cell)
				continue
			}
			fill := deepening(h.share(point.Mean))
			look{fill: fill}.paint(&c, cell)
			h.write.cell(&c, cell, point, legible(fill))
		}
	}
}

// A figures writes the values of a heat map so that cells are told apart.
type figures struct {
	share  bool // in per cent
	digits int  // after the point, at least
}

// figuresOf has as many digits as tell values apart that differ by more than half of an
// interval and a hundredth of all, and as intervals have, if there is room for them.
func figuresOf(c *sweep.Chart, room vg.Length) figures {
	all := slices.SortedFunc(maps.Values(c.Points), func(a, b sweep.Point) int { return cmp.Compare(a.Mean, b.Mean) })
	f, spread, most := figures{share: isShare(c.Metric)}, all[len(all)-1].Mean-all[0].Mean, 0
	if f.share {
		spread *= f.unit()
		most = 2
		if slices.ContainsFunc(all, func(p sweep.Point) bool { return math.Abs(100*p.Mean-math.Round(100*p.Mean)) > 1e-9 }) {
			f.digits = 1
		}
	}
	if spread > 0 {
		most = min(6, max(most, int(math.Ceil(2-math.Log10(spread)))))
	}
	for f.digits < most && f.coarse(all) {
		more := figures{f.share, f.digits + 1}
		style := lettering(leastCell, black)
		if slices.ContainsFunc(all, func(p sweep.Point) bool { return style.Width(more.mean(p.Mean)) > room }) {
			break
		}
		f = more
	}
	return f
}

// coarse reports whether points in ascending order that differ look alike, or an interval
// is lost in rounding.
func (f figures) coarse(points []sweep.Point) bool {
	for i, b := range points {
		if half := f.unit() * (b.High - b.Mean); half > 0 && half < .5*math.Pow10(-f.digits) {
			return true
		}
		if i == 0 {
			continue
		}
		a := points[i-1]
		alike := f.mean(a.Mean) == f.mean(b.Mean)
		if unit := f.unit() * math.Pow10(f.digits); f.share { // as percent rounds, but for what it keeps below 100 %
			alike = math.Round(unit*a.Mean) == math.Round(unit*b.Mean)
		}
		if alike && b.Mean-a.Mean > min(a.High-a.Mean, b.High-b.Mean) {
			return true
		}
	}
	return false
}

// unit is how many of what is written a value of 1 is.
func (f figures) unit() float64 {
	if f.share {
		return 100
	}
	return 1
}

func (f figures) mean(v float64) string {
	if f.share {
		return percent(v, f.digits)
	}
	three := report.ThreeDigits(v)
	if _, fraction, _ := strings.Cut(three, "."); len(fraction) >= f.digits {
		return three
	}
	return report.Grouped(strconv.FormatFloat(v, 'f', f.digits, 64))
}

func (f figures) half(p sweep.Point) string {
	half := "±" + twoDigits(f.unit()*(p.High-p.Low)/2)
	if f.share {
		half += " %"
	}
	return half
}

// cell writes the value of a cell, with half of its interval below, if there is room.
func (f figures) cell(c *draw.Canvas, cell vg.Rectangle, point sweep.Point, ink color.RGBA) {
	middle := vg.Point{X: (cell.Min.X + cell.Max.X) / 2, Y: (cell.Min.Y + cell.Max.Y) / 2}
	wide, high := cell.Max.X-cell.Min.X-cellMargin, cell.Max.Y-cell.Min.Y-2
	style := func(size vg.Length) text.Style {
		s := lettering(size, ink)
		s.XAlign, s.YAlign = draw.XCenter, draw.YCenter
		return s
	}
	value, more := f.mean(point.Mean), ""
	if point.Band {
		more = f.half(point)
	}
	for _, size := range []vg.Length{tickSize, leastCell} {
		upper, lower := style(size), style(size-1)
		if upper.Width(value) > wide || size > high {
			continue
		}
		if more != "" && lower.Width(more) <= wide && 2*size+3 <= high {
			c.FillText(upper, vg.Point{X: middle.X, Y: middle.Y + size*.62}, value)
			c.FillText(lower, vg.Point{X: middle.X, Y: middle.Y - size*.62}, more)
		} else {
			c.FillText(upper, middle, value)
		}
		return
	}
}

// twoDigits writes a figure with two significant digits.
func twoDigits(v float64) string {
	if v <= 0 {
		return "0"
	}
	scale := math.Pow10(1 - int(math.Floor(math.Log10(v))))
	return report.Trimmed(math.Round(v*scale) / scale)
}

// legible is black or white, whichever contrasts more with what is behind.
func legible(behind color.RGBA) color.RGBA {
	linear := func(v uint8) float64 { return math.Pow(float64(v)/255, 2.2) }
	if .2126*linear(behind.R)+.7152*linear(behind.G)+.0722*linear(behind.B) > .2 {
		return black
	}
	return white
}

// A gradient is the colours of a heat map in the legend.
type gradient struct{}

// Thumbnail implements plot.Thumbnailer.
func (gradient) Thumbnail(c *draw.Canvas) {
	const parts = 12
	width := (c.Max.X - c.Min.X) / parts
	for i := range parts {
		from := c.Min.X + vg.Length(i)*width
		c.FillPolygon(deepening(float64(i)/(parts-1)), box(vg.Rectangle{Min: vg.Point{X: from, Y: c.Min.Y}, Max: c.Max}))
	}
}
