package report

import (
	"fmt"
	"strings"

	"kadmium/sim/report"
)

// A summaryLine is one figure, at the first alpha.
type summaryLine struct{ operation, metric, what string }

var summaryLines = []summaryLine{
	{Closest, "requests, mean", "closest: requests"},
	{Closest, "bytes, median", "closest: bytes"},
	{Closest, "latency ms, median", "closest: latency, ms"},
	{Closest, "CPU ms, median", "closest: CPU, ms"},
	{ClosestFarCold, "latency ms, median", "closest, cold over 25 ms: latency, ms"},
	{"put", "bytes, median", "put: bytes"},
	{"put", "latency ms, median", "put: latency, ms"},
	{"get, quorum 1", "latency ms, median", "get, quorum 1: latency, ms"},
	{ClosestCrashed, "alive %, mean", "closest, a quarter crashed: returned peers that are alive, %"},
	{Network, "memory KiB a node", "memory of a node, KiB"},
	{Network, "goroutines a node", "goroutines of a node"},
}

// summary are the rows of the summary: what, libp2p, kadmium, ratio.
func (r *Report) summary() [][]string {
	var rows [][]string
	for _, l := range summaryLines {
		if c := r.cost(l.operation, l.metric); c != nil {
			f := c.figures()
			rows = append(rows, []string{l.what, f[0], f[1], f[2]})
		}
	}
	for _, d := range r.Depths {
		c := d.cost(depthMetrics[0])
		f := c.figures()
		what := "hops, " + d.setting()
		if d.Theory != nil {
			what += " (theory " + figure(d.Theory) + ")"
		}
		rows = append(rows, []string{what, f[0], f[1], f[2]})
	}
	return rows
}

// verdicts are the sentences of the summary.
func (r *Report) verdicts() []string {
	var all []string
	if len(r.Costs) > 0 {
		reached, measured := 0, 0
		for _, t := range r.Targets() {
			if t.Outcome == Reached || t.Outcome == NotReached {
				measured++
			}
			if t.Outcome == Reached {
				reached++
			}
		}
		all = append(all, fmt.Sprintf("Targets: %d of %d reached.", reached, measured))
		all = append(all, fmt.Sprintf("libp2p is better in %s, below.", report.GroupedCount(len(r.Better()), "matter")))
	}
	if len(r.Behaviour) > 0 {
		all = append(all, "Behaviour, "+r.balance())
	}
	return all
}

func (r *Report) writeSummary(b *strings.Builder) {
	rows, verdicts := r.summary(), r.verdicts()
	if rows == nil && verdicts == nil {
		return
	}
	b.WriteString("\n## In short\n")
	if rows != nil {
		b.WriteString("\n| | libp2p | kadmium | ratio |\n|---|---|---|---|\n")
	}
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	if verdicts != nil {
		b.WriteString("\n- " + strings.Join(verdicts, "\n- ") + "\n")
	}
}
