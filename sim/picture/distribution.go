package picture

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"kadmium/sim/report"
)

// hopsPage, rpcsPage and latencyPage draw the hops, requests and times of lookups as
// cumulative distributions.
func hopsPage(reports []*report.Report) *page {
	p := distributions(reports, "Hops of a lookup", "lookups with no more hops", "", func(r *report.Report) *report.Distribution { return &r.Hops })
	if p != nil {
		p.file, p.xLabel = "hops", "hops"
		x := &p.panels[0].X
		x.Min, x.Max = x.Min-.5, x.Max+.5 // room before the first step and after the last
		x.Tick.Marker = steps{round: decimal, wanted: 16, label: whole}
	}
	return p
}

func rpcsPage(reports []*report.Report) *page {
	p := distributions(reports, "Requests of a lookup", "lookups with no more requests", "", func(r *report.Report) *report.Distribution { return &r.RPCs })
	if p != nil {
		p.file, p.xLabel = "rpcs", "requests"
		x := &p.panels[0].X
		x.Min, x.Max = 0, math.Max(1, x.Max*1.03)
		x.Tick.Marker = steps{round: decimal, wanted: 12, label: whole}
	}
	return p
}

func latencyPage(reports []*report.Report) *page {
	p := distributions(reports, "Latency of a lookup", "lookups that took no longer", " ms", func(r *report.Report) *report.Distribution { return &r.LatencyMS })
	if p == nil {
		return nil
	}
	p.file, p.xLabel = "latency", "latency (ms)"
	x := &p.panels[0].X
	if least := leastPositive(reports); least > 0 && x.Max/least > 100 {
		p.xLabel = "latency (ms, logarithmic)"
		x.Min, x.Max = least/1.15, x.Max*1.15
		x.Scale = fromLeast{}
		x.Tick.Marker = magnitudes{}
		return p
	}
	x.Min, x.Max = 0, x.Max*1.03
	if x.Max == 0 {
		x.Max = 1
	}
	x.Tick.Marker = steps{round: decimal, wanted: 10}
	return p
}

// leastPositive is the least latency above 0, where a logarithmic axis can begin.
func leastPositive(reports []*report.Report) float64 {
	least := 0.0
	for _, r := range reports {
		for _, b := range r.LatencyMS.Histogram {
			if b.Value > 0 && (least == 0 || b.Value < least) {
				least = b.Value
			}
		}
	}
	return least
}

// fromLeast is a logarithmic scale that puts values below its least at the left edge, so
// that the curve counts lookups that took no time.
type fromLeast struct{}

// Normalize implements plot.Normalizer.
func (fromLeast) Normalize(low, high, v float64) float64 {
	return plot.LogScale{}.Normalize(low, high, math.Max(v, low))
}

// distributions draws one curve a report. Its x axis has the range of the data.
func distributions(reports []*report.Report, title, yLabel, unit string, of func(*report.Report) *report.Distribution) *page {
	all, shared := names(reports)
	p := &page{title: title, lines: []string{shared}, panels: []*plot.Plot{panel(yLabel)}}
	axes := p.panels[0]
	axes.X.Min, axes.X.Max = math.Inf(1), math.Inf(-1)
	drawn := 0
	for i, r := range reports {
		d := of(r)
		if d.N() == 0 {
			continue
		}
		drawn++
		axes.X.Min = math.Min(axes.X.Min, d.Histogram[0].Value)
		axes.X.Max = math.Max(axes.X.Max, d.Histogram[len(d.Histogram)-1].Value)
		c := cumulative{d, graded(i, len(reports)), 2}
		axes.Add(c)
		if len(reports) > 1 {
			p.legend = append(p.legend, entry{c, fmt.Sprintf("%s: mean %s%s", all[i], report.ThreeDigits(d.Mean), unit)})
		} else {
			p.lines = append(p.lines, fmt.Sprintf("%s: mean %s, median %s, 95th percentile %s, greatest %s%s",
				report.GroupedCount(d.N(), "lookup"), report.ThreeDigits(d.Mean), report.Trimmed(d.P50), report.Trimmed(d.P95), report.Trimmed(d.Max), unit))
		}
	}
	if drawn == 0 {
		return nil
	}
	axes.Y.Min, axes.Y.Max = 0, 1
	axes.Y.Tick.Marker = steps{round: []float64{.2}, wanted: 5, label: percents}
	return p
}

// A cumulative draws a cumulative distribution. It reaches over the whole width of the
// panel, so its points are computed when it is drawn, after the axes are set.
type cumulative struct {
	of    *report.Distribution
	ink   color.RGBA
	width vg.Length
}

func (v cumulative) style() draw.LineStyle { return line(v.ink, v.width) }

// Plot implements plot.Plotter.
func (v cumulative) Plot(c draw.Canvas, p *plot.Plot) {
	share, seen, n := 0.0, 0, float64(v.of.N())
	points := plotter.XYs{{X: p.X.Min}}
	for _, b := range v.of.Histogram {
		points = append(points, plotter.XY{X: b.Value, Y: share})
		seen += b.Count
		share = float64(seen) / n
		points = append(points, plotter.XY{X: b.Value, Y: share})
	}
	points = append(points, plotter.XY{X: p.X.Max, Y: share})
	curve{points, v.style()}.Plot(c, p)
}

// Thumbnail implements plot.Thumbnailer.
func (v cumulative) Thumbnail(c *draw.Canvas) { curve{style: v.style()}.Thumbnail(c) }
