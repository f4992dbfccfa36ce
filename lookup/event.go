package lookup

import (
	"time"

	"kadmium/identity"
)

// A Kind is the kind of an Event.
type Kind uint8

const (
	// Asked: a request is to be sent.
	Asked Kind = iota + 1
	// Answered: the contact answered.
	Answered
	// Failed: the contact did not answer.
	Failed
	// SetAside: the contact overran its expected round trip.
	SetAside
	// Found: the contact had what is sought.
	Found
	// Ended: the lookup is over.
	Ended
)

// String is the kind in words.
func (k Kind) String() string {
	switch k {
	case Asked:
		return "asked"
	case Answered:
		return "answered"
	case Failed:
		return "failed"
	case SetAside:
		return "set aside"
	case Found:
		return "found"
	case Ended:
		return "ended"
	}
	return "unknown"
}

// An Event is a step of a lookup.
type Event struct {
	At      time.Time
	Kind    Kind
	Reason  Reason           // for Ended
	Contact identity.Contact // 0 for Ended
	NamedBy identity.Contact // the contact that first named it; 0: our own table
	// Hop and Round are the contact's; for Ended the lookup's.
	Hop, Round int
	// Distance is the contact's to the target, in bits: 256 for the other half of
	// the keyspace, 0 for the target's position.
	Distance int
	// Elapsed is the time since the contact was asked; for Ended since the start.
	Elapsed time.Duration
	// Named is how many contacts an answer named, New how many of them were taken.
	Named, New int
	Path       int // the disjoint path, from 0
}

// usualEvents is the capacity that a lookup starts with: two events for each of about
// 25 requests, and the end.
const usualEvents = 52

// Events are the steps since the last call, oldest first. Like those of Trace they do
// not change until Reset. A lookup has at most three for each request, those of Found,
// and the end.
func (l *Lookup) Events() []Event {
	fresh := l.events[l.told:]
	l.told = len(l.events)
	return fresh
}

// Trace is all steps so far, oldest first.
func (l *Lookup) Trace() []Event { return l.events[:len(l.events):len(l.events)] }

func (l *Lookup) record(now time.Time, kind Kind, e *Candidate) {
	event := Event{At: now, Kind: kind, Contact: e.contact, NamedBy: e.namedBy,
		Hop: int(e.hop), Round: int(e.round), Distance: l.list.distance(e), Path: int(e.path)}
	if kind != Asked {
		event.Elapsed = now.Sub(l.stats.Started) - e.sent
	}
	l.events = append(l.events, event)
}
