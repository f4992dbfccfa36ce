package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// A record expires exactly 24 h after its publisher last stored it, however often its
// holders replicate it; and of twenty holders about one an hour does the lookup.
func TestExpiresToTheSecond(t *testing.T) {
	n := newNetwork(t, 4)
	n.grow(40, nil)
	const key = "/v/mortal"
	publisher := n.nodes[5]
	put := n.now
	if r := publisher.put(PutQuery{Key: []byte(key), Value: []byte("x")}); r.Err != nil {
		t.Fatal(r.Err)
	}
	publisher.up = false
	replications := func() (sum uint64) {
		for _, nd := range n.nodes {
			sum += nd.e.Stats().Counters.Replications
		}
		return sum
	}
	n.run(put.Add(24*time.Hour - time.Second).Sub(n.now))
	if len(n.holders(key)) < 19 {
		t.Errorf("a second before its time %d nodes hold the record", len(n.holders(key)))
	}
	if did := replications(); did < 15 || did > 30 {
		t.Errorf("%d re-stores in 24 hours, want about one an hour", did)
	}
	n.run(put.Add(24*time.Hour + time.Second).Sub(n.now))
	if hold := n.holders(key); len(hold) > 0 {
		t.Errorf("a second after its time nodes %v hold the record", namesOf(hold))
	}
}

// While its publisher is up, a record outlives all of its first holders, which fail one
// by one over days.
func TestPublisherOutlivesHolders(t *testing.T) {
	n := newNetwork(t, 5)
	n.grow(45, nil)
	const key = "/v/kept"
	publisher := n.nodes[0]
	if r := publisher.put(PutQuery{Key: []byte(key), Value: []byte("x")}); r.Err != nil {
		t.Fatal(r.Err)
	}
	for _, nd := range n.holders(key) {
		if nd != publisher {
			nd.up = false
		}
		n.run(4 * time.Hour)
	}
	if n.now.Sub(epoch) < 72*time.Hour {
		t.Fatalf("only %v passed", n.now.Sub(epoch))
	}
	for _, nd := range n.live() {
		if r := nd.get(key, 0); r.Err != nil {
			t.Errorf("node %s: %v", nd.name, r.Err)
		}
	}
	if r := publisher.operate(func(op OpID) []Effect { return publisher.e.Unpublish(n.now, op, []byte(key), nil) }); r.Err != nil {
		t.Fatal(r.Err)
	}
	n.run(25 * time.Hour)
	if hold := n.holders(key); len(hold) > 0 {
		t.Errorf("a day after it was unpublished nodes %v hold the record", namesOf(hold))
	}
}

