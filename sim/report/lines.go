package report

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// columns is the greatest width of a line of text.
const columns = 100

// writeList writes a label and items with commas between them, in as many lines as they
// need. Without items it writes nothing.
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

// printable is a text of a report that was read from a file, cut off at the given number
// of columns and without control characters.
func printable(s string, most int) string {
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

// share is a count with its percentage of another.
func share(part, all int) string {
	if all == 0 {
		return strconv.Itoa(part)
	}
	return fmt.Sprintf("%d (%.2f %%)", part, 100*float64(part)/float64(all))
}
