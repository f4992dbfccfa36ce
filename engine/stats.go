package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/store"
)

// Stats is an engine's state in figures.
type Stats struct {
	Mode          Mode
	Contacts      int // in the table
	Outstanding   int // requests waiting for an answer
	Operations    int // of the driver, under way
	ActiveLookups int // lookups under way
	Withheld      int // writes waiting for the journal
	Handovers     int // keys waiting to be handed over
	Counters      Counters
}

// Stats is the state in figures.
func (e *Engine) Stats() Stats {
	return Stats{
		Mode:          e.mode,
		Contacts:      e.table.Len(),
		Outstanding:   e.requests.Len(),
		Operations:    len(e.ops),
		ActiveLookups: len(e.lookups),
		Withheld:      len(e.withheld),
		Handovers:     len(e.handovers),
		Counters:      e.stats,
	}
}

// Load takes in one journal entry of an earlier run, before anything else is
// called. Its error names an entry that makes no sense.
func (e *Engine) Load(now time.Time, op store.Op) error {
	return e.store.Load(now, op)
}

// Saved is the number of contacts an earlier run left.
func (e *Engine) Saved() int { return len(e.store.Table()) }

// RTT is the smoothed round trip time of a contact, 0 if it was never measured.
func (e *Engine) RTT(c identity.Contact) time.Duration {
	return e.rtts.of(c).Smoothed()
}