// A newcomer next to a key is sent its record and its provider entries, before the next
// replication.
func TestNewcomerIsHandedKeys(t *testing.T) {
	n := newNetwork(t, 6)
	n.grow(40, nil)
	keys := make([]string, 40)
	for i := range keys {
		keys[i] = fmt.Sprintf("/v/%d", i)
		if r := n.nodes[i].put(PutQuery{Key: []byte(keys[i]), Value: []byte("x")}); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	n.grow(1, nil)
	newcomer := n.nodes[40]
	n.run(time.Minute)
	for _, key := range keys {
		closest := n.nearest(identity.KeyPosition([]byte(key)), 20, nil)
		want := slices.Contains(closest, newcomer)
		if got := slices.Contains(n.holders(key), newcomer); want && !got {
			t.Errorf("%s: the newcomer is among the 20 closest but was not handed it", key)
		} else if got && !want {
			t.Errorf("%s: the newcomer was handed what is not its to keep", key)
		}
	}
	var handed uint64
	for _, nd := range n.nodes {
		handed += nd.e.Stats().Counters.Handovers
	}
	if handed > uint64(len(keys))*2 {
		t.Errorf("%d hand-overs for at most %d keys", handed, len(keys))
	}
}

// Newcomers that come at the same time are all sent a key. None waits for another one
// that is nearer to the key and has just got it, or will get it.
func TestNewcomersAtOnceAreHandedKeys(t *testing.T) {
	const old, newcomers = 3, 6
	for seed := range uint64(40) {
		n := newNetwork(t, 100+seed)
		n.grow(old, nil)
		key := fmt.Sprintf("/v/%d", seed)
		if r := n.nodes[0].put(PutQuery{Key: []byte(key), Value: []byte("x")}); r.Err != nil {
			t.Fatal(r.Err)
		}
		for range newcomers {
			nd := n.add(nil)
			nd.begin(func(op OpID) []Effect { return nd.e.Join(n.now, op, nil, nil) })
			n.run(time.Duration(seed) * 5 * time.Millisecond)
		}
		n.run(30 * time.Second)
		if got := len(n.holders(key)); got != old+newcomers {
			t.Errorf("newcomers %d ms apart: %d of %d nodes hold the key", 5*seed, got, old+newcomers)
		}
	}
}

// A copy at a node far from the key expires sooner than the record at its holders, and is
// never replicated.
func TestFarCopyExpiresSooner(t *testing.T) {
	n := newNetwork(t, 7)
	n.grow(60, nil)
	const key = "/v/far"
	target := identity.KeyPosition([]byte(key))
	if r := n.nodes[1].put(PutQuery{Key: []byte(key), Value: []byte("x")}); r.Err != nil {
		t.Fatal(r.Err)
	}
	all := n.nearest(target, len(n.nodes), nil)
	far := all[len(all)-1]
	record, _ := n.holders(key)[0].e.Store().Get(n.now, []byte(key))
	n.nodes[1].e.enter(n.now, nil)
	n.nodes[1].e.copyRecord([]identity.Contact{n.book.Intern(far.address)}, cloneRecord(record))
	n.nodes[1].run(n.nodes[1].e.leave())
	n.run(time.Second)
	r, ok := far.e.Store().Get(n.now, []byte(key))
	if !ok {
		t.Fatal("the far node took no copy")
	}
	if r.TTL > record.TTL/2 {
		t.Errorf("at the farthest node the copy lives %v, at a holder the record %v", r.TTL, record.TTL)
	}
	stores := n.count[rpc.Store]
	before := far.e.Stats().Counters.Requests[rpc.Store]
	n.run(12 * time.Hour)
	if n.count[rpc.Store] == stores {
		t.Error("nobody stored the record again")
	}
	if after := far.e.Stats().Counters.Requests[rpc.Store]; after != before {
		t.Errorf("the far copy was stored again %d times", after-before)
	}
}

// Provider entries are kept, handed over and found like records. They expire unless their
// provider renews them.
func TestProviders(t *testing.T) {
	n := newNetwork(t, 8)
	n.grow(40, nil)
	key := []byte("some content")
	provide := func(nd *node) *Result {
		return nd.operate(func(op OpID) []Effect { return nd.e.Provide(n.now, op, key, false, nil) })
	}
	find := func(nd *node, most int) *Result {
		return nd.operate(func(op OpID) []Effect { return nd.e.Providers(n.now, op, key, most, nil) })
	}
	for _, nd := range n.nodes[:8] {
		if r := provide(nd); r.Err != nil || r.Holders != 20 {
			t.Fatalf("node %s: %d holders, %v", nd.name, r.Holders, r.Err)
		}
	}
	r := find(n.nodes[30], 0)
	if r.Err != nil || len(r.Providers) != 8 {
		t.Errorf("%d providers found, %v", len(r.Providers), r.Err)
	}
	for _, p := range r.Providers {
		if p.Peer != n.at[p.Peer.Endpoint].address {
			t.Errorf("provider %v is said to be at %v", p.Peer.ID.Short(), p.Peer.Endpoint)
		}
	}
	if r := find(n.nodes[31], 1); len(r.Providers) != 1 {
		t.Errorf("asked for one provider, got %d", len(r.Providers))
	}
	for _, nd := range n.nodes[:4] {
		nd.operate(func(op OpID) []Effect { return nd.e.Unpublish(n.now, op, key, nil) })
	}
	n.run(26 * time.Hour)
	if r := find(n.nodes[30], 0); len(r.Providers) != 4 {
		t.Errorf("a day later %d providers are found, want the 4 that still provide", len(r.Providers))
	}
}

// A key with many providers is replicated without crowding out other requests.
func TestManyProvidersAreStoredAgain(t *testing.T) {
	n := newNetwork(t, 26)
	n.grow(30, nil)
	key := []byte("popular")
	holders := n.nearest(identity.KeyPosition(key), 20, nil)
	for i := range store.MaxProvidersPerKey {
		provider := seedKey(1000 + i)
		p := &rpc.Provider{Key: key, Peer: n.nodes[1].address, Sequence: 1, TTL: store.ProviderTTL, Lifetime: 86_400}
		store.SignProvider(provider, testNetwork, p)
		holders[0].e.store.PutProvider(n.now, p, identity.NetGroup{}, 0, n.rnd)
	}
	holders[0].wake = holders[0].e.WakeAt()
	most := 0
	for end := n.now.Add(2 * time.Hour); n.step(end); {
		most = max(most, holders[0].e.Stats().Outstanding)
	}
	if s := holders[0].e.Stats().Counters; most > 100 || s.RequestsRefused > 0 {
		t.Errorf("%d requests at a time, %d not begun", most, s.RequestsRefused)
	}
	if sent := n.count[rpc.AddProvider]; sent < 19*store.MaxProvidersPerKey {
		t.Errorf("only %d entries were sent", sent)
	}
	if left := len(holders[0].e.activities); left > 0 {
		t.Errorf("%d activities are left", left)
	}
}
