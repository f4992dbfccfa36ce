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

// figures are the figures of a cost: libp2p, kadmium and their ratio.
func (c *Cost) figures() [3]string {
	if c == nil {
		return [3]string{"-", "-", "-"}
	}
	return [3]string{figure(c.Libp2p), figure(c.Kadmium), figure(c.Ratio)}
}

// cell escapes a text for a table in Markdown.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(text)
}
