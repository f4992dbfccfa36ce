package engine

import (
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/lookup"
	"kadmium/rpc"
)

// Every step of a lookup is told once and as it was, also when one call brings
// several.
func TestStepsAreToldAsTheyWere(t *testing.T) {
	n := newNetwork(t, 50)
	n.grow(40, nil)
	nd := n.nodes[3]
	for i, other := range n.nodes {
		other.up = i%2 == 1
	}
	nd.e.rtts = roundTrips{} // all run out of time together
	const op = 1 << 20
	var told []lookup.Event
	carry := func(fx []Effect) {
		for _, f := range fx {
			if f.Kind == Emit && f.Event.Kind == LookupStep && f.Event.Op == op {
				told = append(told, *f.Event.Step)
			}
		}
		nd.run(fx)
	}
	carry(nd.e.Closest(n.now, op, randomTarget(n.rnd), nil))
	n.lose = func(*node, *node, *rpc.Message) bool { return true }
	for nd.results[op] == nil {
		n.now = nd.wake
		carry(nd.e.Tick(n.now, nil))
	}
	if trace := nd.results[op].Trace; !slices.Equal(told, trace) {
		t.Errorf("%d steps were told, not the %d that there were:\n%v\n%v", len(told), len(trace), told, trace)
	}
}

// The contacts of a trace are kept while the operation lasts, though its lookup
// is over.
func TestTraceOutlivesASweep(t *testing.T) {
	n := newNetwork(t, 51)
	n.grow(40, func(c *Config) { c.K = 3 })
	nd := n.nodes[3]
	op := nd.begin(func(op OpID) []Effect {
		return nd.e.Put(n.now, op, PutQuery{Key: []byte("/v/k"), Value: []byte("x")}, nil)
	})
	n.until(time.Minute, "a record being sent", func() bool { return n.count[rpc.Store] > 0 })
	nd.e.rtts, nd.e.table = roundTrips{}, kbucket.New(nd.cfg.Position, &n.book, kbucket.Config{}) // others may have come
	kept := make(map[identity.Contact]bool)
	nd.e.EachContact(func(c identity.Contact) { kept[c] = true })
	n.run(time.Minute)
	for _, step := range nd.results[op].Trace {
		if step.Contact != 0 && !kept[step.Contact] || step.NamedBy != 0 && !kept[step.NamedBy] {
			t.Errorf("%v: forgotten", step)
		}
	}
}
