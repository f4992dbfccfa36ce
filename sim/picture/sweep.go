package picture

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"kadmium/sim/interval"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// DrawSweep draws pictures of a sweep into files in dir, and returns the files. It makes dir
// if needed. Its error is sweep.ErrBadPlot, or names the file that could not be written.
func DrawSweep(dir string, results *sweep.Results, plots []sweep.Plot) (files []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("draw %s: %w", dir, cause(err))
	}
	for _, p := range plots {
		charts, err := results.Charts(p)
		if err != nil {
			return files, err
		}
		for i := range charts {
			drawn := chartPage(&charts[i])
			if drawn == nil {
				continue
			}
			written, err := drawn.write(dir)
			files = append(files, written...)
			if err != nil {
				return files, err
			}
		}
	}
	if len(plots) > 0 && len(files) == 0 {
		return nil, errors.New("no run has a value of what is to be drawn")
	}
	return files, nil
}

// chartPage draws one picture of a sweep; nil if it has no data.
func chartPage(c *sweep.Chart) *page {
	if len(c.Points) == 0 {
		return nil
	}
	p := &page{file: chartFile(c), title: chartTitle(c), lines: chartLines(c)}
	if c.Y != "" {
		heatPanels(p, c)
	} else {
		linePanels(p, c)
	}
	if c.Panel != "" {
		p.arrange(c)
	}
	return p
}

// arrange puts panels beside one another. Ticks are labelled at the left and at the bottom.
func (p *page) arrange(c *sweep.Chart) {
	n := len(p.panels)
	p.grid.columns = gridColumns(n)
	style := lettering(textSize, black)
	for _, v := range c.Panels.Values {
		caption := c.Panel + " = " + valueText(v)
		if room := panelWidth(p.grid.columns); style.Width(caption) > room {
			for style.Width(caption+"...") > room {
				caption = caption[:len(caption)-1]
			}
			caption += "..."
		}
		p.grid.captions = append(p.grid.captions, caption)
	}
	for i, drawn := range p.panels {
		if i%p.grid.columns > 0 {
			drawn.Y.Label.Text = ""
			drawn.Y.Tick.Marker = unlabelled{drawn.Y.Tick.Marker}
		}
		if i+p.grid.columns < n {
			drawn.X.Tick.Marker = unlabelled{drawn.X.Tick.Marker}
		}
	}
	rows := (n + p.grid.columns - 1) / p.grid.columns
	p.least = vg.Length(190 * rows)
}

// gridColumns is how many of n panels stand beside one another.
func gridColumns(n int) int {
	if n == 1 || n == 2 || n == 4 {
		return min(n, 2)
	}
	return 3
}

// panelWidth is about the width of the data of a panel, a little less than it has.
func panelWidth(columns int) vg.Length {
	return (pageWidth-2*margin-60)/vg.Length(columns) - 22
}

// chartFile is the name of the files, without extension.
func chartFile(c *sweep.Chart) string {
	name := c.Metric + " by " + c.X
	if c.Y != "" {
		name = "heat " + name
	}
	for _, of := range []string{c.Line, c.Y, c.Panel} {
		if of != "" {
			name += " " + of
		}
	}
	for _, s := range c.Held {
		name += " " + s.Name + " " + s.Value
	}
	return fileName(name)
}

// The words for metrics: for what those of a lookup begin and end with, and for others.
var (
	ofLookup = map[string][2]string{ // what it is, and its unit
		"hops": {"hops"}, "first_replica_hops": {"first replica hops"}, "rounds": {"rounds"}, "rounds_after_closest": {"rounds after closest"},
		"rpcs": {"requests"}, "latency_ms": {"latency", " (ms)"}, "bytes": {"bytes"},
	}
	statistics = map[string]string{"mean": "mean", "p50": "median", "p90": "90th percentile", "p95": "95th percentile", "p99": "99th percentile", "max": "greatest"}
	others     = map[string]string{
		"succeeded": "lookups that succeeded", "rpc_total": "requests of all nodes", "bytes_per_node_second": "bytes a node and second", "nodes_up": "nodes up",
		"virtual_seconds": "seconds of virtual time", "lookups": "lookups that ended", "events": "events of the simulation", "recall": "share of the k closest found", "theory.hops": "hops of a lookup, as theory expects",
		"values.puts": "puts", "values.confirmed": "puts that were confirmed", "values.holders": "holders of a put", "values.gets": "gets", "values.found": "gets that found", "values.lost": "keys that were lost",
		"work.requests.repeated": "requests that were sent again", "work.requests.timed_out": "requests that were never answered", "work.lookups": "lookups of all nodes", "work.joins": "joins",
		"work.fills": "fills of buckets", "work.probes": "probes of contacts", "work.rejoins": "lost contacts that were asked", "work.restores": "keys that were replicated", "work.republishes": "keys that were published again",
		"work.handovers": "keys that were sent to newcomers", "work.cachings": "copies that gets left", "work.repairs": "nodes that were sent a newer record", "work.expired": "entries that expired",
		"work.datagrams": "datagrams that were sent", "work.datagrams.lost": "datagrams that were lost", "work.datagrams.replayed": "datagrams that arrived twice",
		"buckets.contacts": "contacts in a table", "buckets.waiting": "contacts waiting in a table", "buckets.dead": "contacts in a table that are down",
	}
)

