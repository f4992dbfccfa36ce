package report

import (
	"fmt"
	"strings"
)

// Missing is a part of the run that failed: costs that could not be measured, or cases that
// could not be played.
type Missing struct {
	What  string `json:"what"`
	Error string `json:"error"`
}

// String is what is missing and why.
func (m Missing) String() string { return m.What + ": " + m.Error }

// writeMissing lists on the page what is missing.
func (r *Report) writeMissing(b *strings.Builder) {
	if len(r.Missing) == 0 {
		return
	}
	b.WriteString("\nMissing here, as it could not be measured or played:\n\n")
	for _, m := range r.Missing {
		why, _, _ := strings.Cut(m.Error, "\n") // of a panic without its stack
		fmt.Fprintf(b, "- **%s**: %s\n", cell(m.What), cell(why))
	}
}
