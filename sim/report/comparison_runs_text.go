package report

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"kadmium/sim/interval"
)

// Write writes the comparison as text, in lines of at most 100 columns. It leaves out
// figures that are the same in all runs.
func (c *RunsComparison) Write(w io.Writer) error {
	var b bytes.Buffer
	for i := range c.Groups {
		if i > 0 {
			fmt.Fprintln(&b)
		}
		c.Groups[i].write(&b)
	}
	switch {
	case c.Tests > 0:
		fmt.Fprintf(&b, `
+-: half of a 95 %% interval over runs (Student); p: of the t test; Holm: adjusted for all
%d tests here; differs: Holm's is at most %v, which bounds the chance of any false one
equal: the same in all runs or pairs, of which no interval can be made
`, c.Tests, Chance)
	case slices.ContainsFunc(c.Groups, func(g RunsGroup) bool { return min(len(g.SeedsA), len(g.SeedsB)) >= interval.Least }):
		b.WriteString(`
+-: half of a 95 % interval over runs (Student)
equal: the same in all runs or pairs, of which no interval can be made
`)
	}
	if len(c.Alone) > 0 {
		fmt.Fprintln(&b)
		writeList(&b, "not compared: ", c.aloneItems())
	}
	_, err := w.Write(b.Bytes())
	return err
}

// alone says which configurations only one side has.
func (c *RunsComparison) alone() string { return strings.Join(c.aloneItems(), ", ") }

// aloneItems are the first of these configurations; there may be many.
func (c *RunsComparison) aloneItems() []string {
	const most = 8
	var items []string
	for i, alone := range c.Alone {
		if i == most {
			return append(items, fmt.Sprintf("%d more", len(c.Alone)-most))
		}
		items = append(items, strings.TrimSpace(valuesText(alone.Of)+" in "+alone.Side+" only"))
	}
	return items
}

func valuesText(of []Value) string {
	parts := make([]string, len(of))
	for i, v := range of {
		parts[i] = v.Name + " " + settingText(v.Value)
	}
	return printable(strings.Join(parts, " "), 72)
}

func (g *RunsGroup) write(b *bytes.Buffer) {
	label := ""
	if len(g.Of) > 0 {
		label = valuesText(g.Of) + "\n"
	}
	how := "independent of each other"
	if g.Paired {
		how = "in pairs of one seed"
	}
	fmt.Fprintf(b, "%sruns: %d of a, %d of b, %s\n", label, len(g.SeedsA), len(g.SeedsB), how)
	if g.LeftOut > 0 {
		fmt.Fprintf(b, "left out: %s of a seed that the other side has not\n", Count(g.LeftOut, "run"))
	}
	writeSettings(b, g.Configured)
	switch runs := min(len(g.SeedsA), len(g.SeedsB)); {
	case runs < interval.Least:
		fmt.Fprintf(b, "no interval and no verdict: they are made of at least %d runs a side\n", interval.Least)
	case g.Paired && runs < leastPairs:
		fmt.Fprintf(b, "no p and no verdict: they are made of at least %d pairs\n", leastPairs)
	}
	g.writeDiffering(b)
	g.writeFigures(b)
}

// writeDiffering lists the figures that differ, with how much b is from a.
func (g *RunsGroup) writeDiffering(b *bytes.Buffer) {
	var items []string
	tested := false
	for i := range g.Figures {
		f := &g.Figures[i]
		tested = tested || f.Exceeds != nil
		if f.Exceeds != nil && *f.Exceeds {
			items = append(items, strings.TrimSuffix(printable(f.Name, 29)+" "+known(f.Relative, percent), " -"))
		}
	}
	if tested && len(items) == 0 {
		items = []string{"nothing"}
	}
	writeList(b, "differs: ", items)
}

func (g *RunsGroup) writeFigures(b *bytes.Buffer) {
	fmt.Fprintln(b)
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "%-25s\ta\tb\tb - a\tp\tHolm\tverdict\t\n", "")
	same := 0
	for i := range g.Figures {
		f := &g.Figures[i]
		if f.same() {
			same++
			continue
		}
		fmt.Fprintf(tw, "%-25s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", printable(f.Name, 25), f.A.text(), f.B.text(),
			withHalf(f.Difference, f.Low, f.High, true), known(f.P, chance), known(f.AdjustedP, chance), verdict(f.Exceeds))
	}
	tw.Flush()
	if same > 0 {
		fmt.Fprintf(b, "\nthe same in all runs: %s\n", Count(same, "figure"))
	}
}

func verdict(exceeds *bool) string {
	switch {
	case exceeds == nil:
		return "-"
	case *exceeds:
		return "differs"
	}
	return "noise"
}

// same reports whether all runs of both sides have the figure, and the same one.
func (f *RunsFigure) same() bool {
	return f.Difference != nil && *f.Difference == 0 && f.Low != nil && *f.Low == *f.High && f.A.constant() && f.B.constant()
}

func (m *RunsMean) constant() bool { return m.Low != nil && *m.Low == *m.High }

func (m *RunsMean) text() string { return withHalf(m.Mean, m.Low, m.High, false) }

// withHalf is a figure with half the width of its interval; one that is the same in all runs
// has none (design R11.6).
func withHalf(v, low, high *float64, sign bool) string {
	if v == nil {
		return "-"
	}
	text := narrow(*v, 4)
	if sign && *v > 0 {
		text = "+" + text
	}
	switch {
	case low == nil || high == nil:
		return text
	case *low == *high:
		return text + " equal"
	}
	return text + "+-" + narrow((*high-*low)/2, 2)
}

// narrow writes a figure with so many significant digits, and one less beside an exponent;
// a greater whole part keeps all its digits up to a million.
func narrow(v float64, digits int) string {
	a := math.Abs(v)
	if a == 0 {
		return "0"
	}
	if a < 0.001 || a >= 1e6 {
		return shortExponent(strconv.FormatFloat(v, 'g', digits-1, 64))
	}
	whole := 0
	for unit := 1.0; unit <= a; unit *= 10 {
		whole++
	}
	decimals := digits - max(whole, 1)
	if whole == 0 {
		decimals = min(digits-1-int(math.Floor(math.Log10(a))), 4)
	}
	return strconv.FormatFloat(v, 'f', max(0, decimals), 64)
}

// chance is a probability in few columns.
func chance(p float64) string {
	switch {
	case p == 0:
		return "0"
	case p >= 0.001:
		return strconv.FormatFloat(p, 'f', 3, 64)
	}
	return shortExponent(strconv.FormatFloat(p, 'e', 0, 64))
}

// shortExponent leaves out what says nothing: 1e-05 becomes 1e-5.
func shortExponent(text string) string {
	return strings.NewReplacer("e+0", "e", "e+", "e", "e-0", "e-").Replace(text)
}
