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

// Every step of a lookup is reported once, and as it was, even if one call brings
// several.
func TestStepsAreToldAsTheyWere(t *testing.T) {
	n := newNetwork(t, 50)
	n.grow(40, nil)
	nd := n.nodes[3]
	for i, other := range n.nodes {
		other.up = i%2 == 1
	}
	nd.e.rtts = roundTrips{} // all of them time out together
	const op = 1 << 20
	var told []lookup.Event
	carry := func(fx []Effect) {
		for _, f := range fx {
			if f.Kind == ReportEvent && f.Event.Kind == LookupStep && f.Event.Op == op {
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

// The contacts of a trace are kept while the operation lasts, although its lookup is
// over.
func TestTraceOutlivesTheContactsOfTheBook(t *testing.T) {
	n := newNetwork(t, 51)
	n.grow(40, func(c *Config) { c.K = 3 })
	nd := n.nodes[3]
	op := nd.begin(func(op OpID) []Effect {
		return nd.e.Put(n.now, op, PutQuery{Key: []byte("/v/k"), Value: []byte("x")}, nil)
	})
	n.until(time.Minute, "a record being sent", func() bool { return n.count[rpc.Store] > 0 })
	nd.e.rtts, nd.e.table = roundTrips{}, kbucket.New(nd.cfg.Position, &n.book, 0) // others may have come
	kept := make(map[identity.Contact]bool)
	nd.e.EachContact(func(c identity.Contact) { kept[c] = true })
	n.run(time.Minute)
	for _, step := range nd.results[op].Trace {
		if step.Contact != 0 && !kept[step.Contact] || step.NamedBy != 0 && !kept[step.NamedBy] {
			t.Errorf("%v: forgotten", step)
		}
	}
}

// A request says which operation it serves, also when it is sent again or repeated by a
// second request, so that what an operation costs can be counted.
func TestRequestsNameTheirOperation(t *testing.T) {
	n := newNetwork(t, 52)
	n.grow(40, nil)
	nd := n.nodes[3]
	sent := nd.countSent()
	n.lose = func(_, to *node, m *rpc.Message) bool { return to == nd && m.Type == rpc.FindNode }
	r := nd.closest(randomTarget(n.rnd))
	n.run(lockOutPeriod - 10*time.Second) // outstanding requests go on, and nobody is asked again (design R4.38)
	for kind, of := range map[rpc.Type]OpID{rpc.FindNode: nd.lastOp, rpc.Ping: 0} {
		if len(sent[kind]) != 1 || sent[kind][of] == 0 {
			t.Errorf("%v by operation, of which the lookup is %d: %v", kind, nd.lastOp, sent[kind])
		}
	}
	if got, want := sent[rpc.FindNode][nd.lastOp], rpc.MaxTries*r.Lookup.RPCs; got != want || r.Lookup.RPCs <= r.Lookup.Asked {
		t.Errorf("%d sends for a lookup of %d requests to %d peers, want %d", got, r.Lookup.RPCs, r.Lookup.Asked, want)
	}
}

// The writes of a put serve the put. The copies of a get do not serve the get, which has
// finished.
func TestWritesNameTheirOperation(t *testing.T) {
	n := newNetwork(t, 53)
	n.grow(40, func(c *Config) { c.K = 3 })
	writer, reader := n.nodes[3], n.nodes[7]
	missed := n.nearest(identity.KeyPosition([]byte("/v/k")), 1, nil)[0]
	n.lose = func(_, to *node, m *rpc.Message) bool { return to == missed && m.Type == rpc.Store }
	sent := writer.countSent()
	if r := writer.put(PutQuery{Key: []byte("/v/k"), Value: []byte("x")}); r.Err != nil {
		t.Fatal(r.Err)
	}
	if stores := sent[rpc.Store]; len(stores) != 1 || stores[writer.lastOp] < 2 {
		t.Errorf("STOREs by operation, of which the put is %d: %v", writer.lastOp, stores)
	}
	n.lose = nil
	sent = reader.countSent()
	if r := reader.get("/v/k", 3); r.Err != nil {
		t.Fatal(r.Err)
	}
	n.run(time.Second)
	if asked := sent[rpc.FindValue]; len(asked) != 1 || asked[reader.lastOp] == 0 {
		t.Errorf("FIND_VALUEs by operation, of which the get is %d: %v", reader.lastOp, asked)
	}
	if stores := sent[rpc.Store]; len(stores) != 1 || stores[0] != 1 {
		t.Errorf("STOREs to mend the one that has none: %v", stores)
	}
}

// countSent counts the requests that a node sends from now on, by type and by the
// operation they serve.
func (nd *node) countSent() map[rpc.Type]map[OpID]int {
	sent := make(map[rpc.Type]map[OpID]int)
	nd.sent = func(f Effect) {
		if sent[f.Message.Type] == nil {
			sent[f.Message.Type] = make(map[OpID]int)
		}
		sent[f.Message.Type][f.Op]++
	}
	return sent
}
