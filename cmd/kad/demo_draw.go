package main

import (
	"fmt"
	"strconv"

	"kadmium/identity"
)

// tell begins a chapter.
func (d *demo) tell(format string, args ...any) {
	fmt.Fprintf(d.out, "\n"+format+"\n", args...)
}

// walk shows a lookup hop by hop: a line for each peer that was asked, and what came
// of it.
func (d *demo) walk(w *walk, found, outcome string) {
	for _, s := range w.Trace {
		if s.Kind != "asked" {
			continue
		}
		by := ""
		if !s.NamedBy.IsZero() {
			by = ", named by " + d.name(s.NamedBy)
		}
		fmt.Fprintf(d.out, "  hop %d: asks %s at distance %s%s: %s\n", s.Hop, d.name(s.Peer), magnitude(s.Distance), by, w.outcome(s.Peer, found))
	}
	fmt.Fprintf(d.out, "  %s (%s)\n", outcome, w.summary())
}

// outcome is what came of asking a peer; found is what it means to have found it.
func (w *walk) outcome(peer identity.ID, found string) string {
	for _, s := range w.Trace {
		if s.Peer != peer {
			continue
		}
		switch took := brief(duration(s.TookMS)); {
		case s.Kind == "found":
			return found + ", " + took
		case s.Kind == "answered" && s.Named == 0:
			return "it names nobody else, " + took
		case s.Kind == "answered":
			return fmt.Sprintf("it names %s, %s", count(s.Named, "contact"), took)
		case s.Kind == "failed":
			return "no answer"
		}
	}
	return "not waited for"
}

// name is a node's number in the story.
func (d *demo) name(id identity.ID) string {
	for i, n := range d.nodes {
		if n.ID() == id {
			return strconv.Itoa(i + 1)
		}
	}
	return id.Short()
}
