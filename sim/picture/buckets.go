package picture

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"kadmium/sim/report"
)

// The looks of contacts. Contacts that are down are drawn above live ones, replacements
// beside them, narrower.
var (
	liveLook    = look{fill: blue}
	deadLook    = look{fill: vermilion, striped: true}
	waitingLook = look{fill: pale(grey), outline: grey, width: .75}
)

// bucketsPage draws the occupancy of the buckets of routing tables.
func bucketsPage(r *report.Report) *page {
	var drawn bars
	first, last, highest := math.Inf(1), math.Inf(-1), float64(r.Config.K)
	dead := slices.ContainsFunc(r.Buckets, func(b report.Bucket) bool { return b.Dead > 0 })
	waiting := slices.ContainsFunc(r.Buckets, func(b report.Bucket) bool { return b.Waiting > 0 })
	from, to := -.35, .35 // around the tick
	if waiting {
		from, to = -.39, .12
	}
	for _, b := range r.Buckets {
		if b.Contacts <= 0 && b.Waiting <= 0 {
			continue
		}
		at, live := float64(b.Prefix), b.Contacts-b.Dead
		drawn = append(drawn, bar{at + from, at + to, 0, live, liveLook})
		if b.Dead > 0 {
			drawn = append(drawn, bar{at + from, at + to, live, b.Contacts, deadLook})
		}
		if b.Waiting > 0 {
			drawn = append(drawn, bar{at + .19, at + .39, 0, b.Waiting, waitingLook})
		}
		first, last = math.Min(first, at), math.Max(last, at)
		highest = math.Max(highest, math.Max(b.Contacts, b.Waiting))
	}
	if len(drawn) == 0 {
		return nil
	}
	axes := panel("contacts, on average")
	axes.X.Min, axes.X.Max = first-.7, last+.7
	axes.X.Tick.Marker = steps{round: decimal, wanted: 30, label: whole}
	axes.Y.Min, axes.Y.Max = 0, highest*1.06
	axes.Y.Tick.Marker = steps{round: decimal, wanted: 8}
	k := float64(r.Config.K)
	full := curve{plotter.XYs{{X: axes.X.Min, Y: k}, {X: axes.X.Max, Y: k}}, line(black, 1)}
	full.style.Dashes = []vg.Length{4, 3}
	axes.Add(drawn, full)

	p := &page{file: "buckets", title: "Occupancy of the buckets of routing tables", panels: []*plot.Plot{axes}}
	p.xLabel = "common prefix of a bucket's contacts with the table's owner (bits)"
	p.legend = []entry{{liveLook, "live contacts"}}
	if dead {
		p.legend = append(p.legend, entry{deadLook, "contacts that are down"})
	}
	if waiting {
		p.legend = append(p.legend, entry{waitingLook, "waiting to replace one"})
	}
	p.legend = append(p.legend, entry{full, fmt.Sprintf("full (k = %d)", r.Config.K)})
	return p
}
