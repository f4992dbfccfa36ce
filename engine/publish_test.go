package engine

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// keyFarFrom is a key of which the node is not a holder.
func (n *network) keyFarFrom(nd *node) string {
	for i := 0; ; i++ {
		key := fmt.Sprint("/v/far/", i)
		if !slices.Contains(n.nearest(identity.KeyPosition([]byte(key)), 20, nil), nd) {
			return key
		}
	}
}

// A publisher that starts when its publication is overdue stores it at the holders, not
// only at itself, although at first it knows none of them.
func TestRepublishAtStart(t *testing.T) {
	n := newNetwork(t, 30)
	n.grow(49, nil)
	n.grow(1, func(c *Config) { c.Durable = true })
	nd := n.nodes[49]
	key := n.keyFarFrom(nd)
	if r := nd.put(PutQuery{Key: []byte(key), Value: []byte("x")}); r.Err != nil {
		t.Fatal(r.Err)
	}
	nd.up = false
	n.run(23 * time.Hour)
	nd.boot()
	if r := nd.join(); r.Err != nil {
		t.Fatal(r.Err)
	}
	n.run(2 * time.Hour)
	if hold := n.holders(key); len(hold) < 20 {
		t.Errorf("an hour after they would have forgotten it %d nodes hold the record", len(hold))
	}
}

// A publication that reached nobody is repeated soon, not after 22 hours.
func TestRepublishAfterAnOutage(t *testing.T) {
	n := newNetwork(t, 31)
	n.grow(30, nil)
	nd := n.nodes[7]
	key := n.keyFarFrom(nd)
	if r := nd.put(PutQuery{Key: []byte(key), Value: []byte("x")}); r.Err != nil {
		t.Fatal(r.Err)
	}
	dark := false
	n.lose = func(from, to *node, _ *rpc.Message) bool { return dark && (from == nd || to == nd) }
	n.run(22*time.Hour - time.Minute)
	dark = true
	n.run(30 * time.Minute)
	dark = false
	n.run(3 * time.Hour)
	if hold := n.holders(key); len(hold) < 20 {
		t.Errorf("%d nodes hold the record", len(hold))
	}
}

