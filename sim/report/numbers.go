package report

import (
	"math"
	"strconv"
	"strings"
)

// Number writes a figure in at most 9 columns from 0 to 2^53, for tables in a
// terminal.
func Number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e8:
		return strconv.FormatFloat(v, 'g', 4, 64)
	case v == math.Trunc(v), a >= 1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case a >= 1:
		return strconv.FormatFloat(v, 'f', 3, 64)
	case a >= 0.001:
		return strconv.FormatFloat(v, 'f', 4, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// ThreeDigits writes a figure with three significant digits, for pages and pictures.
// A greater whole part keeps all its digits, in groups of three.
func ThreeDigits(v float64) string {
	digits := 2
	if v != 0 {
		digits = max(0, min(6, 2-int(math.Floor(math.Log10(math.Abs(v))))))
	}
	return Grouped(strconv.FormatFloat(v, 'f', digits, 64))
}

// Trimmed is ThreeDigits without zeros at the end of the fraction.
func Trimmed(v float64) string {
	text := ThreeDigits(v)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// Grouped puts a comma before each three digits of the whole number that a text
// begins with: "-12,345.67 s".
func Grouped(text string) string {
	start := 0
	if strings.HasPrefix(text, "-") {
		start = 1
	}
	end := start
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	for i := end - 3; i > start; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Count is a number with its noun: "1 node", "3000 nodes".
func Count(n int, noun string) string { return strconv.Itoa(n) + " " + plural(n, noun) }

// GroupedCount is Count with a comma between thousands: "3,000 nodes".
func GroupedCount(n int, noun string) string {
	return Grouped(strconv.Itoa(n)) + " " + plural(n, noun)
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
