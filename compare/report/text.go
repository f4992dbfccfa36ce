package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"kadmium/sim/report"
)

// WriteText writes the report as text, beginning with where libp2p is better.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s and kadmium: %s a side, %s an operation, %s, link %s, %s\n",
		"go-libp2p-kad-dht", report.GroupedCount(r.Config.Nodes, "node"), report.GroupedCount(r.Config.Lookups, "lookup"), r.profile(), r.Config.Link, r.Config.Transport)

	fmt.Fprintf(&b, "kadmium is %s\n", r.Tree)
	r.writeShortText(&b)

	b.WriteString("\nWhere libp2p is better\n")
	found := r.Better()
	for _, f := range found {
		fmt.Fprintf(&b, "  %s\n      %s\n", f.Matter, f.How)
	}
	if len(found) == 0 {
		fmt.Fprintf(&b, "  %s\n", r.nowhere())
	}

	if len(r.Costs) > 0 {
		b.WriteString("\nTargets\n")
		rows := [][]string{{"", "target", "libp2p", "kadmium", "ratio", ""}}
		for _, t := range r.Targets() {
			f := t.Cost.figures()
			rows = append(rows, []string{t.What, t.Want, f[0], f[1], f[2], t.Outcome})
		}
		writeColumns(&b, rows)

		fmt.Fprintf(&b, "\nCosts (%s)\n", intervals(max(r.Config.Runs, 1)))
		rows = [][]string{{"", "", "libp2p", "kadmium", "ratio"}}
		before := ""
		for _, c := range r.Costs {
			f, name := c.figures(), c.Operation
			if name == before {
				name = ""
			}
			before = c.Operation
			rows = append(rows, []string{name, c.Metric, f[0], f[1], f[2]})
		}
		writeColumns(&b, rows)
	}
	if len(r.Behaviour) > 0 {
		fmt.Fprintf(&b, "\nBehaviour: %s\n", r.balance())
		for _, row := range r.Behaviour {
			writeRow(&b, row)
		}
	}
	for _, m := range r.Missing {
		fmt.Fprintf(&b, "\nMissing: %s\n", m)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeShortText writes the summary and the hops.
func (r *Report) writeShortText(b *strings.Builder) {
	if rows := r.summary(); rows != nil {
		b.WriteString("\nIn short\n")
		writeColumns(b, append([][]string{{"", "libp2p", "kadmium", "ratio"}}, rows...))
	}
	for _, v := range r.verdicts() {
		fmt.Fprintf(b, "  %s\n", v)
	}
	if len(r.Depths) > 0 {
		b.WriteString("\nHops\n")
		writeColumns(b, append([][]string{depthHead}, r.depthRows()...))
		b.WriteString(r.depthNotes())
	}
}

func writeColumns(b *strings.Builder, rows [][]string) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(w, "  %s\n", strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	w.Flush() // a Builder does not fail
}

func writeRow(b *strings.Builder, r Row) {
	fmt.Fprintf(b, "  %s\n      %s", r.Case, r.Verdict)
	if r.Verdict == Same {
		fmt.Fprintf(b, ": %s\n", r.Libp2p)
		return
	}
	fmt.Fprintf(b, "\n      libp2p:  %s\n      kadmium: %s\n", r.Libp2p, r.Kadmium)
	if r.Why != "" {
		fmt.Fprintf(b, "      why:     %s\n", r.Why)
	}
}

// versions are the compared modules with their versions, sorted.
func (r *Report) versions() []string {
	var all []string
	for name, version := range r.Versions {
		all = append(all, strings.TrimPrefix(name, "github.com/")+" "+version)
	}
	slices.Sort(all)
	return all
}
