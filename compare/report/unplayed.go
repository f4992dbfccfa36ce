package report

import (
	"fmt"
	"strings"
)

// Unplayed is a case that says nothing of either side: it could not be played.
type Unplayed struct {
	Case  string `json:"case"`
	Error string `json:"error"`
}

// String is the case and its error.
func (u Unplayed) String() string { return u.Case + ": " + u.Error }

// writeUnplayed adds to a page which cases could not be played, and why.
func (r *Report) writeUnplayed(b *strings.Builder) {
	if len(r.Unplayed) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s could not be played:\n\n", plural(len(r.Unplayed), "case"))
	for _, u := range r.Unplayed {
		why, _, _ := strings.Cut(u.Error, "\n") // of a panic without its stack
		fmt.Fprintf(b, "- **%s**: %s\n", cell(u.Case), cell(why))
	}
}
