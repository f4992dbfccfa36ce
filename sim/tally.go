package sim

import (
	"kadmium/engine"
	"kadmium/rpc"
	"kadmium/sim/report"
)

// A tally adds up what engines did, by the places of tallied.
type tally [len(tallied)]uint64

// tallied names what is added up, as kad stats does.
var tallied = [...]struct {
	name string
	of   func(*engine.Stats) uint64
}{
	{"requests.PING", requests(rpc.Ping)},
	{"requests.FIND_NODE", requests(rpc.FindNode)},
	{"requests.FIND_VALUE", requests(rpc.FindValue)},
	{"requests.STORE", requests(rpc.Store)},
	{"requests.ADD_PROVIDER", requests(rpc.AddProvider)},
	{"requests.GET_PROVIDERS", requests(rpc.GetProviders)},
	{"requests.repeated", func(s *engine.Stats) uint64 { return s.Counters.Retransmissions }},
	{"requests.timed_out", func(s *engine.Stats) uint64 { return s.Counters.Timeouts }},
	{"lookups", func(s *engine.Stats) uint64 { return s.Counters.Lookups }},
	{"joins", func(s *engine.Stats) uint64 { return s.Counters.Joins }},
	{"fills", func(s *engine.Stats) uint64 { return s.Counters.Fills }},
	{"probes", func(s *engine.Stats) uint64 { return s.Counters.Probes }},
	{"restores", func(s *engine.Stats) uint64 { return s.Counters.Restores }},
	{"republishes", func(s *engine.Stats) uint64 { return s.Counters.Republishes }},
	{"handovers", func(s *engine.Stats) uint64 { return s.Counters.Handovers }},
	{"cachings", func(s *engine.Stats) uint64 { return s.Counters.Cachings }},
	{"repairs", func(s *engine.Stats) uint64 { return s.Counters.Repairs }},
	{"expired", func(s *engine.Stats) uint64 { return s.Counters.Expired }},
}

func requests(t rpc.Type) func(*engine.Stats) uint64 {
	return func(s *engine.Stats) uint64 { return s.Counters.Requests[t] }
}

// kinds of requests come first in tallied.
const kindsOfRequests = 6

func (t *tally) add(e *engine.Engine) {
	s := e.Stats()
	for i := range tallied {
		t[i] += tallied[i].of(&s)
	}
}

// requests are those begun, of all kinds.
func (t *tally) requests() (n uint64) {
	for _, of := range t[:kindsOfRequests] {
		n += of
	}
	return n
}

// work is what was done at all.
func (t *tally) work() []report.Work {
	var list []report.Work
	for i := range tallied {
		if t[i] > 0 {
			list = append(list, report.Work{Name: tallied[i].name, Count: t[i]})
		}
	}
	return list
}

// A traffic counts datagrams.
type traffic struct {
	datagrams uint64 // sent
	lost      uint64 // of these, and of those that the network made twice of one
	replayed  uint64 // second copies, which the session drops
}

func (t *traffic) add(o *traffic) {
	t.datagrams += o.datagrams
	t.lost += o.lost
	t.replayed += o.replayed
}

func (t *traffic) work() []report.Work {
	list := []report.Work{{Name: "datagrams", Count: t.datagrams}}
	if t.lost > 0 {
		list = append(list, report.Work{Name: "datagrams.lost", Count: t.lost})
	}
	if t.replayed > 0 {
		list = append(list, report.Work{Name: "datagrams.replayed", Count: t.replayed})
	}
	return list
}
