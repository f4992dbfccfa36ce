package report

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// columns is how wide what is written for people may be.
const columns = 100

// writeList writes a label and items with commas between, in as many lines as they
// need; nothing if there are none.
func writeList(b *bytes.Buffer, label string, items []string) {
	if len(items) == 0 {
		return
	}
	b.WriteString(label)
	at := utf8.RuneCountInString(label)
	for i, item := range items {
		n := utf8.RuneCountInString(item)
		switch {
		case i == 0:
		case at+len(", ")+n+len(",") > columns:
			b.WriteString(",\n    ")
			at = 4
		default:
			b.WriteString(", ")
			at += 2
		}
		b.WriteString(item)
		at += n
	}
	b.WriteByte('\n')
}

// word is a text that came with a report, in at most so many columns and without
// what would move a terminal's cursor.
func word(s string, most int) string {
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, s)
	if r := []rune(s); len(r) > most {
		return string(r[:most-3]) + "..."
	}
	return s
}

// number is a figure for people, in at most 9 columns from 0 to 2^53.
func number(v float64) string {
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

// count is a number with its noun: "1 node", "3 nodes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// of is a count and its share of another.
func of(part, all int) string {
	if all == 0 {
		return strconv.Itoa(part)
	}
	return fmt.Sprintf("%d (%.2f %%)", part, 100*float64(part)/float64(all))
}
