package engine

// Stats has the gauges and counters of an engine (design R8.1).
type Stats struct {
	Mode             Mode
	Contacts         int    // in the routing table
	Answering        int    // of them, those that answered the last request
	Outstanding      int    // requests that wait for an answer
	Operations       int    // of the driver
	ActiveLookups    int    // running lookups
	Unsynced         int    // writes that wait for the journal
	Handovers        int    // keys that wait to be handed over
	Lost             int    // contacts remembered as lost
	Awaited          int    // contacts of an earlier run whose places are kept
	KeptHere         int    // puts and provides that wait for a peer to answer
	Settled          int    // settled requests that their receivers were not told of
	Newcomers        int    // newcomers remembered
	Clients          int    // clients known while no server answers
	Moved            int    // new addresses of peers being checked
	ProbesWaiting    int    // contacts that wait for a PING
	NetworkSize      int    // estimate of the network's nodes; 0: not known
	DialBacksRefused uint64 // dial backs asked for and not sent since the start
	Counters         Counters
}

// Begun is the number of requests begun so far.
func (e *Engine) Begun() uint64 { return e.counters.Begun() }

// Stats is the present state in figures.
func (e *Engine) Stats() Stats {
	refused := uint64(0)
	if e.reachability != nil {
		refused = e.reachability.dialRefused
	}
	return Stats{
		DialBacksRefused: refused,
		Mode:             e.mode,
		Contacts:         e.table.Len(),
		Answering:        e.table.Answering(),
		Outstanding:      e.requests.Len(),
		Operations:       len(e.ops),
		ActiveLookups:    len(e.lookups),
		Unsynced:         e.unsynced.len(),
		Handovers:        e.keysToHandOver(),
		Lost:             e.rejoining.len(),
		Awaited:          e.table.Kept(),
		KeptHere:         e.kept.len(),
		Settled:          e.settled.len(),
		Newcomers:        e.newcomers.len(),
		Clients:          len(e.clients()),
		Moved:            len(e.moved),
		ProbesWaiting:    len(e.probes),
		NetworkSize:      int(e.networkSize()),
		Counters:         e.counters.all(),
	}
}
