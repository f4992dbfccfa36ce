package report

import (
	"math"
	"strconv"
	"strings"
)

// number is a figure with three significant digits, or all of a greater whole part,
// in groups of three.
func number(v float64) string {
	digits := 2
	if v != 0 {
		digits = max(0, min(6, 2-int(math.Floor(math.Log10(math.Abs(v))))))
	}
	whole, rest, _ := strings.Cut(strconv.FormatFloat(v, 'f', digits, 64), ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest = strings.TrimRight(rest, "0"); rest != "" {
		whole += "." + rest
	}
	return whole
}

// figure is a number that may be missing.
func figure(v *float64) string {
	if v == nil {
		return "-"
	}
	return number(*v)
}

// figures are a cost's: libp2p's, kadmium's and their ratio.
func (c *Cost) figures() [3]string {
	if c == nil {
		return [3]string{"-", "-", "-"}
	}
	return [3]string{figure(c.Libp2p), figure(c.Kadmium), figure(c.Ratio)}
}

// plural is a count with its noun.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return number(float64(n)) + " " + noun
}

// cell is a text as a table of Markdown can hold it.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(text)
}
