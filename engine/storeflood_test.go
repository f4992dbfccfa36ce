package engine

import (
	"flag"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

var fullFlood = flag.Bool("flood", false, "TestStoreFlood: full stores of the default size, of records of 1 kB")

// Who fills the stores of all nodes from a few subnets keeps nobody's records out, neither
// while he goes on nor afterwards, and displaces none; nor do the nodes that store again what
// he has stored.
func TestStoreFlood(t *testing.T) {
	if racing {
		t.Skip("runs in one goroutine")
	}
	for _, subnets := range []int{4, 40} {
		t.Run(fmt.Sprint(subnets), func(t *testing.T) {
			f := storeFlood{subnets: subnets, first: 1380, more: 5, puts: 96, limits: store.Config{MaxRecords: 400}, value: []byte("x")}
			if *fullFlood {
				f = storeFlood{subnets: subnets, first: 46_000, more: 50, puts: 200, value: make([]byte, 900)}
			}
			f.run(t)
		})
	}
}

// A storeFlood is the size of one.
type storeFlood struct {
	subnets     int
	first, more int // STOREs to each node: before the puts, and with each
	puts        int
	limits      store.Config
	value       []byte

	*network
	sent int
}

func (f *storeFlood) run(t *testing.T) {
	f.network = newNetwork(t, 33)
	for i := range 24 {
		if nd := f.addApart(); i > 0 {
			nd.join()
		}
	}
	f.put("before", 24, 0)
	f.flood(f.first)
	f.put("during", f.puts, f.more)
	f.goOn(10 * time.Minute)
	f.reached("before", 24)
	f.reached("during", f.puts)
	if *fullFlood && f.subnets > 4 {
		return // they are all stored again, a million of them
	}
	f.goOn(80 * time.Minute) // what is held is stored again meanwhile
	f.put("later", 24, f.more)
	f.goOn(10 * time.Minute)
	f.reached("before", 24)
	f.reached("during", f.puts)
	f.reached("later", 24)
	s := f.nodes[3].e.Store().Stats()
	if s.Displaced == 0 {
		t.Error("a node has displaced nothing")
	}
	t.Logf("a node holds %+v", s)
}

// addApart makes a node in a wide subnet of its own.
func (f *storeFlood) addApart() *node {
	i := len(f.nodes)
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(20 + i/200), byte(i % 200), 1, 1}), 4100)
	nd := f.add(func(c *Config) { c.Endpoint, c.Store = at, &f.limits })
	nd.move(at)
	return nd
}

// Who fills the stores of all nodes, and of those that join, as soon as they do, gets nothing
// of it stored again in their names: what honest nodes have put is kept while nodes come and
// go.
func TestStoreFloodUnderChurn(t *testing.T) {
	if racing {
		t.Skip("runs in one goroutine")
	}
	f := storeFlood{network: newNetwork(t, 13), subnets: 4, limits: store.Config{MaxRecords: 210}, value: []byte("x")}
	nodes, steps := 24, 30
	if *fullFlood {
		nodes, steps = 40, 100
	}
	for i := range nodes {
		if nd := f.addApart(); i > 0 {
			nd.join()
		}
	}
	records := 5 * nodes
	for i := range records {
		f.nodes[i%nodes].put(PutQuery{Key: fmt.Appendf(nil, "/v/before%d", i), Value: f.value, Ephemeral: true})
	}
	f.flood(2 * f.limits.MaxRecords)
	for range steps {
		up := f.live()
		up[1+f.rnd.IntN(len(up)-1)].up = false // others join through the first
		nd := f.addApart()
		nd.join()
		f.floodAll([]*node{nd}, 2*f.limits.MaxRecords)
		f.flood(8)
		f.network.run(6 * time.Minute)
	}
	if _, least := f.held("before", records); least < 10 {
		t.Errorf("a record has %d holders", least)
	}
}

func (f *storeFlood) put(name string, count, more int) {
	refused := 0
	for i := range count {
		if r := f.nodes[i%24].put(PutQuery{Key: fmt.Appendf(nil, "/v/%s%d", name, i), Value: f.value}); r.Err != nil {
			refused++
		}
		f.flood(more)
	}
	if refused > 0 {
		f.t.Errorf("%d of %d puts %s were refused", refused, count, name)
	}
}

// flood sends so many STOREs to each node.
func (f *storeFlood) flood(count int) { f.floodAll(f.live(), count) }

// floodAll sends STOREs of records that no other node is sent: what the nodes store again is
// then new to the others.
func (f *storeFlood) floodAll(nodes []*node, count int) {
	for range count {
		f.sent++
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{77, byte(f.sent % f.subnets), 1, 1}), 4100)
		from := f.book.Intern(identity.Address{ID: identity.ID{7, byte(f.sent % f.subnets)}, Endpoint: at})
		for i, nd := range nodes {
			r := &rpc.Record{Key: fmt.Appendf(nil, "/v/flood%d/%d", f.sent, i), Value: f.value, Sequence: 1, TTL: 24 * time.Hour}
			m := &rpc.Message{Type: rpc.Store, ID: uint64(f.sent), Record: r}
			nd.e.Receive(f.now, &Inbound{From: from, Message: m, Proven: true}, nil)
			nd.wake = nd.e.WakeAt()
		}
	}
}

func (f *storeFlood) goOn(d time.Duration) {
	for range d / time.Minute {
		f.network.run(time.Minute)
		f.flood(4 * f.more)
	}
}

func (f *storeFlood) reached(name string, count int) {
	if short, _ := f.held(name, count); short > count/20 || name == "before" && short > 0 {
		f.t.Errorf("%d of %d records put %s have less than 15 holders", short, count, name)
	}
}

// held says how many of the records have less than 15 holders, and how many the one with
// fewest has.
func (f *storeFlood) held(name string, count int) (short, least int) {
	least = len(f.nodes)
	for i := range count {
		n := len(f.holders(fmt.Sprintf("/v/%s%d", name, i)))
		least = min(least, n)
		if n < 15 {
			short++
		}
	}
	f.t.Logf("of %d records put %s %d have less than 15 holders, none less than %d", count, name, short, least)
	return short, least
}
