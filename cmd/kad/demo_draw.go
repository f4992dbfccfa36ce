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

// walk shows a lookup hop by hop: one line for each peer that was asked.
func (d *demo) walk(w *walk, outcome string) {
	for _, s := range w.Trace {
		switch s.Kind {
		case "answered":
			named := "named nobody new"
			if s.New > 0 {
				named = "named " + strconv.Itoa(s.New) + " more"
			}
			fmt.Fprintf(d.out, "  hop %d  asked %s, at distance 2^%d: %s, in %s\n", s.Hop, d.name(s.Peer), s.Distance, named, brief(duration(s.TookMS)))
		case "found":
			fmt.Fprintf(d.out, "  hop %d  asked %s, at distance 2^%d: has it\n", s.Hop, d.name(s.Peer), s.Distance)
		case "failed":
			fmt.Fprintf(d.out, "  hop %d  asked %s, at distance 2^%d: no answer\n", s.Hop, d.name(s.Peer), s.Distance)
		}
	}
	fmt.Fprintf(d.out, "  %s (%s)\n", outcome, w.summary())
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
