package kadmium

import (
	"cmp"
	"net/netip"
	"time"

	"kadmium/driver"
	"kadmium/engine"
	"kadmium/identity"
	"kadmium/store"
	"kadmium/transport"
)

// Stats is what a node is doing and has done since it started.
type Stats struct {
	Peer      identity.ID        `json:"peer"`
	Addresses []identity.Address `json:"addresses"`
	Observed  netip.AddrPort     `json:"observed,omitzero"` // where peers see this node
	Network   string             `json:"network"`
	Mode      string             `json:"mode"`   // as configured
	Serves    bool               `json:"serves"` // others may keep this node in their tables
	Started   time.Time          `json:"started"`
	Peers     int                `json:"peers"`     // contacts in the table that answered the last request
	Records   int                `json:"records"`   // held
	Providers int                `json:"providers"` // provider entries held
	Bytes     int                `json:"bytes"`     // of memory that both take
	Published int                `json:"published"` // records and provided keys that this node publishes again
	Tasks     []Task             `json:"tasks"`     // what it does by itself
	Gauges    map[string]int     `json:"gauges"`    // what there is now, by dotted name
	Counters  map[string]uint64  `json:"counters"`  // what there was since the start, by dotted name
	Wire      transport.Stats    `json:"wire"`
}

// A Task is something the node does by itself, again and again.
type Task struct {
	Name     string        `json:"name"`
	Interval time.Duration `json:"interval_ns"`  // of the rule behind it; 0: as work comes
	Jitter   time.Duration `json:"jitter_ns"`    // at most, on top
	Due      time.Time     `json:"due,omitzero"` // zero: not until something happens
	Runs     uint64        `json:"runs"`
}

// Stats says what the node is doing and has done.
func (n *Node) Stats() Stats {
	addresses := n.Addresses()
	d := n.driver.Stats()
	e, held := &d.Engine, &d.Store
	return Stats{
		Peer:      n.id,
		Addresses: addresses,
		Observed:  d.Observed,
		Network:   n.network,
		Mode:      n.mode.String(),
		Serves:    e.Mode == engine.Server,
		Started:   n.started,
		Peers:     e.Answering,
		Records:   held.Records,
		Providers: held.Providers,
		Bytes:     held.Bytes,
		Published: held.Published,
		Tasks:     n.tasks(d.Tasks),
		Gauges:    n.gauges(&d),
		Counters:  n.counters(&d),
		Wire:      d.Wire,
	}
}

func (n *Node) tasks(all []engine.Task) []Task {
	tasks := make([]Task, len(all))
	for i, t := range all {
		tasks[i] = Task{Name: t.Name, Interval: t.Interval, Jitter: t.Jitter, Due: n.driver.Wall(t.Due), Runs: t.Runs}
	}
	return tasks
}

func (n *Node) gauges(d *driver.Stats) map[string]int {
	e, held := &d.Engine, &d.Store
	return map[string]int{
		"journal.failing":      oneIf(d.JournalFailing),
		"sockets.failing":      oneIf(d.SocketsFailing),
		"requests.outstanding": e.Outstanding,
		"operations":           e.Operations,
		"lookups":              e.ActiveLookups,
		"writes.withheld":      e.Unsynced,
		"handovers.waiting":    e.Handovers,
		"contacts.lost":        e.Lost,
		"contacts.awaited":     e.Awaited,
		"writes.kept_here":     e.KeptHere,
		"writes.settled":       e.Settled,
		"newcomers":            e.Newcomers,
		"addresses.checking":   e.Moved,
		"clients":              e.Clients,
		"probes.waiting":       e.ProbesWaiting,
		"network.size":         e.NetworkSize,
		"contacts.failing":     e.Contacts - e.Answering,
		"checks.waiting":       d.ValidationsWaiting,
		"messages.handling":    d.Handling,
		"writes.remembered":    d.Remembered,
		"contacts.known":       d.Contacts,
		"peers.known":          d.Peers.Known,
		"store.sequences":      held.Sequences,
		"store.room.records":   room(n.limits.Records, store.DefaultMaxRecords, held.Records),
		"store.room.providers": room(n.limits.Providers, store.DefaultMaxProviders, held.Providers),
		"store.room.bytes":     room(n.limits.Bytes, store.DefaultMaxBytes, held.Bytes),
		"notes":                d.Notes,
		"notes.bytes":          d.NoteBytes,
	}
}

// room is what is left of a limit, which is its default where it is 0.
func room(limit, otherwise, held int) int { return max(0, cmp.Or(limit, otherwise)-held) }

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (n *Node) counters(d *driver.Stats) map[string]uint64 {
	all := map[string]uint64{
		"checks.dropped":     d.ValidationsDropped,
		"writes.later":       d.NotRemembered,
		"store.displaced":    uint64(d.Store.Displaced),
		"store.withheld":     uint64(d.Store.Withheld),
		"store.forgotten":    uint64(d.Store.SequencesDropped),
		"calls_back.refused": d.Engine.DialBacksRefused,
		"messages.later":     d.NotHandled,
		"messages.limited":   d.OverLimit,
		"events.dropped":     n.listeners.droppedEvents(),
		"steps.dropped":      n.lostSteps.Load(),
		"log.lost":           d.LinesLost,
		"panics":             d.Panics,
		"peers.met":          d.Peers.Met,
		"peers.forgotten":    d.Peers.Evicted,
		"ready.probes":       d.Probes,
		"ready.lookups":      d.Searches,
	}
	d.Engine.Counters.Each(func(name string, value uint64) { all[name] = value })
	return all
}
