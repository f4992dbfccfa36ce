package picture

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"kadmium/sim/report"
)

// A Beside describes a picture that compares two systems.
type Beside struct {
	Title   string
	Lines   []string // that say what was measured
	Systems [2]string
}

// The colours of the systems, and the widths of their curves. Where two curves coincide,
// the first shows on both sides of the second.
var (
	inks   = [2]color.RGBA{vermilion, blue}
	widths = [2]vg.Length{4.5, 1.75}
)

// Curves is a panel of cumulative distributions.
type Curves struct {
	Label  string       // of the y axis
	Values [2][]float64 // of each system; empty: no curve
}

// DrawCurves draws panels below one another into a PNG file. They share the x axis, which
// is logarithmic if the values differ much.
func (b Beside) DrawCurves(path, xLabel string, panels []Curves) error {
	p := &page{title: b.Title, lines: b.Lines, xLabel: xLabel, least: vg.Length(max(leastPanels, 210*len(panels)))}
	low, high, least, counts := math.Inf(1), math.Inf(-1), math.Inf(1), true
	for _, c := range panels {
		drawn := panel(c.Label)
		drawn.Y.Min, drawn.Y.Max = 0, 1
		drawn.Y.Tick.Marker = steps{round: []float64{.2}, wanted: 5, label: percents}
		for i, values := range c.Values {
			if len(values) == 0 {
				continue
			}
			d := report.NewDistribution(slices.Clone(values))
			for _, v := range values {
				low, high = math.Min(low, v), math.Max(high, v)
				counts = counts && v == math.Trunc(v)
				if v > 0 {
					least = math.Min(least, v)
				}
			}
			drawn.Add(cumulative{&d, inks[i], widths[i]})
		}
		p.panels = append(p.panels, drawn)
	}
	for i, drawn := range p.panels {
		x := &drawn.X
		switch {
		case counts: // room before the first step and after the last
			x.Min, x.Max = low-.5, high+.5
			x.Tick.Marker = steps{round: decimal, wanted: 16, label: whole}
		case high/least > spansMuch:
			x.Min, x.Max, x.Scale = least/1.15, high*1.15, fromLeast{}
			x.Tick.Marker = magnitudes{}
		default:
			x.Min, x.Max = 0, high*1.03
			x.Tick.Marker = steps{round: decimal, wanted: 10}
		}
		if i+1 < len(p.panels) {
			x.Tick.Marker = unlabelled{x.Tick.Marker}
		}
	}
	if !counts && high/least > spansMuch {
		p.xLabel += ", on a logarithmic axis"
	}
	for i, name := range b.Systems {
		p.legend = append(p.legend, entry{cumulative{ink: inks[i], width: widths[i]}, name})
	}
	return p.writePNG(path)
}

// spansMuch is the ratio of the greatest to the least value above which the axis is
// logarithmic: on a linear one the small values would be crowded at the edge.
const spansMuch = 15

// Bars is a panel of horizontal bars, with one for each system in every group.
type Bars struct {
	Label  string // of the x axis
	Groups []BarGroup
}

// A BarGroup has one value of each system. NaN is not drawn.
type BarGroup struct {
	Name   string
	Values [2]float64
}

// DrawBars draws panels below one another into a PNG file. Each has its own x axis.
func (b Beside) DrawBars(path string, panels []Bars) error {
	p := &page{title: b.Title, lines: b.Lines}
	for i, of := range panels {
		drawn := axes("")
		drawn.Add(grid{upright: true})
		drawn.X.Min, drawn.X.Max = 0, 0
		var names plot.ConstantTicks
		for at, g := range of.Groups {
			middle := -float64(at)
			names = append(names, plot.Tick{Value: middle, Label: g.Name})
			for system, v := range g.Values {
				if math.IsNaN(v) {
					continue
				}
				upper := middle + .38 - .38*float64(system)
				drawn.Add(bars{{0, v, upper - .34, upper, look{fill: inks[system]}}}, figure{v, upper - .17})
				drawn.X.Max = math.Max(drawn.X.Max, v*1.12) // room for the figure after the bar
			}
		}
		if drawn.X.Max == 0 {
			drawn.X.Max = 1
		}
		drawn.X.Tick.Marker = steps{round: decimal, wanted: 8}
		drawn.Y.Min, drawn.Y.Max = .5-float64(len(of.Groups)), .5
		drawn.Y.Tick.Marker, drawn.Y.Tick.Length = names, 0
		if i+1 < len(panels) {
			drawn.X.Label.Text = of.Label
		} else {
			p.xLabel = of.Label
		}
		p.panels = append(p.panels, drawn)
		p.least += vg.Length(50 + 46*len(of.Groups))
	}
	for i, name := range b.Systems {
		p.legend = append(p.legend, entry{look{fill: inks[i]}, name})
	}
	return p.writePNG(path)
}

// A figure is a value written after the end of its bar.
type figure struct{ value, height float64 }

// Plot implements plot.Plotter.
func (f figure) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := lettering(tickSize, inkSoft)
	style.YAlign = draw.YCenter
	c.FillText(style, vg.Point{X: x(f.value) + 4, Y: y(f.height)}, report.Trimmed(f.value))
}

func (p *page) writePNG(path string) error {
	data, err := png(p)
	if err == nil {
		err = replace(path, data)
	}
	if err != nil {
		return fmt.Errorf("draw %s: %w", path, err)
	}
	return nil
}