// A publication that somebody overwrote costs one lookup every 22 hours, like any other.
func TestOverwrittenPublication(t *testing.T) {
	n := newNetwork(t, 32)
	n.grow(25, nil)
	first, second := n.nodes[3], n.nodes[9]
	for i, nd := range []*node{first, second} {
		if r := nd.put(PutQuery{Key: []byte("/v/k"), Value: []byte{byte('x' + i)}}); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	n.run(48 * time.Hour)
	for _, nd := range []*node{first, second} {
		if did := nd.e.Stats().Counters.Republishes; did != 2 {
			t.Errorf("node %s published %d times in two days", nd.name, did)
		}
	}
}

// Two concurrent puts of one key have two sequences, and what is published is what the
// holders keep.
func TestTwoPutsAtOnce(t *testing.T) {
	n := newNetwork(t, 33)
	n.grow(25, nil)
	nd := n.nodes[3]
	key := []byte("/v/both")
	var ops []OpID
	for _, value := range []string{"b", "a"} {
		ops = append(ops, nd.begin(func(op OpID) []Effect {
			return nd.e.Put(n.now, op, PutQuery{Key: key, Value: []byte(value)}, nil)
		}))
	}
	n.run(10 * time.Second)
	sequences := make(map[uint64]bool)
	for _, op := range ops {
		r := nd.results[op]
		if r == nil || r.Err != nil || r.Holders != 20 {
			t.Fatalf("put: %+v", r)
		}
		sequences[r.Record.Sequence] = true
	}
	if len(sequences) != 2 {
		t.Error("both have one sequence")
	}
	published, _ := nd.e.Store().Published(key)
	held, _ := n.holders(string(key))[0].e.Store().Get(n.now, key)
	if published == nil || string(published.Record.Value) != string(held.Value) {
		t.Errorf("%+v is published, %+v is held", published, held)
	}
}

// A putter that is a holder itself is counted like another holder: once its journal has
// the record, even if the put changes nothing.
func TestOwnCopyIsSynced(t *testing.T) {
	n := newNetwork(t, 34)
	nd := n.add(func(c *Config) { c.Durable = true })
	value := []byte("v")
	q := PutQuery{Key: fmt.Appendf(nil, "/imm/%x", sha256.Sum256(value)), Value: value, Ephemeral: true, TTL: time.Hour}
	if r := nd.put(q); r.Err != nil || r.Holders != 1 {
		t.Fatalf("put: %+v", r)
	}
	n.run(2 * time.Hour)
	nd.failDisk = errors.New("no space left")
	if r := nd.put(q); r.Err == nil {
		t.Errorf("a put was acknowledged that the disk does not have: %+v", r)
	}
}

// A put returns how long its record lives, not how long was asked for.
func TestLifetimeOfAPut(t *testing.T) {
	n := newNetwork(t, 35)
	n.grow(3, nil)
	for ttl, want := range map[time.Duration]time.Duration{
		0:                   store.DefaultTTL,
		time.Hour:           time.Hour,
		90 * 24 * time.Hour: store.MaxTTL,
	} {
		r := n.nodes[1].put(PutQuery{Key: []byte(fmt.Sprint("/v/", ttl)), Value: []byte("x"), TTL: ttl})
		if left := r.Expires.Sub(n.now).Round(time.Second); r.Err != nil || left != want {
			t.Errorf("ttl %v: expires in %v, %v", ttl, left, r.Err)
		}
	}
}

// A provide that is cancelled while its writes are outstanding is not published.
func TestCancelledProvide(t *testing.T) {
	n := newNetwork(t, 36)
	n.grow(25, nil)
	nd := n.nodes[3]
	key := []byte("content")
	op := nd.begin(func(op OpID) []Effect { return nd.e.Provide(n.now, op, key, false, nil) })
	n.until(time.Minute, "an entry being sent", func() bool { return n.count[rpc.AddProvider] > 0 })
	nd.run(nd.e.Cancel(n.now, op, nil))
	n.run(time.Minute)
	if _, published := nd.e.Store().Published(key); published != nil {
		t.Error("it is published")
	}
}

// A peer that a node with records meets when it joins again is not a newcomer.
func TestRestartHandsNothingOver(t *testing.T) {
	n := newNetwork(t, 37)
	n.grow(24, nil)
	n.grow(1, func(c *Config) { c.Durable = true })
	nd := n.nodes[24]
	for i := range 40 {
		n.nodes[i%24].put(PutQuery{Key: []byte(fmt.Sprint("/v/", i)), Value: []byte("x")})
	}
	nd.up = false
	n.run(time.Minute)
	nd.boot()
	nd.join()
	n.run(time.Minute)
	if s := nd.e.Stats().Counters; nd.e.Store().Empty() || s.Handovers > 0 {
		t.Errorf("%d hand-overs", s.Handovers)
	}
}

// A node in mode auto that starts with records replicates them once it is a server.
func TestClientForAWhileRestores(t *testing.T) {
	n := newNetwork(t, 38)
	n.grow(24, nil)
	n.grow(1, func(c *Config) { c.Durable = true })
	nd := n.nodes[24]
	for i := range 20 {
		n.nodes[i].put(PutQuery{Key: []byte(fmt.Sprint("/v/", i)), Value: []byte("x")})
	}
	nd.up = false
	n.run(3 * time.Hour)
	nd.cfg.Mode = Client
	nd.boot()
	nd.join()
	n.run(16 * time.Minute) // what is overdue has become due again
	nd.e.mode = Server
	n.run(30 * time.Minute)
	if nd.e.Stats().Counters.Replications == 0 {
		t.Error("nothing was stored again")
	}
}

// A get with a quorum repairs nodes near the key, not those that the lookup met on its
// way.
func TestRepairOfTheClosestOnly(t *testing.T) {
	n := newNetwork(t, 39)
	n.grow(120, nil)
	const key = "/v/far"
	if r := n.nodes[1].put(PutQuery{Key: []byte(key), Value: []byte("x")}); r.Err != nil {
		t.Fatal(r.Err)
	}
	for _, nd := range n.nodes[80:110] {
		nd.get(key, 2)
	}
	n.run(time.Minute)
	if hold := n.holders(key); len(hold) > 20 {
		t.Errorf("%d nodes hold the record", len(hold))
	}
}

// Concurrent puts without a sequence by several nodes all succeed: the slower ones take
// the next sequence.
func TestPutsAtOnce(t *testing.T) {
	n := newNetwork(t, 41)
	n.grow(24, nil)
	var ops []OpID
	for i, nd := range n.nodes[:6] {
		ops = append(ops, nd.begin(func(op OpID) []Effect {
			return nd.e.Put(n.now, op, PutQuery{Key: []byte("/v/same"), Value: []byte{byte('a' + i)}, Ephemeral: true}, nil)
		}))
	}
	n.run(30 * time.Second)
	for i, nd := range n.nodes[:6] {
		if r := nd.results[ops[i]]; r == nil || r.Err != nil {
			t.Errorf("put %d: %+v", i, r)
		}
	}
}

// A lifetime shorter than the pause between publications is not published again,
// and the put says so.
func TestShortLifeIsNotPublished(t *testing.T) {
	n := newNetwork(t, 42)
	n.grow(3, nil)
	short := n.nodes[1].put(PutQuery{Key: []byte("/v/short"), Value: []byte("x"), TTL: time.Hour})
	long := n.nodes[1].put(PutQuery{Key: []byte("/v/long"), Value: []byte("x")})
	if short.Err != nil || short.Published || long.Err != nil || !long.Published {
		t.Errorf("published: an hour's record %v, a day's %v", short.Published, long.Published)
	}
}

// A machine that sleeps for a day in the middle of a put and a provide publishes both again
// when it wakes up: the lifetimes began before it slept.
func TestAsleepInAPublication(t *testing.T) {
	for _, again := range []bool{false, true} {
		n := newNetwork(t, 35)
		n.grow(6, nil)
		nd := n.nodes[5]
		key := []byte("/v/k")
		begin := func() {
			nd.begin(func(op OpID) []Effect { return nd.e.Put(n.now, op, PutQuery{Key: key, Value: []byte("mine")}, nil) })
			nd.begin(func(op OpID) []Effect { return nd.e.Provide(n.now, op, key, false, nil) })
		}
		if begin(); again {
			n.run(22*time.Hour - time.Second)
		}
		writes := 0
		nd.sent = func(f Effect) {
			if isWrite(f.Message) {
				writes++
			}
		}
		n.until(3*time.Second, "the writes", func() bool { return writes == 10 })
		n.run(n.latency + n.latency/2) // the answers are on the way
		n.now = n.now.Add(28 * time.Hour)
		for _, other := range n.nodes {
			other.run(other.e.Resume(n.now, nil))
		}
		n.run(time.Minute)
		if !n.reached(string(key), 1) {
			t.Errorf("published again before that %v: a minute after it has woken up not all have it", again)
		}
	}
}

// What its user no longer publishes is not stored again, not even if its holders are being
// looked up.
func TestUnpublishWhileRepublished(t *testing.T) {
	for _, record := range []bool{false, true} {
		n := newNetwork(t, 36)
		n.grow(6, nil)
		nd := n.nodes[5]
		if record {
			nd.put(PutQuery{Key: []byte("/v/k"), Value: []byte("mine")})
		} else {
			nd.provide("/v/k")
		}
		before := nd.e.Stats().Counters.Republishes
		n.until(23*time.Hour, "another publication", func() bool { return nd.e.Stats().Counters.Republishes > before })
		if r := nd.operate(func(op OpID) []Effect { return nd.e.Unpublish(n.now, op, []byte("/v/k"), nil) }); r.Err != nil {
			t.Fatal(r.Err)
		}
		n.run(3 * time.Hour)
		for _, other := range n.nodes {
			if _, ok := other.e.Store().Get(n.now, []byte("/v/k")); ok || len(other.e.Store().AllProviders(n.now, []byte("/v/k"), nil)) > 0 {
				t.Errorf("record %v: node %s holds it 25 h after it was last published", record, other.name)
			}
		}
	}
}
