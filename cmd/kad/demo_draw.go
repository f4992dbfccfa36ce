package main

import (
	"fmt"
	"io"
	"strconv"

	"kadmium"
	"kadmium/identity"
	"kadmium/sim/report"
)

// A demoDrawing is the demo as people read it. It calls the nodes 1, 2 and 3.
type demoDrawing struct {
	out   io.Writer
	peers []identity.ID // of 1, 2 and 3
}

// heading begins a part of the demo.
func (d *demoDrawing) heading(format string, args ...any) {
	fmt.Fprintf(d.out, "\n"+format+"\n", args...)
}

// drawLookup shows a lookup hop by hop: a line for each peer that was asked, with the
// outcome.
func (d *demoDrawing) drawLookup(l *kadmium.Lookup, found, outcome string) {
	for _, s := range l.Trace {
		if s.Kind != "asked" {
			continue
		}
		by := ""
		if !s.NamedBy.IsZero() {
			by = ", named by " + d.name(s.NamedBy)
		}
		fmt.Fprintf(d.out, "  hop %d: asks %s at distance %s%s: %s\n", s.Hop, d.name(s.Peer), magnitude(s.Distance), by, outcomeOf(l, s.Peer, found))
	}
	at := foundAt
	if found == "" {
		at = closestAt
	}
	fmt.Fprintf(d.out, "  %s (%s)\n", outcome, summary(at, l))
}

// outcomeOf says what a request to a peer led to; found is the text for a peer that
// had what was looked for, which its last step says.
func outcomeOf(l *kadmium.Lookup, peer identity.ID, found string) string {
	outcome := "not waited for"
	for _, s := range l.Trace {
		if s.Peer != peer {
			continue
		}
		switch took := brief(s.Elapsed); {
		case s.Kind == "found":
			outcome = found + ", " + took
		case s.Kind == "answered" && s.Named == 0:
			outcome = "it names nobody else, " + took
		case s.Kind == "answered":
			outcome = fmt.Sprintf("it names %s, %s", report.Count(s.Named, "contact"), took)
		case s.Kind == "failed":
			outcome = "no answer"
		}
	}
	return outcome
}

// name is a node's number in the demo.
func (d *demoDrawing) name(id identity.ID) string {
	for i, peer := range d.peers {
		if peer == id {
			return strconv.Itoa(i + 1)
		}
	}
	return id.Short()
}
