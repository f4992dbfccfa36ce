package sim

import (
	"slices"

	"kadmium/engine"
	"kadmium/sim/report"
)

// A tally adds up what engines did.
type tally struct {
	requests uint64        // begun, of all types
	counters []report.Work // in the order of engine.Work.Each; nil until an engine was added
}

func (t *tally) add(e *engine.Engine) {
	s := e.Stats()
	t.requests += s.Counters.Begun()
	if t.counters == nil {
		s.Counters.Work.Each(func(name string, _ uint64) { t.counters = append(t.counters, report.Work{Name: name}) })
	}
	i := 0
	s.Counters.Work.Each(func(_ string, value uint64) {
		t.counters[i].Count += value
		i++
	})
}

// addTally adds what another tally has.
func (t *tally) addTally(o *tally) {
	t.requests += o.requests
	if t.counters == nil {
		t.counters = slices.Clone(o.counters)
		return
	}
	for i := range o.counters {
		t.counters[i].Count += o.counters[i].Count
	}
}

// work lists the counters that are not 0.
func (t *tally) work() []report.Work {
	return slices.DeleteFunc(slices.Clone(t.counters), func(w report.Work) bool { return w.Count == 0 })
}

// A traffic counts datagrams.
type traffic struct {
	datagrams uint64 // sent
	lost      uint64 // of these and of second copies
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
