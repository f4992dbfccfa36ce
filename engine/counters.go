package engine

import "kadmium/rpc"

// Counters count since the engine was made. A new counter is declared in a struct below
// and named in its Each; whatever shows counters then shows it under that name.
type Counters struct {
	Work
	Served [rpc.TypeLimit]uint64 // requests received, by type
	Rare
}

// Rare counts what most nodes of a network that is well never do.
type Rare struct {
	Refused          [rpc.Failed + 1]uint64 // writes refused, by status
	Hits             uint64                 // FIND_VALUEs answered with a record
	Left             uint64                 // peers that said that they end
	Delivered        uint64                 // MESSAGEs given to a handler
	RequestsRefused  uint64                 // requests not begun: too many were outstanding
	Unreachable      uint64                 // requests that the driver could not send
	SendRefused      uint64                 // requests not answered, of which a try was refused on sending
	Postponed        uint64                 // answers by which a write is to be sent again later
	Polls            uint64                 // answers by which a message is to be polled
	MalformedAnswers uint64                 // requests that ended with an answer which could not be decoded
	QueriesFailed    uint64                 // queries that failed, of peers that were not gone before
	Unsolicited      uint64                 // responses to no outstanding request
	ContactsDropped  uint64                 // contacts named by others that this node may not use
	InvalidRecords   uint64                 // records in answers that are not valid
	HandoversDropped uint64                 // keys not queued: the queue was full
	HandoversStopped uint64                 // keys not sent: the newcomer answered no longer
	Resumes          uint64                 // times that the driver had not called it for a while
	DialBacks        uint64                 // first contacts sent because a peer asked for a dial back
	JournalErrors    uint64
	Crowded          uint64 // lookups that found more nodes near their target than chance puts there
	Overrun          uint64 // peers that were late, and for which lookups of operations did not wait
	LateHolders      uint64 // holders that were late to confirm, and for which operations did not wait
	Repeated         uint64 // lookups that were repeated by disjoint paths
	Sparse           uint64 // lookups of which too few near their target answered
	SubnetRefused    uint64 // contacts not taken from answers: their subnet had its share
	StaleGets        uint64 // gets that ended with an older record than this node had seen
	NewestForgotten  uint64 // keys whose highest sequence was forgotten: the limit was reached

	// Of checks of this node's reachability (design R7.16).
	ReachabilityConfirmed uint64 // others can reach it
	ReachabilityLost      uint64 // it became a client
	DialBacksMissed       uint64 // dial backs that a peer agreed to and that did not come

	// Of this node's own address (design R7.18).
	AddressVotes   uint64 // votes on it
	AddressChanges uint64 // votes that changed it
}

// counts are the Counters of an engine, with memory for the rare ones once there are some.
type counts struct {
	Work
	Served [rpc.TypeLimit]uint64
	rare   *Rare
}

// seldom are the rare ones, to be changed.
func (c *counts) seldom() *Rare {
	if c.rare == nil {
		c.rare = new(Rare)
	}
	return c.rare
}

func (c *counts) all() Counters {
	all := Counters{Work: c.Work, Served: c.Served}
	if c.rare != nil {
		all.Rare = *c.rare
	}
	return all
}

// Work counts what a node does for its operations and by itself. What other nodes ask of
// it is not included.
type Work struct {
	Requests        [rpc.TypeLimit]uint64 // begun, by type
	Retransmissions uint64
	Timeouts        uint64 // requests given up after all tries
	Lookups         uint64
	Joins           uint64
	Fills           uint64 // of buckets
	Probes          uint64
	Rejoins         uint64 // lost contacts and absent bootstrap peers asked
	Replications    uint64 // keys replicated
	Republishes     uint64 // keys published again
	Handovers       uint64 // keys sent to newcomers
	Cachings        uint64 // copies left at the closest node that had none
	Repairs         uint64 // nodes sent a newer record after a quorum
	Expired         uint64 // records and provider entries
}

// The names of the counters that are kept by type of request or by status.
var (
	requestNames = dotted("requests.", rpc.TypeLimit-1)
	servedNames  = dotted("served.", rpc.TypeLimit-1)
	refusedNames = dotted("refused.", rpc.Failed)
)

// dotted returns the names of all values up to last, each after a prefix.
func dotted[T interface {
	~uint8
	String() string
}](prefix string, last T) []string {
	names := make([]string, last+1)
	for i := range names {
		names[i] = prefix + T(i).String()
	}
	return names
}

// Each calls f with the dotted name and the value of every counter, always in the same
// order.
func (c *Counters) Each(f func(name string, value uint64)) {
	c.Work.Each(f)
	for t := rpc.Ping; t.Valid(); t++ {
		f(servedNames[t], c.Served[t])
	}
	for s := rpc.OK + 1; s <= rpc.Failed; s++ {
		f(refusedNames[s], c.Refused[s])
	}
	f("values.served", c.Hits)
	f("messages.delivered", c.Delivered)
	f("peers.left", c.Left)
	f("requests.refused", c.RequestsRefused)
	f("requests.unreachable", c.Unreachable)
	f("requests.send_refused", c.SendRefused)
	f("requests.malformed", c.MalformedAnswers)
	f("requests.postponed", c.Postponed)
	f("requests.polled", c.Polls)
	f("queries.failed", c.QueriesFailed)
	f("responses.unsolicited", c.Unsolicited)
	f("contacts.dropped", c.ContactsDropped)
	f("contacts.subnet_refused", c.SubnetRefused)
	f("lookups.crowded", c.Crowded)
	f("lookups.sparse", c.Sparse)
	f("lookups.repeated", c.Repeated)
	f("lookups.late", c.Overrun)
	f("gets.stale", c.StaleGets)
	f("sequences.forgotten", c.NewestForgotten)
	f("holders.late", c.LateHolders)
	f("records.invalid", c.InvalidRecords)
	f("handovers.dropped", c.HandoversDropped)
	f("handovers.stopped", c.HandoversStopped)
	f("resumes", c.Resumes)
	f("calls_back", c.DialBacks)
	f("reachability.confirmed", c.ReachabilityConfirmed)
	f("reachability.lost", c.ReachabilityLost)
	f("reachability.silences", c.DialBacksMissed)
	f("address.votes", c.AddressVotes)
	f("address.changes", c.AddressChanges)
	f("journal.errors", c.JournalErrors)
}

// Each calls f with the dotted name and the value of every counter of Work, always in the
// same order.
func (w *Work) Each(f func(name string, value uint64)) {
	for t := rpc.Ping; t.Valid(); t++ {
		f(requestNames[t], w.Requests[t])
	}
	f("requests.repeated", w.Retransmissions)
	f("requests.timed_out", w.Timeouts)
	f("lookups", w.Lookups)
	f("joins", w.Joins)
	f("fills", w.Fills)
	f("probes", w.Probes)
	f("rejoins", w.Rejoins)
	f("restores", w.Replications)
	f("republishes", w.Republishes)
	f("handovers", w.Handovers)
	f("cachings", w.Cachings)
	f("repairs", w.Repairs)
	f("expired", w.Expired)
}

// Begun is the number of requests begun, of all types.
func (w *Work) Begun() (n uint64) {
	for _, of := range w.Requests {
		n += of
	}
	return n
}
