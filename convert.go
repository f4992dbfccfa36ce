package kadmium

import (
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/lookup"
)

// The engine names peers by contact handles, users see IDs and addresses. The book
// drops contacts that are not used: these conversions run with the driver's mutex
// held, in the step that brought the contact.

func (n *Node) addressOf(c identity.Contact) identity.Address {
	if c == 0 {
		return identity.Address{}
	}
	return n.book.Address(c)
}

func (n *Node) peerOf(c identity.Contact, target *identity.Position) Peer {
	if c == 0 {
		return Peer{}
	}
	a := n.book.Address(c)
	return Peer{ID: a.ID, Address: a, Distance: identity.DistanceBits(n.book.Position(c), target)}
}

func (n *Node) lookupOf(r *engine.Result) Lookup {
	s := &r.Lookup
	l := Lookup{Hops: s.Hops, Rounds: s.Rounds, RPCs: s.RPCs, Answered: s.Answered, Failed: s.Failed}
	if !s.Ended.IsZero() {
		l.Elapsed = s.Ended.Sub(s.Started)
	}
	if d := &r.Density; d.Size > 0 {
		l.Size, l.Octaves = int(d.Size), make([]Octave, len(d.Octaves))
		for i, o := range d.Octaves {
			l.Octaves[i] = Octave{o.Expected, o.Known, o.Answered}
		}
		l.Suspect = Suspect{Crowded: d.Crowded(), Sparse: d.Sparse, Subnet: d.Subnet}
	}
	l.Suspect.Stale = r.Stale
	if len(r.Trace) > 0 {
		l.Trace = make([]Step, len(r.Trace))
	}
	for i := range r.Trace {
		l.Trace[i] = n.traceStep(&r.Trace[i], s.Started)
		if r.Trace[i].Kind == lookup.Ended {
			l.Reason = l.Trace[i].Reason
		}
	}
	return l
}

// searchOf is lookupOf for a result that this node may have had itself.
func (n *Node) searchOf(r *engine.Result) Lookup {
	l := n.lookupOf(r)
	if r.Err == nil && l.Reason == "" {
		l.Reason, l.Trace = HeldHere, []Step{{Kind: lookup.Ended.String(), Reason: HeldHere}}
	}
	return l
}

func (n *Node) traceStep(e *lookup.Event, began time.Time) Step {
	s := Step{
		At:       e.At.Sub(began),
		Kind:     e.Kind.String(),
		NamedBy:  n.addressOf(e.NamedBy).ID,
		Distance: e.Distance,
		Hop:      e.Hop,
		Round:    e.Round,
		Path:     e.Path,
		Elapsed:  e.Elapsed,
		Named:    e.Named,
		New:      e.New,
	}
	s.Address = n.addressOf(e.Contact)
	s.Peer = s.Address.ID
	if e.Kind == lookup.Ended {
		s.Reason = e.Reason.String()
	}
	return s
}

// wall is a time without its monotonic reading, which has no meaning in another process.
func wall(t time.Time) time.Time { return t.Round(0) }
