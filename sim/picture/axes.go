package picture

import (
	"image/color"
	"math"
	"strconv"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"kadmium/sim/report"
)

const (
	regular = xfont.WeightNormal
	bold    = xfont.WeightBold
)

// panel is an empty plot in the style of all pictures. It has no label on the x axis: the
// page writes that, because plot reserves the wrong room for it on a logarithmic axis.
func panel(yLabel string) *plot.Plot {
	p := axes(yLabel)
	p.Add(grid{})
	return p
}

// axes is a panel without a grid.
func axes(yLabel string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil // the page's
	p.Y.Label.Text = yLabel
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		label := lettering(textSize, inkSoft)
		label.XAlign, label.YAlign = draw.XCenter, draw.YBottom
		axis.Label.TextStyle, axis.Label.Padding = label, 4
		axis.Tick.Label.Font = lettering(tickSize, inkSoft).Font
		axis.Tick.Label.Color = inkSoft
		axis.Tick.Label.Handler = label.Handler
		axis.LineStyle = line(rule, .75)
		axis.Tick.LineStyle = line(rule, .75)
		axis.Tick.Length = 4
		axis.Padding = 0
	}
	return p
}

// line is the style of a solid line.
func line(ink color.Color, width vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: ink, Width: width}
}

// A grid draws a faint line at each labelled tick of the y axis, or of the x axis.
type grid struct{ upright bool }

// Plot implements plot.Plotter.
func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	if g.upright {
		for _, t := range labels(p.X.Tick.Marker).Ticks(p.X.Min, p.X.Max) {
			if !t.IsMinor() && t.Value >= p.X.Min && t.Value <= p.X.Max {
				c.StrokeLine2(line(gridded, .75), x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
			}
		}
		return
	}
	for _, t := range labels(p.Y.Tick.Marker).Ticks(p.Y.Min, p.Y.Max) {
		if !t.IsMinor() && t.Value >= p.Y.Min && t.Value <= p.Y.Max {
			c.StrokeLine2(line(gridded, .75), c.Min.X, y(t.Value), c.Max.X, y(t.Value))
		}
	}
}

// labels are ticks with the labels that another panel has for them.
func labels(t plot.Ticker) plot.Ticker {
	if u, ok := t.(unlabelled); ok {
		return u.Ticker
	}
	return t
}

// A curve is a line through points, clipped to the panel.
type curve struct {
	points plotter.XYs
	style  draw.LineStyle
}

// Plot implements plot.Plotter.
func (v curve) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	points := make([]vg.Point, len(v.points))
	for i, at := range v.points {
		points[i] = vg.Point{X: x(at.X), Y: y(at.Y)}
	}
	c.StrokeLines(v.style, c.ClipLinesXY(points)...)
}

// Thumbnail implements plot.Thumbnailer.
func (v curve) Thumbnail(c *draw.Canvas) {
	c.StrokeLine2(v.style, c.Min.X, c.Center().Y, c.Max.X, c.Center().Y)
}

// steps are ticks at multiples of a step. The step is the smallest of the round ones that
// gives no more ticks than wanted.
type steps struct {
	round  []float64 // ascending; larger ones are these times powers of ten
	wanted int
	label  func(step float64) func(float64) string // nil: decimals, of steps below one too
}

// The round steps of numbers, of counts, of hours, and of minutes and seconds.
var (
	decimal     = []float64{1, 2, 5}
	ofHours     = []float64{.25, .5, 1, 2, 3, 6, 12, 24, 48, 120, 240}
	ofSixtieths = []float64{.25, .5, 1, 2, 5, 10, 15, 30, 60, 120}
)

// Ticks implements plot.Ticker.
func (s steps) Ticks(low, high float64) []plot.Tick {
	if high <= low {
		return nil // an empty range has no ticks
	}
	step := s.step(high - low)
	write := s.label
	if write == nil {
		write = decimals
	}
	label := write(step)
	var ticks []plot.Tick
	for i := math.Ceil(low/step - 1e-9); i*step <= high+step*1e-9; i++ {
		v := i * step
		if v == 0 {
			v = 0 // not -0
		}
		ticks = append(ticks, plot.Tick{Value: v, Label: label(v)})
	}
	return ticks
}

// step is the distance between two ticks of a range.
func (s steps) step(span float64) float64 {
	scale := 1.0
	if s.round[0] == 1 && s.label == nil { // numbers may need steps below one
		scale = math.Pow10(int(math.Floor(math.Log10(span))) - 2)
	}
	for ; ; scale *= 10 {
		for _, r := range s.round {
			if span/(r*scale) <= float64(s.wanted) {
				return r * scale
			}
		}
	}
}

// decimals writes multiples of a step with no more decimals than they need.
func decimals(step float64) func(float64) string {
	digits := digitsOf(step)
	return func(v float64) string {
		if v == 0 {
			return "0"
		}
		return report.Grouped(strconv.FormatFloat(v, 'f', digits, 64))
	}
}

// digitsOf is how many decimals multiples of a step need.
func digitsOf(step float64) int {
	digits := 0
	for s := step; digits < 6 && math.Abs(s-math.Round(s)) > 1e-6; s *= 10 {
		digits++
	}
	return digits
}

// whole writes a count.
func whole(float64) func(float64) string {
	return func(v float64) string { return report.Grouped(strconv.FormatFloat(v, 'f', 0, 64)) }
}

// percents writes shares that are multiples of a step, all with as many decimals.
func percents(step float64) func(float64) string {
	digits := digitsOf(100 * step)
	return func(v float64) string { return percent(v, digits) }
}

// percent writes a share. Only all is 100 %.
func percent(v float64, digits int) string {
	unit := math.Pow10(digits)
	in := math.Round(100*v*unit) / unit
	if v < 1-1e-9 && in >= 100 {
		in = 100 - 1/unit
	}
	return strconv.FormatFloat(in, 'f', digits, 64) + " %"
}

// fromZero reports whether an axis that shows values from low to high begins at 0 (design
// R11.4).
func fromZero(low, high float64) bool { return low <= high/2 }

// magnitudes are the ticks of a logarithmic axis. They are labelled at powers of ten, in a
// short range also at 2 and 5 times a power of ten.
type magnitudes struct{}

// Ticks implements plot.Ticker.
func (magnitudes) Ticks(low, high float64) []plot.Tick {
	few := math.Log10(high/low) < 2.5
	var ticks []plot.Tick
	for exponent := math.Floor(math.Log10(low)); exponent <= math.Log10(high); exponent++ {
		unit := math.Pow(10, exponent)
		for i := 1.0; i < 10; i++ {
			v := i * unit
			if v < low*(1-1e-9) || v > high*(1+1e-9) {
				continue
			}
			t := plot.Tick{Value: v}
			if i == 1 || few && (i == 2 || i == 5) {
				t.Label = decimals(unit)(v)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}
