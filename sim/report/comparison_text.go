package report

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// Write writes the comparison as text, in lines of at most 100 columns. It leaves out
// figures that are the same.
func (c Comparison) Write(w io.Writer) error {
	var b bytes.Buffer
	writeSettings(&b, c.Configured)
	b.WriteString(`no verdicts: a report is one measurement, as all its lookups share one seed's nodes, tables
and delays. Make reports of both with more seeds, as kad sim --seed 1..10 --out DIR does, then:
kad sim --compare DIR_A DIR_B
`)
	c.writeFigures(&b)
	c.writePercentiles(&b)
	c.writeCDFs(&b)
	_, err := w.Write(b.Bytes())
	return err
}

// writeSettings writes in which settings a and b differ.
func writeSettings(b *bytes.Buffer, differ []Setting) {
	items := make([]string, len(differ))
	for i, s := range differ {
		items[i] = fmt.Sprintf("%s %s / %s", s.Name, settingText(s.A), settingText(s.B))
	}
	if len(items) == 0 {
		items = []string{"nothing"}
	}
	writeList(b, "configured differently: ", items)
}

func settingText(v any) string {
	if v == "" {
		return "-"
	}
	return printable(fmt.Sprint(v), 40)
}

func (c *Comparison) writeFigures(b *bytes.Buffer) {
	fmt.Fprintln(b)
	if !slices.ContainsFunc(c.Figures, func(f Figure) bool { return !f.same() }) {
		fmt.Fprintln(b, "no figure differs")
		return
	}
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "%-29s\ta\tb\tb - a\trelative\t\n", "")
	for _, f := range c.Figures {
		if _, _, ok := f.percentile(); ok || f.same() {
			continue
		}
		fmt.Fprintf(tw, "%-29s\t%s\t%s\t%s\t%s\t\n", printable(f.Name, 29), known(f.A, Number), known(f.B, Number),
			known(f.Difference, signed), known(f.Relative, percent))
	}
	tw.Flush()
}

// same reports whether both reports have the figure, and the same one.
func (f *Figure) same() bool { return f.Difference != nil && *f.Difference == 0 }

// percentile splits the name of a percentile into distribution and percentile.
func (f *Figure) percentile() (of, which string, ok bool) {
	of, which, ok = strings.Cut(f.Name, ".")
	return of, which, ok && slices.Contains(percentiles, which)
}

// writePercentiles writes the percentiles of b below those of a, for each distribution in
// which they differ.
func (c *Comparison) writePercentiles(b *bytes.Buffer) {
	var names []string // of the distributions
	differ := make(map[string]bool)
	rows := make(map[string][2]string) // by distribution: the cells of a and of b
	for _, f := range c.Figures {
		name, _, ok := f.percentile()
		if !ok {
			continue
		}
		row, seen := rows[name]
		if !seen {
			names = append(names, name)
		}
		rows[name] = [2]string{row[0] + known(f.A, Number) + "\t", row[1] + known(f.B, Number) + "\t"}
		differ[name] = differ[name] || !f.same()
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !differ[name] })
	if len(names) == 0 {
		return
	}
	fmt.Fprintln(b)
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "%-29s\t\t%s\t\n", "percentiles", strings.Join(percentiles, "\t"))
	for _, name := range names {
		fmt.Fprintf(tw, "%-29s\ta\t%s\n%-29s\tb\t%s\n", printable(name, 29), rows[name][0], "", rows[name][1])
	}
	tw.Flush()
}

func (c *Comparison) writeCDFs(b *bytes.Buffer) {
	if len(c.CDFs) == 0 {
		return
	}
	fmt.Fprintln(b)
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "%-29s\tlargest b - a\tat\t\n", "whole CDF")
	for _, f := range c.CDFs {
		at := "-"
		if f.Difference != 0 {
			at = "P(<=" + Number(f.At) + ")"
		}
		fmt.Fprintf(tw, "%-29s\t%s\t%s\t\n", printable(f.Name, 29), signed(f.Difference), at)
	}
	tw.Flush()
}

// known is a figure, or "-" if there is none.
func known(v *float64, form func(float64) string) string {
	if v == nil {
		return "-"
	}
	return form(*v)
}

func signed(v float64) string {
	if v > 0 {
		return "+" + Number(v)
	}
	return Number(v)
}

func percent(v float64) string {
	if math.Abs(v) < 0.0005 {
		return "0.0 %"
	}
	if math.Abs(v) >= 100 { // tens of thousands of per cent
		return fmt.Sprintf("%+.2g %%", 100*v)
	}
	return fmt.Sprintf("%+.1f %%", 100*v)
}
