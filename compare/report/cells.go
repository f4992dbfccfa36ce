package report

import (
	"strings"

	"kadmium/sim/report"
)

// figure is a number that may be missing.
func figure(v *float64) string {
	if v == nil {
		return "-"
	}
	return report.Trimmed(*v)
}

// ranged is a figure with its margin, if it has one.
func ranged(v, margin *float64) string {
	if v == nil || margin == nil {
		return figure(v)
	}
	return figure(v) + " ± " + figure(margin)
}

// figures are the figures of a cost: libp2p, kadmium and their ratio.
func (c *Cost) figures() [3]string {
	if c == nil {
		return [3]string{"-", "-", "-"}
	}
	m := c.Margin
	if m == nil {
		m = new(Margin)
	}
	return [3]string{ranged(c.Libp2p, m.Libp2p), ranged(c.Kadmium, m.Kadmium), figure(c.Ratio)}
}

// cell escapes a text for a table in Markdown.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(text)
}
