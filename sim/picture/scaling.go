package picture

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"kadmium/sim/report"
)

// A measured has the hops of a network of one size.
type measured struct{ nodes, mean, sd float64 }

// scalingPage draws mean hops against the number of nodes, if there are several sizes. On a
// logarithmic axis they are a line (Kademlia, section 3).
func scalingPage(reports []*report.Report) *page {
	var points []measured
	least, most := math.Inf(1), 0.0
	for _, r := range reports {
		if r.Hops.N() > 0 && r.Config.Nodes > 0 {
			n := float64(r.Config.Nodes)
			points = append(points, measured{n, r.Hops.Mean, r.Hops.SD})
			least, most = math.Min(least, n), math.Max(most, n)
		}
	}
	if least >= most {
		return nil
	}
	axes := panel("hops of a lookup")
	around := math.Pow(most/least, .06) // a share of the axis, which is logarithmic
	axes.X.Min, axes.X.Max = least/around, most*around
	axes.X.Scale = plot.LogScale{}
	axes.X.Tick.Marker = magnitudes{}
	axes.Y.Min, axes.Y.Max = 0, 1
	for _, m := range points {
		axes.Y.Max = math.Max(axes.Y.Max, 1.08*(m.mean+m.sd))
	}
	axes.Y.Tick.Marker = steps{round: decimal, wanted: 8}

	a, b := fitted(points)
	at := func(n float64) plotter.XY { return plotter.XY{X: n, Y: a + b*math.Log10(n)} }
	fit := curve{plotter.XYs{at(axes.X.Min), at(axes.X.Max)}, line(vermilion, 1.5)}
	marks := means(points)
	axes.Add(fit, marks)

	p := &page{file: "hops-by-nodes", title: "Mean hops of a lookup against the number of nodes", panels: []*plot.Plot{axes}, xLabel: "nodes (logarithmic)"}
	if line := sharedBut(reports); line != "" {
		p.lines = []string{line}
	}
	if math.Abs(a) < .005 {
		a = 0 // not -0
	}
	sign := "+"
	if b < 0 {
		sign = "-"
	}
	p.legend = []entry{
		{marks, "mean, and one standard deviation of the lookups each way"},
		{fit, fmt.Sprintf("hops = %.2f %s %.2f log10 n", a, sign, math.Abs(b))},
	}
	return p
}

// sharedBut is the settings that the reports share, with the number of lookups of each if
// that is the same.
func sharedBut(reports []*report.Report) string {
	_, shared := names(reports)
	for _, r := range reports {
		if r.Lookups != reports[0].Lookups {
			return shared
		}
	}
	lookups := report.GroupedCount(reports[0].Lookups, "lookup") + " each"
	if shared == "" {
		return lookups
	}
	return lookups + ", " + shared
}

// fitted is the least-squares line hops = a + b log10 n.
func fitted(points []measured) (a, b float64) {
	var meanX, meanY, xx, xy float64
	n := float64(len(points))
	for _, m := range points {
		meanX += math.Log10(m.nodes) / n
		meanY += m.mean / n
	}
	for _, m := range points {
		dx := math.Log10(m.nodes) - meanX
		xx += dx * dx
		xy += dx * (m.mean - meanY)
	}
	b = xy / xx // not 0: there are several numbers of nodes
	return meanY - b*meanX, b
}

// means draws each mean as a point and its standard deviation as an error bar.
type means []measured

const (
	pointRadius = 3.5
	capWidth    = 9
)

// Plot implements plot.Plotter.
func (ms means) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, m := range ms {
		low := math.Max(m.mean-m.sd, p.Y.Min) // hops are not negative
		ms.mark(&c, x(m.nodes), y(low), y(m.mean), y(m.mean+m.sd))
	}
}

func (means) mark(c *draw.Canvas, x, low, mean, high vg.Length) {
	style := line(blue, 1.25)
	c.StrokeLine2(style, x, low, x, high)
	c.StrokeLine2(style, x-capWidth/2, low, x+capWidth/2, low)
	c.StrokeLine2(style, x-capWidth/2, high, x+capWidth/2, high)
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: blue, Radius: pointRadius, Shape: draw.CircleGlyph{}}, vg.Point{X: x, Y: mean})
}

// Thumbnail implements plot.Thumbnailer.
func (ms means) Thumbnail(c *draw.Canvas) {
	ms.mark(c, c.Center().X, c.Min.Y-2, c.Center().Y, c.Max.Y+2)
}
