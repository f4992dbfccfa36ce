package picture

import (
	"image/color"
	"math"

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
	scale := report.Trimmed(h.low) + " (palest) to " + report.Trimmed(h.high) + " (darkest)"
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

// A heat draws the cells of one panel.
type heat struct {
	chart     *sweep.Chart
	panel     int
	low, high float64 // of all panels
	log       bool
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
			const gap = .75
			cell := vg.Rectangle{
				Min: vg.Point{X: x(float64(i)-.5) + gap, Y: y(float64(j)-.5) + gap},
				Max: vg.Point{X: x(float64(i)+.5) - gap, Y: y(float64(j)+.5) - gap},
			}
			point, have := h.chart.Points[sweep.At{X: i, Line: j, Panel: h.panel}]
			if !have {
				look{fill: pale(grey), striped: true}.paint(&c, cell)
				continue
			}
			fill := deepening(h.share(point.Mean))
			look{fill: fill}.paint(&c, cell)
			writeCell(&c, cell, point, legible(fill))
		}
	}
}

// writeCell writes the value of a cell, with half of its interval below, if there is room.
func writeCell(c *draw.Canvas, cell vg.Rectangle, point sweep.Point, ink color.RGBA) {
	middle := vg.Point{X: (cell.Min.X + cell.Max.X) / 2, Y: (cell.Min.Y + cell.Max.Y) / 2}
	wide, high := cell.Max.X-cell.Min.X-4, cell.Max.Y-cell.Min.Y-2
	style := func(size vg.Length) text.Style {
		s := lettering(size, ink)
		s.XAlign, s.YAlign = draw.XCenter, draw.YCenter
		return s
	}
	value, more := report.ThreeDigits(point.Mean), ""
	if point.Band {
		more = "±" + twoDigits((point.High-point.Low)/2)
	}
	for _, size := range []vg.Length{tickSize, 8.5} {
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
