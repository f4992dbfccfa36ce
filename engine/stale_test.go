package engine

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// A fifth of the nodes serve the older record of every key, wherever it belongs, and name
// each other alone. The first answer is then often an old one, three are better, and Fresh
// finds the newer record (design R6.39).
func TestStaleRecordsOfColluders(t *testing.T) {
	n := newNetwork(t, 7)
	n.grow(250, nil)
	n.run(10 * time.Second)
	var colluders []*node
	for i, nd := range n.nodes {
		if i%5 == 3 {
			colluders = append(colluders, nd)
		}
	}
	const keys, askers = 30, 4
	old := map[string]*rpc.Record{}
	for i := range keys {
		key := fmt.Sprint("/v/", i)
		for _, value := range []string{"old", "new"} {
			r := n.nodes[5*i].put(PutQuery{Key: []byte(key), Value: []byte(value), Ephemeral: true})
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if value == "old" {
				old[key] = cloneRecord(r.Record)
			}
		}
	}
	var asked string // the key of the get that is under way
	n.forge = func(from, _ *node, m *rpc.Message) {
		if !m.Response || m.Type != rpc.FindValue && m.Type != rpc.FindNode || !slices.Contains(colluders, from) {
			return
		}
		if m.Type == rpc.FindValue {
			m.Record = old[asked]
		}
		m.Contacts = nil
		for _, nd := range nearestOf(colluders, identity.KeyPosition([]byte(asked)), 20) {
			if nd != from {
				m.Contacts = append(m.Contacts, n.book.Intern(nd.address))
			}
		}
	}
	stale := func(q GetQuery) (of float64) {
		gets := 0
		for key := range keys {
			asked = fmt.Sprint("/v/", key)
			q.Key, q.NoStore = []byte(asked), true
			for i := range askers {
				asker := n.nodes[11+50*i]
				r := asker.operate(func(op OpID) []Effect { return asker.e.Get(n.now, op, q, nil) })
				if gets++; r.Err != nil || string(r.Record.Value) == "old" {
					of++
				}
			}
		}
		return of / float64(gets)
	}
	first, usual, fresh := stale(GetQuery{Quorum: 1}), stale(GetQuery{}), stale(GetQuery{Fresh: true})
	t.Logf("old records: %.1f %% of gets by the first answer, %.1f %% by default, %.1f %% with Fresh", 100*first, 100*usual, 100*fresh)
	if first < 0.15 || usual > first/2 || fresh > 0.007 {
		t.Errorf("%.3f, %.3f and %.3f of gets returned an old record, or none", first, usual, fresh)
	}
}

// nearestOf are the n of the nodes that are nearest to the target.
func nearestOf(all []*node, target identity.Position, n int) []*node {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b *node) int {
		pa, pb := a.address.ID.Position(), b.address.ID.Position()
		return identity.Compare(&target, &pa, &pb)
	})
	return all[:min(n, len(all))]
}

// Nodes of one /24 are one answer of the three, however many they are.
func TestQuorumOfOneSubnet(t *testing.T) {
	n := newNetwork(t, 7)
	n.grow(12, nil)
	asker, subnet := n.nodes[0], netip.MustParsePrefix("9.9.9.0/24")
	for i := range 60 {
		nd := n.add(nil)
		delete(n.at, nd.address.Endpoint)
		nd.address.Endpoint = netip.AddrPortFrom(netip.AddrFrom4([4]byte{9, 9, 9, byte(i)}), 4100)
		n.at[nd.address.Endpoint] = nd
		if r := nd.join(); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	of := func(c identity.Contact) bool { return subnet.Contains(n.book.Address(c).Endpoint.Addr()) }
	key, target := "", identity.Position{}
	for i := 0; key == ""; i++ { // the first three that the asker asks are all of the subnet
		k := fmt.Sprint("/v/", i)
		target = identity.KeyPosition([]byte(k))
		if near := asker.e.table.NearestAny(nil, &target, asker.e.cfg.Alpha); !slices.ContainsFunc(near, func(c identity.Contact) bool { return !of(c) }) {
			key = k
		}
	}
	old := &rpc.Record{Key: []byte(key), Value: []byte("old"), Sequence: 1, TTL: time.Hour}
	for _, nd := range n.nodes[1:12] {
		nd.e.store.Put(n.now, &rpc.Record{Key: []byte(key), Value: []byte("new"), Sequence: 2, TTL: time.Hour}, identity.NetGroup{}, nil, 0, nd.e.rnd)
	}
	n.forge = func(from, _ *node, m *rpc.Message) {
		if m.Response && m.Type == rpc.FindValue && subnet.Contains(from.address.Endpoint.Addr()) {
			m.Record = old
		}
	}
	get := func(q GetQuery) *Result {
		q.Key, q.NoStore = []byte(key), true
		return asker.operate(func(op OpID) []Effect { return asker.e.Get(n.now, op, q, nil) })
	}
	if r := get(GetQuery{Quorum: 1}); r.Err != nil || string(r.Record.Value) != "old" {
		t.Fatalf("the first answer is not the subnet's: %+v", r)
	}
	if r := get(GetQuery{}); r.Err != nil || string(r.Record.Value) != "new" || r.Answers <= 3 {
		t.Errorf("by default %s of %d answers, %v", r.Record.Value, r.Answers, r.Err)
	}
}

// A get repairs where it was told to weigh answers, and not by default, so that reads do not
// become writes (design R6.6). What the key determines is not weighed.
func TestDefaultGetRepairsNothing(t *testing.T) {
	n := newNetwork(t, 31)
	n.grow(30, nil)
	fixed := []byte("fixed")
	imm := fmt.Sprintf("/imm/%x", sha256.Sum256(fixed))
	for _, q := range []PutQuery{{Key: []byte("/v/x"), Value: []byte("old")}, {Key: []byte(imm), Value: fixed}} {
		q.Ephemeral = true
		if r := n.nodes[2].put(q); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	behind := n.nearest(identity.KeyPosition([]byte("/v/x")), 1, nil)[0]
	n.lose = func(_, to *node, m *rpc.Message) bool { return m.Type == rpc.Store && !m.Response && to == behind }
	if r := n.nodes[2].put(PutQuery{Key: []byte("/v/x"), Value: []byte("new"), Ephemeral: true}); r.Err != nil {
		t.Fatal(r.Err)
	}
	n.lose = nil
	asker := n.nearest(identity.KeyPosition([]byte("/v/x")), 30, nil)[29] // who holds nothing
	for _, c := range []struct {
		q       GetQuery
		repairs uint64
	}{{GetQuery{}, 0}, {GetQuery{Quorum: 1}, 0}, {GetQuery{Fresh: true}, 1}} {
		c.q.Key = []byte("/v/x")
		before := asker.e.counters.Repairs
		r := asker.operate(func(op OpID) []Effect { return asker.e.Get(n.now, op, c.q, nil) })
		if got := asker.e.counters.Repairs - before; r.Err != nil || min(got, 1) != c.repairs {
			t.Errorf("%+v: %d repairs, want %d; %v", c.q, got, c.repairs, r.Err)
		}
	}
	if r := asker.get(imm, 0); r.Err != nil || r.Answers != 1 {
		t.Errorf("of an immutable key it weighed %d answers, %v", r.Answers, r.Err)
	}
}
