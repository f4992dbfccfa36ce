package report

import (
	"fmt"
	"math"
	"path/filepath"

	"kadmium/sim/picture"
	"kadmium/sim/report"
)

// A drawing is one picture, with curves of series or bars of costs.
type drawing struct {
	name, title string
	xLabel      string
	curves      []curves
	bars        []picture.Bars
}

// curves are those of one operation.
type curves struct{ label, operation, metric string }

// file is the name of the picture's file.
func (d drawing) file() string { return Name + "-" + d.name + ".png" }

// pictures are the pictures for which the report has costs.
func (r *Report) pictures() []drawing {
	var all []drawing
	distribution := func(name, title, xLabel, metric, statistic string, warm, cold string) {
		d := drawing{name: name, title: title, xLabel: xLabel}
		for _, c := range []curves{{"warm", warm, metric}, {"cold", cold, metric}} {
			if r.cost(c.operation, metric+statistic) != nil {
				d.curves = append(d.curves, c)
			}
		}
		if len(d.curves) > 0 {
			all = append(all, d)
		}
	}
	distribution("hops", "Hops of a lookup of the closest nodes", "hops", "hops", ", mean", Closest, ClosestCold)
	distribution("latency", "Latency of a lookup of the closest nodes", "latency (ms)", "latency ms", ", median", Closest, ClosestCold)
	distribution("latency-25ms", "Latency of a lookup of the closest nodes, packets held back 25 ms one way", "latency (ms)", "latency ms", ", median", ClosestFar, ClosestFarCold)

	bytes := picture.Bars{Label: "bytes, median"}
	for _, t := range r.tables() {
		if c := r.cost(t.operation, "bytes, median"); c != nil {
			bytes.Groups = append(bytes.Groups, group(t.operation, c))
		}
	}
	if bytes.Groups != nil {
		all = append(all, drawing{name: "bytes", title: "Bytes of an operation at the searcher's socket", bars: []picture.Bars{bytes}})
	}
	node := drawing{name: "node", title: "What a node takes"}
	for _, metric := range []string{"memory KiB a node", "memory KiB a node, values held", "goroutines a node"} {
		if c := r.cost(Network, metric); c != nil {
			node.bars = append(node.bars, picture.Bars{Label: metric, Groups: []picture.BarGroup{group("", c)}})
		}
	}
	if node.bars != nil {
		all = append(all, node)
	}
	return all
}

func group(name string, c *Cost) picture.BarGroup {
	g := picture.BarGroup{Name: name, Values: [2]float64{math.NaN(), math.NaN()}}
	for i, v := range []*float64{c.Libp2p, c.Kadmium} {
		if v != nil {
			g.Values[i] = *v
		}
	}
	return g
}

// draw draws the pictures into a directory.
func (r *Report) draw(dir string, measured []Series) error {
	for _, d := range r.pictures() {
		beside := picture.Beside{
			Title:   d.title,
			Lines:   []string{r.setting()},
			Systems: [2]string{"go-libp2p-kad-dht", "kadmium"},
		}
		path := filepath.Join(dir, d.file())
		var err error
		if d.bars != nil {
			err = beside.DrawBars(path, d.bars)
		} else {
			err = beside.DrawCurves(path, d.xLabel, d.panels(measured))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// setting is the configuration, which all pictures share.
func (r *Report) setting() string {
	s := report.GroupedCount(r.Config.Nodes, "node")
	if len(r.Config.Alpha) == 0 {
		return s + ", each side as shipped"
	}
	return fmt.Sprintf("%s, k = %d, alpha = %d", s, r.Config.K, r.Config.Alpha[0])
}

func (d drawing) panels(measured []Series) []picture.Curves {
	var panels []picture.Curves
	for _, c := range d.curves {
		panel := picture.Curves{Label: "lookups, " + c.label}
		for _, s := range measured {
			if s.Operation == c.operation && s.Metric == c.metric {
				panel.Values = [2][]float64{s.Libp2p, s.Kadmium}
			}
		}
		panels = append(panels, panel)
	}
	return panels
}
