package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"kadmium/internal/cli"
)

// printLines is print for lines of words and columns, which are folded where a terminal would
// break them.
func (a *app) printLines(result any, plain func(w io.Writer)) error {
	return a.Print(result, func(w io.Writer) { drawFolded(w, a.Terminal, plain) })
}

// diagnose writes lines to stderr, folded likewise.
func (a *app) diagnose(plain func(w io.Writer)) {
	drawFolded(a.Stderr, cli.AsTerminal(a.Stderr), plain)
}

func drawFolded(w io.Writer, terminal *os.File, plain func(w io.Writer)) {
	columns := cli.Width(terminal)
	if columns == 0 {
		plain(w)
		return
	}
	var b bytes.Buffer
	plain(&b)
	for line := range strings.Lines(b.String()) {
		_, _ = io.WriteString(w, folded(line, columns))
	}
}

// folded is a line that ends, as lines of at most so many columns, but for longer words. All
// but the first are indented.
func folded(line string, columns int) string {
	var b strings.Builder
	text := strings.TrimSuffix(line, "\n")
	indent := strings.Repeat(" ", min(len(text)-len(strings.TrimLeft(text, " "))+2, columns/4))
	for {
		at := foldAt(text, columns)
		if at < 0 {
			b.WriteString(text + "\n")
			return b.String()
		}
		b.WriteString(strings.TrimRight(text[:at], " ") + "\n")
		text = indent + strings.TrimLeft(text[at:], " ")
	}
}

// foldAt is where a line is folded: between two columns of it if that leaves a third of the
// line, otherwise between two words; -1: it fits, or is one word.
func foldAt(text string, columns int) int {
	if utf8.RuneCountInString(text) <= columns {
		return -1
	}
	end := len(text) // of what fits, with the space after it
	for i, seen := 0, 0; i < len(text); seen++ {
		if seen > columns {
			end = i
			break
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
	}
	first := len(text) - len(strings.TrimLeft(text, " "))
	if at := strings.LastIndex(text[:end], "  "); at > max(first, end/3) {
		return at
	}
	if at := strings.LastIndex(text[:end], " "); at > first {
		return at
	}
	at := strings.IndexByte(text[end:], ' ')
	if at < 0 || strings.TrimSpace(text[end+at:]) == "" {
		return -1
	}
	return end + at
}