// metricText is a metric in words, for a title and for an axis.
func metricText(metric string) (title, axis string) {
	if text := others[metric]; text != "" {
		return text, text
	}
	first, last, _ := strings.Cut(metric, ".")
	subject, ok := ofLookup[first]
	statistic := statistics[last]
	if !ok || statistic == "" {
		text := strings.NewReplacer(".", " ", "_", " ").Replace(strings.TrimPrefix(metric, "work."))
		if kind, ok := strings.CutPrefix(metric, "work.requests."); ok {
			text = kind + " requests" // as the protocol writes it
		}
		return text, text
	}
	short := statistic
	if strings.HasSuffix(statistic, "percentile") {
		short = last
	}
	return subject[0] + " of a lookup" + subject[1] + ", " + statistic, subject[0] + subject[1] + ", " + short
}

func chartTitle(c *sweep.Chart) string {
	title, _ := metricText(c.Metric)
	title = strings.ToUpper(title[:1]) + title[1:] + ", against " + c.X
	if c.Y != "" {
		title += " and " + c.Y
	}
	switch {
	case c.Line != "" && c.Panel != "":
		title += ", by " + c.Line + " and " + c.Panel
	case c.Line+c.Panel != "":
		title += ", by " + c.Line + c.Panel
	}
	for i, s := range c.Held {
		title += []string{", at ", " and "}[min(i, 1)] + s.Name + " " + valueText(s.Value)
	}
	return title
}

// chartLines say what was measured, and what points and bands are.
func chartLines(c *sweep.Chart) []string {
	_, shared := names(c.Reports)
	var lines []string
	if shared != "" {
		lines = append(lines, shared)
	}
	what := "Each point is"
	if c.Y != "" {
		what = "Each number is"
	}
	seeds := report.Count(c.SeedsMax, "seed")
	if c.SeedsMin < c.SeedsMax {
		seeds = fmt.Sprintf("%d to %s", c.SeedsMin, seeds)
	}
	bands := "bands are 95 % intervals (Student's t)"
	switch {
	case c.Y != "":
		bands = "± is half of the 95 % interval (Student's t)"
	case c.Xs.Amounts == nil:
		bands = "bars are 95 % intervals (Student's t)"
	}
	switch {
	case c.SeedsMax == 1:
		what += " one run"
	default:
		what += " the mean over " + seeds
	}
	switch least := interval.Least; {
	case c.SeedsMax < least:
		what += fmt.Sprintf("; no intervals: they are made of at least %d seeds.", least)
	case c.SeedsMin < least:
		what += fmt.Sprintf("; %s, where there are %d seeds.", bands, least)
	default:
		what += "; " + bands + "."
	}
	return append(lines, what)
}

// isShare reports whether a metric is a share of a whole, which is written in per cent.
func isShare(metric string) bool { return slices.Contains(sweep.Shares, metric) }

// valueText is a value of a setting as text: numbers with their digits in groups.
func valueText(v string) string {
	if strings.Contains(v, ":") || strings.Trim(v, "0123456789.") != "" {
		return v
	}
	return report.Grouped(v)
}

// valueTicks are ticks at the values of a sweep. Where labels would run into one another,
// the ends have theirs, then powers of ten, then others.
type valueTicks struct {
	at     []float64
	labels []string
	width  vg.Length // of the axis
	scale  plot.Normalizer
}

// Ticks implements plot.Ticker. Where labels do not all fit, thousands and millions are
// written with one letter.
func (v valueTicks) Ticks(low, high float64) []plot.Tick {
	ticks := v.fitting(low, high)
	if slices.ContainsFunc(ticks, plot.Tick.IsMinor) {
		v.labels = slices.Clone(v.labels)
		for i, label := range v.labels {
			if short, ok := strings.CutSuffix(label, ",000,000"); ok {
				v.labels[i] = short + "M"
			} else if short, ok := strings.CutSuffix(label, ",000"); ok {
				v.labels[i] = short + "k"
			}
		}
		ticks = v.fitting(low, high)
	}
	return ticks
}

// fitting are the ticks with the labels that have room.
func (v valueTicks) fitting(low, high float64) []plot.Tick {
	style := lettering(tickSize, inkSoft)
	ticks := make([]plot.Tick, len(v.at))
	order := []int{0, len(v.at) - 1}
	for _, round := range []bool{true, false} {
		for i, at := range v.at {
			if (at > 0 && math.Trunc(math.Log10(at)) == math.Log10(at)) == round {
				order = append(order, i)
			}
		}
	}
	type span struct{ from, to vg.Length }
	var taken []span
	for _, i := range order {
		const apart = 3
		middle, half := vg.Length(v.scale.Normalize(low, high, v.at[i]))*v.width, style.Width(v.labels[i])/2+apart
		room := span{middle - half, middle + half}
		ticks[i].Value = v.at[i]
		if !slices.ContainsFunc(taken, func(s span) bool { return room.from < s.to && s.from < room.to }) {
			ticks[i].Label = v.labels[i]
			taken = append(taken, room)
		}
	}
	return ticks
}

// labelsOf are the values of a scale as labels.
func labelsOf(s *sweep.Scale) []string {
	all := slices.Clone(s.Values)
	for i := range all {
		all[i] = valueText(all[i])
		if s.Amounts != nil {
			if _, rest, found := strings.Cut(all[i], ":"); found {
				all[i] = rest
			}
		}
	}
	return all
}

// axisText names the setting of an axis.
func axisText(s *sweep.Scale) string {
	if s.Amounts != nil {
		if word, _, found := strings.Cut(s.Values[0], ":"); found {
			return s.Name + " " + word
		}
	}
	return s.Name
}

// manyTimes reports whether values are best seen on a logarithmic axis: they are above 0
// and span more than a decade.
func manyTimes(low, high float64) bool { return low > 0 && high > 10*low }
