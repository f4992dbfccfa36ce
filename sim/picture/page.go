package picture

import (
	"image/color"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The dimensions of a page, in points: 720 by 450 are 960 by 600 pixels.
const (
	pageWidth  = 720
	pageHeight = 450 // at least
	margin     = 15
	lineHeight = 1.35 // of a font's size

	titleSize = 15
	textSize  = 11.5
	tickSize  = 10.5

	legendMark = 24 // width of an entry's mark
	legendGap  = 6  // between a mark and its text
	legendNext = 20 // between entries
	legendRow  = textSize * 1.45

	aboveLegend = 5
	abovePanels = 6  // the uppermost tick label reaches above its axis
	belowPanels = 20 // for the x axis' label
	leastPanels = 300
)

// A page is one picture: a title, lines that say what was measured, a legend, and below
// them panels that share the x axis. The legend is above the panels, because within them
// it would hide data.
type page struct {
	file   string // name, without extension
	title  string
	lines  []string
	legend []entry
	panels []*plot.Plot // from top to bottom
	xLabel string
	least  vg.Length // height of the panels together with the x axis; 0: leastPanels
	grid   gridOfPanels
}

// A gridOfPanels says that panels stand beside one another, row by row, each with a caption
// above it. The zero value is one column without captions.
type gridOfPanels struct {
	columns  int
	captions []string
}

const captionHeight = 19

// An entry of a legend is a mark and its meaning. An entry without a mark continues the
// entry before.
type entry struct {
	mark plot.Thumbnailer
	text string
}

// size is the width and height of the page. It grows with the heading and the legend, so
// that the panels do not get too small.
func (p *page) size() (w, h vg.Length) {
	least := p.least
	if least == 0 {
		least = leastPanels
	}
	lines, rows := len(p.heading()), len(p.legendRows())
	head := titleSize*lineHeight + vg.Length(lines-1)*textSize*lineHeight + vg.Length(rows)*legendRow
	if p.grid.columns > 0 {
		head += captionHeight
	}
	return pageWidth, max(pageHeight, head+least+aboveLegend+abovePanels+belowPanels+2*margin)
}

// draw draws the page on a canvas of its size.
func (p *page) draw(canvas vg.CanvasSizer) {
	c := draw.New(canvas)
	c.FillPolygon(white, box(c.Rectangle))
	c = draw.Crop(c, margin, -margin, margin, -margin)
	for _, line := range p.heading() {
		c.FillText(line.style, vg.Point{X: c.Min.X, Y: c.Max.Y}, line.text)
		c.Max.Y -= line.style.Font.Size * lineHeight
	}
	c.Max.Y -= aboveLegend
	for _, row := range p.legendRows() {
		x := c.Min.X
		for _, e := range row.entries {
			e.draw(&c, x, c.Max.Y-legendRow/2)
			x += max(row.column, e.width())
		}
		c.Max.Y -= legendRow
	}
	c.Max.Y -= abovePanels

	middle := p.drawPanels(draw.Crop(c, 0, 0, belowPanels, 0))
	label := lettering(textSize, inkSoft)
	label.XAlign, label.YAlign = draw.XCenter, draw.YTop
	c.FillText(label, vg.Point{X: middle, Y: c.Min.Y + belowPanels - 3}, p.xLabel)
}

// drawPanels draws the panels, and returns the middle of the data of all columns.
func (p *page) drawPanels(c draw.Canvas) (middle vg.Length) {
	columns, between := max(1, p.grid.columns), vg.Length(14)
	if p.grid.columns > 0 {
		c.Max.Y -= captionHeight
		between += captionHeight
	}
	rows := make([][]*plot.Plot, 0, len(p.panels))
	for row := range slices.Chunk(p.panels, columns) {
		rows = append(rows, append(row[:len(row):len(row)], make([]*plot.Plot, columns-len(row))...))
	}
	tiles := draw.Tiles{Cols: columns, Rows: len(rows), PadX: 18, PadY: between}
	caption := lettering(textSize, black)
	caption.YAlign = draw.YBottom
	left, right := c.Max.X, c.Min.X
	for i, row := range plot.Align(rows, tiles, c) {
		for j, canvas := range row {
			drawn := rows[i][j]
			if drawn == nil {
				continue
			}
			drawn.Draw(canvas)
			data := drawn.DataCanvas(canvas)
			left, right = min(left, data.Min.X), max(right, data.Max.X)
			if p.grid.columns > 0 {
				c.FillText(caption, vg.Point{X: data.Min.X, Y: data.Max.Y + 5}, p.grid.captions[i*columns+j])
			}
		}
	}
	return (left + right) / 2
}

// A headline is a line above the panels.
type headline struct {
	text  string
	style text.Style
}

// heading is the title and the lines, wrapped to the width of the page.
func (p *page) heading() []headline {
	var all []headline
	add := func(style text.Style, whole string) {
		style.YAlign = draw.YTop
		for _, line := range wrapped(style, whole, pageWidth-2*margin) {
			all = append(all, headline{line, style})
		}
	}
	title := lettering(titleSize, black)
	title.Font.Weight = bold
	add(title, p.title)
	for _, line := range p.lines {
		add(lettering(textSize, inkSoft), line)
	}
	return all
}

// A legendLine is a row of a legend. The entries of several rows are in columns.
type legendLine struct {
	entries []entry
	column  vg.Length // width, or 0
}

// legendRows is the legend, wrapped to the width of the page.
func (p *page) legendRows() []legendLine {
	const room = pageWidth - 2*margin + legendNext // the last entry of a row needs no gap
	var entries []entry
	var all, widest vg.Length
	for _, e := range p.legend {
		all += e.width()
		widest = max(widest, e.width())
		for i, line := range wrapped(lettering(textSize, inkSoft), e.text, room-legendMark-legendGap-legendNext) {
			if i > 0 {
				e.mark = nil
			}
			entries = append(entries, entry{e.mark, line})
		}
	}
	switch {
	case len(entries) == 0:
		return nil
	case all <= room:
		return []legendLine{{entries: entries}}
	}
	columns := max(1, int(room/widest))
	var rows []legendLine
	for row := range slices.Chunk(entries, columns) {
		rows = append(rows, legendLine{row, room / vg.Length(columns)})
	}
	return rows
}

// width is the width of the entry with the gap to the next.
func (e entry) width() vg.Length {
	style := lettering(textSize, inkSoft)
	return legendMark + legendGap + style.Width(e.text) + legendNext
}

// draw draws the entry from x on, centered at a height.
func (e entry) draw(c *draw.Canvas, x, middle vg.Length) {
	style := lettering(textSize, inkSoft)
	style.YAlign = draw.YCenter
	mark := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{ // centered like lower-case letters
		Min: vg.Point{X: x, Y: middle - textSize*.42}, Max: vg.Point{X: x + legendMark, Y: middle + textSize*.30},
	}}
	if e.mark != nil {
		e.mark.Thumbnail(&mark)
	}
	c.FillText(style, vg.Point{X: x + legendMark + legendGap, Y: middle}, e.text)
}

// lettering is the style of a text.
func lettering(size vg.Length, ink color.Color) text.Style {
	return text.Style{
		Color:   ink,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		Handler: text.Plain{Fonts: font.DefaultCache},
	}
}

// wrapped breaks a text between words into lines of at most the given width.
func wrapped(style text.Style, all string, width vg.Length) []string {
	var lines []string
	line := ""
	for _, word := range strings.Split(all, " ") {
		switch longer := line + " " + word; {
		case line == "":
			line = word
		case style.Width(longer) <= width:
			line = longer
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// box is a rectangle as a polygon.
func box(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}
