package engine

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/rpc"
)

// rejoins counts what the nodes asked of peers that they had lost.
func (n *network) rejoins() (sum uint64) {
	for _, nd := range n.nodes {
		sum += nd.e.counters.Rejoins
	}
	return sum
}

// loses has a contact of the node go silent, until the node has lost it.
func (nd *node) loses(gone *node) {
	n, before := nd.n, nd.e.Stats().Lost
	gone.up = false
	for range 5 {
		nd.operate(func(op OpID) []Effect { return nd.e.Ping(n.now, op, gone.address, nil) })
	}
	n.until(5*time.Minute, "the loss", func() bool { return nd.e.Stats().Lost == before+1 })
}

// A node that has lost a contact asks for it every half minute for a quarter of an hour,
// then at doubling intervals up to an hour; it sends nothing for it while nothing is lost,
// and no longer when it is found.
func TestLostContactIsAskedFor(t *testing.T) {
	n := newNetwork(t, 14)
	n.grow(4, nil)
	n.run(2 * time.Hour)
	if asked := n.rejoins(); asked != 0 {
		t.Fatalf("a network without losses: %d requests", asked)
	}
	nd, gone := n.nodes[0], n.nodes[3]
	nd.loses(gone)
	for _, step := range []struct {
		after    time.Duration
		min, max uint64
	}{{15 * time.Minute, 24, 30}, {time.Hour, 30, 36}, {10 * time.Hour, 39, 46}} {
		n.run(step.after)
		if asked := nd.e.counters.Rejoins; asked < step.min || asked > step.max {
			t.Errorf("%v later: %d requests", step.after, asked)
		}
	}
	gone.up = true
	gone.wake = gone.e.WakeAt()
	n.run(time.Hour + time.Minute)
	if lost, table := nd.e.Stats().Lost, nd.e.table.Len(); lost != 0 || table != 3 {
		t.Errorf("after its return %d are lost, %d in the table", lost, table)
	}
	before := n.rejoins()
	if n.run(2 * time.Hour); n.rejoins() != before {
		t.Error("it is asked for after its return")
	}
}

// A node none of whose contacts answers asks them and those that it has lost every half
// minute, however long ago it lost one. Later the lost one is asked at its intervals again.
func TestCutOffLongAfterALoss(t *testing.T) {
	n := newNetwork(t, 16)
	n.grow(4, nil)
	nd, gone := n.nodes[0], n.nodes[3]
	nd.loses(gone)
	n.run(5 * time.Hour)
	n.lose = func(from, to *node, _ *rpc.Message) bool { return from == nd || to == nd }
	n.until(2*time.Hour, "the cut being noticed", nd.e.cutOff)
	before := nd.e.counters.Rejoins
	n.run(30 * time.Minute)
	if asked := nd.e.counters.Rejoins - before; asked < 90 || asked > 125 { // three each time for 15 min, then one
		t.Errorf("%d requests in half an hour of the cut", asked)
	}
	n.lose = nil
	n.run(2 * time.Minute)
	if answering := nd.e.table.Answering(); answering != 2 {
		t.Errorf("two minutes after the cut %d contacts answer", answering)
	}
	before = nd.e.counters.Rejoins
	n.run(10 * time.Hour)
	if asked := nd.e.counters.Rejoins - before; asked < 8 || asked > 14 {
		t.Errorf("the lost contact is asked %d times in 10 h", asked)
	}
}

// All contacts of a node fail, and stay in its table. One of them is back, and knows nobody: it
// is found within the half minute from one round to the next.
func TestOneOfManySilentContactsIsBack(t *testing.T) {
	for seed := range uint64(10) {
		n := newNetwork(t, 100+seed)
		n.grow(7, nil)
		nd, back := n.nodes[6], n.nodes[2]
		n.lose = func(from, to *node, _ *rpc.Message) bool { return from == nd || to == nd }
		n.until(2*time.Hour, "the cut being noticed", nd.e.cutOff)
		n.run(2 * time.Minute)
		n.lose = func(from, to *node, m *rpc.Message) bool {
			return from == nd && to != back || to == nd && (from != back || !m.Response)
		}
		n.until(40*time.Second, "the one that is back being heard", func() bool { return nd.e.table.Answering() > 0 })
	}
}

// The silence of a lost contact locks nobody out and teaches nothing.
func TestSilenceOfTheLost(t *testing.T) {
	n := newNetwork(t, 15)
	n.grow(4, nil)
	nd, gone := n.nodes[0], n.nodes[3]
	nd.loses(gone)
	policy, tests := nd.e.retries, n.count[rpc.Ping]
	n.run(10 * time.Minute)
	c := n.book.Intern(gone.address)
	if nd.e.lockedOut(c) || nd.e.retries != policy {
		t.Errorf("locked out: %v; of retries it learnt %+v, before %+v", nd.e.lockedOut(c), nd.e.retries, policy)
	}
	if n.count[rpc.Ping] != tests {
		t.Errorf("%d PINGs test the link", n.count[rpc.Ping]-tests)
	}
}

