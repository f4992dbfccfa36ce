package report

import (
	"bytes"
	"fmt"
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

// of is a count and its share of another.
func of(part, all int) string {
	if all == 0 {
		return strconv.Itoa(part)
	}
	return fmt.Sprintf("%d (%.2f %%)", part, 100*float64(part)/float64(all))
}
