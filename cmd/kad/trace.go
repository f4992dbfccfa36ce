package main

import (
	"fmt"
	"io"
	"strconv"

	"kadmium"
	"kadmium/rpc"
	"kadmium/sim/report"
)

// Whose hop the summary of a lookup has (design R5.15): it may have asked others at greater
// hops.
const (
	foundAt   = "at hop"         // of the node that had what was looked for
	closestAt = "closest at hop" // of the closest node that answered
)

// summary is a lookup in one line; at is foundAt or closestAt.
func summary(at string, l *kadmium.Lookup) string {
	cost := fmt.Sprintf("%s, %s", report.Count(l.RPCs, "request"), brief(l.Elapsed))
	if l.Hops == 0 { // nobody else answered
		return cost
	}
	return fmt.Sprintf("%s %d, %s", at, l.Hops, cost)
}

// drawTrace prints a lookup step by step. A nil lookup has no steps.
func drawTrace(w io.Writer, l *kadmium.Lookup) {
	if l == nil {
		return
	}
	for i := range l.Trace {
		fmt.Fprintf(w, "%10s  %s\n", brief(l.Trace[i].At), describeStep(&l.Trace[i]))
	}
	drawDensity(w, l)
}

// drawDensity is what the lookup found near its target, beside what is to be expected, after
// a trace; and what is suspect of it.
func drawDensity(w io.Writer, l *kadmium.Lookup) {
	if len(l.Trace) > 0 && l.Octaves != nil {
		fmt.Fprintf(w, "near the target, of about %d nodes in all, found of expected by octaves:\n ", l.Size)
		for _, o := range l.Octaves {
			fmt.Fprintf(w, "  %d of %.1f", o.Known, o.Expected)
		}
		fmt.Fprintln(w)
	}
	if !l.Suspect.IsZero() {
		fmt.Fprintf(w, "suspect: %v (kad help trace explains it)\n", l.Suspect)
	}
}

// describeStep is a step in a line: the peer, its hop and distance, and the outcome. It fits
// 80 columns but for who named a peer.
func describeStep(s *kadmium.Step) string {
	if s.Reason == kadmium.HeldHere {
		return fmt.Sprintf("%-9s held by this node", s.Kind)
	}
	if s.Peer.IsZero() {
		return fmt.Sprintf("%-9s %s", s.Kind, s.Reason)
	}
	who := fmt.Sprintf("%-9s %s  hop %d  %s", s.Kind, s.Peer.Short(), s.Hop, magnitude(s.Distance))
	switch {
	case s.Kind == "asked" && !s.NamedBy.IsZero():
		return who + "  at " + s.Address.Endpoint.String() + ", named by " + s.NamedBy.Short()
	case s.Kind == "asked":
		return who + "  at " + s.Address.Endpoint.String()
	case s.Kind == "answered":
		return who + fmt.Sprintf("  in %s: %s, %d new", brief(s.Elapsed), report.Count(s.Named, "contact"), s.New)
	case s.Kind == "found":
		return who + "  in " + brief(s.Elapsed)
	case s.Kind == "failed":
		return who + "  after " + brief(s.Elapsed)
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

// refusalWords say why a node does not hold what it was asked to, by status.
var refusalWords = map[string]string{
	rpc.Older.String():       "a newer record is held",
	rpc.Invalid.String():     "its namespace does not allow it there",
	rpc.TooLarge.String():    "too large",
	rpc.Full.String():        "no room, too many writes at once, or it is a client",
	rpc.Unproven.String():    "this node has not proven its address to it",
	rpc.Conflict.String():    "the sequence has changed",
	rpc.NoHandler.String():   "it does not support this",
	rpc.Failed.String():      "its disk fails",
	rpc.Later.String():       "busy",
	rpc.Working.String():     "still at work on it",
	rpc.Forgotten.String():   "it has forgotten the request",
	kadmium.NotAnswered:      "it may have stored it all the same",
	rpc.Status(255).String(): "for a reason that this version does not know",
}

// drawRefusals prints a line for each node that was to hold a record or provider entry and
// does not, below the steps of the lookup that found it.
func drawRefusals(w io.Writer, all []kadmium.Refusal) {
	for _, r := range all {
		at := "this node"
		if r.Address.Endpoint.IsValid() {
			at = "at " + r.Address.Endpoint.String()
		}
		kind := "refused"
		if r.Reason == kadmium.NotAnswered {
			kind = "silent"
		}
		fmt.Fprintf(w, "%10s  %-9s %s  %s: %s (%s)\n", "", kind, r.Peer.Short(), at, r.Reason, refusalWords[r.Reason])
	}
}
