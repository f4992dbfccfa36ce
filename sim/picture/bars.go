package picture

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A look says how a bar is filled, striped if it differs from others in its hue only, and,
// unless the width is 0, outlined.
type look struct {
	fill    color.RGBA
	outline color.RGBA
	width   vg.Length
	striped bool
}

// paint fills a rectangle. The outline is inside of it, so that neighbours do not touch.
func (l look) paint(c *draw.Canvas, r vg.Rectangle) {
	c.FillPolygon(l.fill, box(r))
	if l.striped {
		stripes(c, r)
	}
	if l.width == 0 {
		return
	}
	half := l.width / 2
	inside := vg.Rectangle{Min: vg.Point{X: r.Min.X + half, Y: r.Min.Y + half}, Max: vg.Point{X: r.Max.X - half, Y: r.Max.Y - half}}
	corners := box(inside)
	c.StrokeLines(line(l.outline, l.width), append(corners, corners[:2]...)) // beyond the first corner, to close the outline
}

// stripes draws white lines over a rectangle, which rise to the right.
func stripes(c *draw.Canvas, r vg.Rectangle) {
	const apart, width = 4.5, 1.4
	high, wide := r.Max.Y-r.Min.Y, r.Max.X-r.Min.X
	for from := apart/2 - high; from < wide; from += apart { // where the line would begin
		start, end := max(from, 0), min(from+high, wide)
		if end > start {
			c.StrokeLine2(line(white, width), r.Min.X+start, r.Min.Y+start-from, r.Min.X+end, r.Min.Y+end-from)
		}
	}
}

// Thumbnail implements plot.Thumbnailer.
func (l look) Thumbnail(c *draw.Canvas) { l.paint(c, c.Rectangle) }

// A bar is a rectangle in the units of the axes.
type bar struct {
	left, right, low, high float64
	look
}

// bars are drawn in their order.
type bars []bar

// Plot implements plot.Plotter.
func (bs bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, b := range bs {
		b.paint(&c, vg.Rectangle{Min: vg.Point{X: x(b.left), Y: y(b.low)}, Max: vg.Point{X: x(b.right), Y: y(b.high)}})
	}
}
