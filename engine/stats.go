package engine

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
		Counters:      e.counters,
	}
}
