package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// counters count since the engine was made.
type counters struct {
	Requests         [rpc.AppMessage + 1]uint64 // begun, by type
	Retransmissions  uint64
	Timeouts         uint64                     // requests given up after all tries
	RequestsRefused  uint64                     // not begun: too many outstanding
	Unreachable      uint64                     // not sent: the transport could or would not
	Unsolicited      uint64                     // responses nobody waited for
	Served           [rpc.AppMessage + 1]uint64 // requests received, by type
	Refused          [rpc.Failed + 1]uint64     // writes refused, by status
	Hits             uint64                     // FIND_VALUEs answered with a record
	Delivered        uint64                     // MESSAGEs handed to a handler
	ContactsDropped  uint64                     // contacts named by others that this node may not use
	InvalidRecords   uint64                     // records in answers that their namespace refused
	Lookups          uint64
	Joins            uint64
	Fills            uint64 // buckets brought back to life
	Probes           uint64
	Restores         uint64 // keys stored again as one of their holders
	Republishes      uint64 // keys stored again as their publisher
	Handovers        uint64 // keys given to newcomers
	HandoversDropped uint64 // not queued: the queue was full
	Repairs          uint64 // older records mended after a quorum
	Cachings         uint64 // copies left at the closest node that had none
	Expired          uint64 // records and provider entries that died
	CallBacks        uint64 // first contacts sent at a peer's request
	JournalErrors    uint64
}

// Stats is an engine's state in figures.
type Stats struct {
	Mode          Mode
	Contacts      int // in the table
	Outstanding   int // requests waiting for an answer
	Operations    int // of the driver, under way
	ActiveLookups int // lookups under way
	Withheld      int // writes waiting for the journal
	Handovers     int // keys waiting to be handed over
	Counters      counters
}

// Stats is the state in figures.
func (e *Engine) Stats() Stats {
	return Stats{
		Mode:          e.mode,
		Contacts:      e.table.Len(),
		Outstanding:   e.requests.Len(),
		Operations:    len(e.ops),
		ActiveLookups: len(e.walks),
		Withheld:      len(e.withheld),
		Handovers:     len(e.queue),
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
