package report

import (
	"fmt"
	"slices"
	"strings"
)

// A table is the costs of one operation at all alphas.
type table struct {
	operation string
	metrics   []string // names, without statistics
}

// tables are the tables of the page. The alphas of one operation are in one table.
func (r *Report) tables() []table {
	var all []table
	for _, c := range r.Costs {
		if r.atOtherAlpha(c.Operation) {
			continue
		}
		at := slices.IndexFunc(all, func(t table) bool { return t.operation == c.Operation })
		if at < 0 {
			at = len(all)
			all = append(all, table{operation: c.Operation})
		}
		if !slices.Contains(all[at].metrics, c.base()) {
			all[at].metrics = append(all[at].metrics, c.base())
		}
	}
	return all
}

// The statistics of a metric, in the order in which one stands for it.
var statistics = []string{"", ", mean", ", median"}

const p95 = ", p95"

// base is a metric without its statistic.
func (c *Cost) base() string {
	for _, s := range append(statistics[1:], p95) {
		if base, is := strings.CutSuffix(c.Metric, s); is {
			return base
		}
	}
	return c.Metric
}

// main is the figure that stands for a metric: of counts and shares the mean, of others the
// median.
func (r *Report) main(operation, metric string) *Cost {
	for _, s := range statistics {
		if c := r.cost(operation, metric+s); c != nil {
			return c
		}
	}
	return nil
}

// writeTable writes the table of an operation: a row a metric, with the percentile where it
// says something. Shares that are 100 % everywhere are named in one line.
func (r *Report) writeTable(b *strings.Builder, t table) {
	fmt.Fprintf(b, "\n### %s\n\n", t.operation)
	head, line := "| |", "|---|"
	var shown []variant
	for _, v := range r.variants() {
		if r.main(v.operation(t.operation), t.metrics[0]) == nil {
			continue
		}
		shown = append(shown, v)
		head += " " + r.titled(v, t, "libp2p") + " | " + r.titled(v, t, "kadmium") + " | ratio |"
		line += "---|---|---|"
	}
	var whole, rows []string
	for _, metric := range t.metrics {
		if share(metric) && r.allWhole(t.operation, metric, shown) {
			whole = append(whole, metric)
			continue
		}
		row := fmt.Sprintf("| %s |", cell(statisticOf(r.main(shown[0].operation(t.operation), metric), metric)))
		for _, v := range shown {
			f := r.withPercentile(v.operation(t.operation), metric)
			row += fmt.Sprintf(" %s | %s | %s |", f[0], f[1], f[2])
		}
		rows = append(rows, row)
	}
	if rows != nil {
		b.WriteString(head + "\n" + line + "\n" + strings.Join(rows, "\n") + "\n")
	}
	if rows != nil && whole != nil {
		b.WriteString("\n")
	}
	if whole != nil {
		fmt.Fprintf(b, "On both sides 100: %s.\n", strings.Join(whole, ", "))
	}
}

// statisticOf is the name of a row.
func statisticOf(c *Cost, metric string) string {
	if c == nil {
		return metric
	}
	return c.Metric
}

// allWhole reports whether a share is 100 % on both sides in all variants.
func (r *Report) allWhole(operation, metric string, shown []variant) bool {
	for _, v := range shown {
		c := r.main(v.operation(operation), metric)
		if c == nil {
			continue // not measured at this alpha
		}
		if c.Libp2p == nil || c.Kadmium == nil || *c.Libp2p != 100 || *c.Kadmium != 100 {
			return false
		}
	}
	return true
}

// withPercentile has the figures of a metric, each with the 95th percentile where that is
// another number than the median or mean.
func (r *Report) withPercentile(operation, metric string) [3]string {
	c, high, median := r.main(operation, metric), r.cost(operation, metric+p95), r.cost(operation, metric+", median")
	f := c.figures()
	if c == nil || high == nil || median == nil {
		return f
	}
	for i, v := range []struct{ high, median *float64 }{{high.Libp2p, median.Libp2p}, {high.Kadmium, median.Kadmium}} {
		if v.high != nil && v.median != nil && figure(v.high) != figure(v.median) {
			f[i] += " (" + figure(v.high) + ")"
		}
	}
	return f
}