// A lost contact that is heard at another address, as a server or a client, or that leaves
// from there, is lost no longer.
func TestLostContactAtAnotherAddress(t *testing.T) {
	for name, end := range map[string]func(e *Engine, c identity.Contact){
		"server": func(e *Engine, c identity.Contact) { e.contacted(c, true, false) },
		"client": func(e *Engine, c identity.Contact) { e.contacted(c, false, false) },
		"leave":  func(e *Engine, c identity.Contact) { e.Left(e.now, c, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t, 14)
			n.grow(4, nil)
			nd, gone := n.nodes[0], n.nodes[3]
			gone.up = false
			for range 5 {
				nd.operate(func(op OpID) []Effect { return nd.e.Ping(n.now, op, gone.address, nil) })
			}
			n.until(5*time.Minute, "the loss", func() bool { return nd.e.Stats().Lost == 1 })
			moved := gone.address
			moved.Endpoint = netip.MustParseAddrPort("20.77.0.1:4100")
			nd.e.enter(n.now, nil)
			end(nd.e, n.book.Intern(moved))
			nd.e.leave()
			if lost := nd.e.Stats().Lost; lost != 0 {
				t.Errorf("%d are lost", lost)
			}
		})
	}
}

// forAnybody is the usual policy, but places are free for who speaks first, so that newcomers
// displace the bootstrap peer somewhere.
type forAnybody struct{ *kbucket.Preferring }

func (forAnybody) OnlyFound() bool { return false }

// A bootstrap peer that is not in the table, as its bucket is full, is asked once in a quarter
// of an hour while it answers, however many contacts are lost meanwhile; at once if it is lost
// itself, or if the node is cut off.
func TestBootstrapPeerRests(t *testing.T) {
	n := newNetwork(t, 17)
	n.grow(24, func(cfg *Config) {
		cfg.K = 2
		secret := [16]byte(cfg.Self[:16])
		cfg.Table = func() kbucket.Policy { return forAnybody{kbucket.NewPreferring(secret)} }
	})
	n.run(time.Hour)
	seed := n.nodes[0]
	c := n.book.Intern(seed.address)
	i := slices.IndexFunc(n.nodes[1:], func(nd *node) bool {
		_, held := nd.e.table.Find(n.book.Position(c))
		return !held
	})
	if i < 0 {
		t.Fatal("all hold it")
	}
	nd := n.nodes[1+i]
	var gone []identity.Contact // of the farthest bucket: nobody takes them for new neighbours
	nd.e.table.Each(func(held identity.Contact, _ time.Time, _, bucket int) {
		if bucket == 0 {
			gone = append(gone, held)
		}
	})
	asked := 0
	nd.sent = func(fx Effect) {
		if fx.To == c && fx.Message.Type == rpc.FindNode && fx.Message.Target == nd.e.cfg.Position && len(fx.Message.Known) == 0 {
			asked++
		}
	}
	for _, c := range gone { // so many that the node asks every half minute
		nd.loses(n.at[n.book.Address(c).Endpoint])
	}
	n.until(10*time.Minute, "the bootstrap peer being asked", func() bool { return asked == 1 })
	n.run(seedRest - time.Minute)
	if asked != 1 {
		t.Errorf("it is asked %d times in a quarter of an hour", asked)
	}
	n.run(10 * time.Hour)
	if asked < 2 {
		t.Error("it is never asked again")
	}

	nd.e.enter(n.now, nil)
	defer nd.e.leave()
	nd.e.restSeed(seed.address.Endpoint)
	if len(nd.e.absentSeeds()) != 0 {
		t.Error("it does not rest")
	}
	nd.e.lose(c)
	if len(nd.e.absentSeeds()) != 1 {
		t.Error("it rests though it is lost")
	}
	nd.e.restSeed(seed.address.Endpoint)
	nd.e.table.Each(func(held identity.Contact, _ time.Time, _, _ int) { nd.e.table.Silent(held) })
	if len(nd.e.absentSeeds()) != 1 {
		t.Error("it rests though the node is cut off")
	}
}

