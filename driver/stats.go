package driver

import (
	"net/netip"

	"kadmium/engine"
	"kadmium/peerbook"
	"kadmium/store"
	"kadmium/transport"
)

// Stats is a driver's state in figures, taken at one moment but for the transport's.
type Stats struct {
	Engine             engine.Stats
	Tasks              []engine.Task  // the schedule
	Observed           netip.AddrPort // where peers see this node; the zero value if none said
	Store              store.Stats
	Wire               transport.Stats
	ValidationsWaiting int    // messages that wait for validation
	ValidationsDropped uint64 // messages dropped since the start: too many waited
	Handling           int    // handlers that are running
	NotHandled         uint64 // messages answered "later" since the start: too many handlers were running
	OverLimit          uint64 // messages answered "later" since the start: too many came in a second
	Remembered         int    // writes remembered so that none is executed twice
	NotRemembered      uint64 // writes answered "later" since the start: too many were remembered
	Panics             uint64 // of handlers and validators, since the start
	Contacts           int    // in the book
	Peers              peerbook.Stats
	Notes              int    // about peers
	NoteBytes          int    // of memory that these take
	JournalFailing     bool   // writes of the journal fail now
	SocketsFailing     bool   // reads of a socket fail now
	Probes             uint64 // PINGs sent to learn whether the node is ready
	Searches           uint64 // lookups of itself as none of them was answered
	LinesLost          uint64 // of the log, as nobody has read it
}

// Stats is the driver's state in figures.
func (d *Driver) Stats() Stats {
	wire := d.transport.Stats()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats(wire)
}

// stats is Stats with the transport's. The caller holds d.mu.
func (d *Driver) stats(wire transport.Stats) Stats {
	return Stats{
		Engine:             d.engine.Stats(),
		Tasks:              d.engine.Tasks(),
		Observed:           d.engine.Observed(),
		Store:              d.engine.Store().Stats(),
		Wire:               wire,
		ValidationsWaiting: len(d.validations.waiting),
		ValidationsDropped: d.validations.dropped,
		Handling:           d.handling.running,
		NotHandled:         d.handling.refused,
		OverLimit:          d.messages.Refused,
		Remembered:         len(d.once.writes),
		NotRemembered:      d.once.refused,
		Panics:             d.panics.total(),
		Contacts:           d.book.Len(),
		Peers:              d.peers.Stats(),
		Notes:              d.notes.Len(),
		NoteBytes:          d.notes.Bytes(),
		JournalFailing:     d.journal != nil && d.journal.Failing() != nil,
		SocketsFailing:     d.transport.ReadFailure() != nil,
		Probes:             d.prober.probes,
		Searches:           d.prober.searches,
		LinesLost:          d.linesLost.Load(),
	}
}
