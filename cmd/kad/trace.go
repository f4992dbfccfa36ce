package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"kadmium"
	"kadmium/identity"
)

// A walk is how a lookup went, as every command that makes one gives it.
type walk struct {
	Hops     int     `json:"hops"`   // of the closest node returned, or of the one that had what was sought
	Rounds   int     `json:"rounds"` // the longest chain of requests that waited for one another
	RPCs     int     `json:"rpcs"`
	Answered int     `json:"answered"`
	Failed   int     `json:"failed"`
	MS       float64 `json:"ms"`
	Reason   string  `json:"reason"` // why it ended
	Trace    []step  `json:"trace,omitempty"`
}

// A step is one event of a lookup.
type step struct {
	AtMS     float64          `json:"at_ms"`
	Kind     string           `json:"kind"`
	Peer     identity.ID      `json:"peer,omitzero"`
	Address  identity.Address `json:"address,omitzero"`
	NamedBy  identity.ID      `json:"named_by,omitzero"`
	Distance int              `json:"distance"` // bits of the XOR distance to the target
	Hop      int              `json:"hop"`
	Round    int              `json:"round"`
	Path     int              `json:"path"`
	TookMS   float64          `json:"took_ms,omitempty"`
	Named    int              `json:"named,omitempty"`
	New      int              `json:"new,omitempty"`
	Reason   string           `json:"reason,omitempty"`
}

func newWalk(l kadmium.Lookup) walk {
	w := walk{
		Hops: l.Hops, Rounds: l.Rounds, RPCs: l.RPCs, Answered: l.Answered, Failed: l.Failed,
		MS: milliseconds(l.Elapsed), Reason: l.Reason, Trace: make([]step, len(l.Trace)),
	}
	for i, s := range l.Trace {
		w.Trace[i] = step{
			AtMS: milliseconds(s.At), Kind: s.Kind, Peer: s.Peer, Address: s.Address, NamedBy: s.NamedBy,
			Distance: s.Distance, Hop: s.Hop, Round: s.Round, Path: s.Path, TookMS: milliseconds(s.Elapsed),
			Named: s.Named, New: s.New, Reason: s.Reason,
		}
	}
	return w
}

// heldHere is why a lookup ended that had nobody to ask: the node that was asked had
// what was sought.
const heldHere = "held here"

// local fills in the walk of a search that found what it was for, if it ended before
// anybody was asked.
func (w *walk) local() {
	if w.Reason == "" {
		w.Reason, w.Trace = heldHere, []step{{Kind: "ended", Reason: heldHere}}
	}
}

func (w *walk) walked() *walk { return w }

// withWalk adds to a failure how the lookup went that failed.
func withWalk(err error, w walk, trace bool) error {
	f := *asFailure(err)
	if !trace || len(w.Trace) == 0 {
		return &f
	}
	f.Lookup = &w
	return &f
}

// summary is a lookup in one line.
func (w *walk) summary() string {
	return fmt.Sprintf("%s, %s, %s", count(w.Hops, "hop"), count(w.RPCs, "request"), brief(duration(w.MS)))
}

func duration(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// draw prints a lookup step by step.
func (w *walk) draw(out io.Writer) {
	for _, s := range w.Trace {
		fmt.Fprintf(out, "%10s  %s\n", brief(duration(s.AtMS)), s.String())
	}
}

// String is the step in a line: who, where, and what came of it.
func (s step) String() string {
	if s.Reason == heldHere {
		return fmt.Sprintf("%-9s held by this node", s.Kind)
	}
	if s.Peer.IsZero() {
		return fmt.Sprintf("%-9s %s", s.Kind, s.Reason)
	}
	who := fmt.Sprintf("%-9s %s  hop %d  distance %s", s.Kind, s.Peer.Short(), s.Hop, magnitude(s.Distance))
	switch {
	case s.Kind == "asked" && !s.NamedBy.IsZero():
		return who + "  at " + s.Address.String() + ", named by " + s.NamedBy.Short()
	case s.Kind == "asked":
		return who + "  at " + s.Address.String()
	case s.Kind == "answered":
		return who + fmt.Sprintf("  in %s: %s, %d new", brief(duration(s.TookMS)), count(s.Named, "contact"), s.New)
	case s.Kind == "found":
		return who + "  in " + brief(duration(s.TookMS))
	case s.Kind == "failed":
		return who + "  after " + brief(duration(s.TookMS))
	}
	return who
}

// magnitude is an XOR distance of so many bits as a power of two.
func magnitude(bits int) string {
	if bits == 0 {
		return "0" // it is the target itself
	}
	return "2^" + strconv.Itoa(bits-1)
}