// The list of lost contacts is bounded, and keeps the newest.
func TestLostContactsAreBounded(t *testing.T) {
	x := newFilling(3*maxLost, Config{})
	x.e.enter(x.now, nil)
	defer x.e.leave()
	for _, c := range x.contacts {
		x.e.lose(c)
	}
	last := x.contacts[len(x.contacts)-1]
	if x.e.rejoining.len() != maxLost || !slices.Contains(x.e.rejoining.lost, last) {
		t.Errorf("%d are remembered", x.e.rejoining.len())
	}
	for _, c := range x.contacts {
		x.e.heard(c)
	}
	if at := x.e.wantsRejoin(); x.e.rejoining.len() != 0 || !at.IsZero() {
		t.Errorf("%d are left, due %v", x.e.rejoining.len(), at)
	}
}

// Where one of many contacts is lost now and then, the lost are asked seldom: after 5 min,
// then at doubling intervals. So it is too after others were lost, many or few, and all came
// back.
func TestFewLossesAreAskedForSeldom(t *testing.T) {
	for name, earlier := range map[string][]int{"the first": nil, "after one": {3}, "after many": {3, 4, 5, 6, 7, 8}} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t, 17)
			n.grow(40, nil)
			nd := n.nodes[0]
			for _, i := range earlier {
				nd.loses(n.nodes[i])
			}
			for _, i := range earlier {
				n.nodes[i].up = true
				n.nodes[i].wake = n.nodes[i].e.WakeAt()
			}
			n.run(4 * time.Hour)
			if lost := nd.e.Stats().Lost; lost != 0 {
				t.Fatalf("%d are still lost", lost)
			}
			nd.loses(n.nodes[20])
			before, began := nd.e.counters.Rejoins, n.now
			for _, step := range []struct {
				minutes time.Duration // since the one before
				asked   uint64        // since the loss
			}{{4, 0}, {2, 1}, {8, 1}, {2, 2}, {18, 2}, {2, 3}} { // after 5, 15 and 35 min
				n.run(step.minutes * time.Minute)
				if asked := nd.e.counters.Rejoins - before; asked != step.asked {
					t.Errorf("%v after the loss: %d requests, not %d", n.now.Sub(began), asked, step.asked)
				}
			}
		})
	}
}

// A bootstrap peer that began again with another identity, and is in the table under it, is
// not absent: what asks for the identity of before must fail.
func TestBootstrapPeerOfAnotherIdentity(t *testing.T) {
	n := newNetwork(t, 19)
	n.grow(4, nil)
	e := n.nodes[3].e
	e.enter(n.now, nil)
	defer e.leave()
	e.ensureRejoining()
	seed := n.nodes[0].address
	seed.ID[0] ^= 1
	e.cfg.Bootstrap = []identity.Address{seed}
	if absent := e.absentSeeds(); len(absent) != 0 {
		t.Errorf("absent: %v", absent)
	}
	seed.Endpoint = netip.MustParseAddrPort("20.77.0.1:4100")
	e.cfg.Bootstrap = append(e.cfg.Bootstrap, seed)
	if absent := e.absentSeeds(); len(absent) != 1 || absent[0] != seed {
		t.Errorf("absent: %v, not the one at an endpoint of nobody", absent)
	}
}

// Forty nodes, more than a table of one bucket holds, are cut into halves. A minute after the
// end of the cut every node knows all of the closest to it again.
func TestCutIntoHalvesOfMany(t *testing.T) {
	n := newNetwork(t, 18)
	n.grow(40, nil)
	n.lose = func(from, to *node, _ *rpc.Message) bool {
		return slices.Index(n.nodes, from)%2 != slices.Index(n.nodes, to)%2
	}
	for range 15 {
		n.run(time.Minute)
		for _, nd := range n.nodes {
			nd.closest(identity.KeyPosition([]byte(nd.name + n.now.String())))
		}
	}
	n.lose = nil
	n.until(time.Minute, "the network being whole", n.whole)
}

// A ninth of the nodes is cut off. Many of the others lose too few contacts to take it for a
// cut, so that it heals later than one into halves.
func TestCutOfANinth(t *testing.T) {
	n := newNetwork(t, 300)
	n.grow(45, nil)
	n.lose = func(from, to *node, _ *rpc.Message) bool {
		return (slices.Index(n.nodes, from)%9 == 0) != (slices.Index(n.nodes, to)%9 == 0)
	}
	for range 15 {
		n.run(time.Minute)
		for _, nd := range n.nodes {
			nd.closest(identity.KeyPosition([]byte(nd.name + n.now.String())))
		}
	}
	n.lose = nil
	n.until(10*time.Minute, "the network being whole", n.whole)
}

// whole reports whether every node knows all of the closest to it.
func (n *network) whole() bool {
	return !slices.ContainsFunc(n.nodes, func(nd *node) bool {
		return slices.ContainsFunc(n.nearest(nd.e.cfg.Position, 10, nd), func(other *node) bool { return !nd.knows(other) })
	})
}
