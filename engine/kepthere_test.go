package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"kadmium/rpc"
)

const publishedLater = "it is published when one does"

// writeKept puts and provides a key, which no other node confirms.
func (nd *node) writeKept(key string, q PutQuery) {
	nd.n.t.Helper()
	q.Key, q.Value = []byte(key), []byte("mine")
	put := nd.put(q)
	provided := nd.operate(func(op OpID) []Effect { return nd.e.Provide(nd.n.now, op, q.Key, q.Ephemeral, nil) })
	for _, r := range []*Result{put, provided} {
		if !errors.Is(r.Err, ErrKeptHere) || !r.KeptHere || !strings.Contains(r.Err.Error(), publishedLater) {
			nd.n.t.Errorf("%s: %+v", key, r)
		}
	}
}

// reached reports whether all have the record with the sequence, and the provider entry.
func (n *network) reached(key string, sequence uint64) bool {
	for _, nd := range n.live() {
		r, ok := nd.e.Store().Get(n.now, []byte(key))
		if !ok || string(r.Value) != "mine" || r.Sequence != sequence || len(nd.e.Store().AllProviders(n.now, []byte(key), nil)) != 1 {
			return false
		}
	}
	return true
}

func isWrite(m *rpc.Message) bool {
	return !m.Response && (m.Type == rpc.Store || m.Type == rpc.AddProvider)
}

// What is looked up well and then stored at nobody, as the writes are lost, is published
// when they arrive again, and is not written all the time until then.
func TestKeptWhereWritesAreLost(t *testing.T) {
	n := newNetwork(t, 60)
	n.grow(5, nil)
	nd, lost := n.nodes[4], true
	n.lose = func(from, _ *node, m *rpc.Message) bool { return lost && from == nd && isWrite(m) }
	nd.writeKept("/v/long", PutQuery{})
	nd.writeKept("/v/once", PutQuery{Ephemeral: true, TTL: 2 * time.Hour})
	before := nd.e.Stats().Counters.Republishes
	n.run(30 * time.Minute)
	if did := nd.e.Stats().Counters.Republishes - before; did < 4*8 || did > 4*15 {
		t.Errorf("four were made again %d times in half an hour", did)
	}
	if kept := nd.e.Stats().KeptHere; kept != 4 {
		t.Errorf("%d wait", kept)
	}
	lost = false
	n.until(maxKeptWait+10*time.Second, "the publication", func() bool { return n.reached("/v/long", 1) && n.reached("/v/once", 1) })
	n.run(time.Second)
	if kept := nd.e.Stats().KeptHere; kept != 0 {
		t.Errorf("%d still wait", kept)
	}
}

// What others refuse is not said to be published when one answers.
func TestKeptWhereWritesAreRefused(t *testing.T) {
	n := newNetwork(t, 61)
	n.grow(3, nil)
	nd := n.nodes[2]
	n.forge = func(_, to *node, m *rpc.Message) {
		if m.Response && to == nd && m.Type == rpc.Store {
			m.Status = rpc.Full
		}
	}
	r := nd.put(PutQuery{Key: []byte("/v/x"), Value: []byte("mine")})
	if !errors.Is(r.Err, ErrKeptHere) || !errors.Is(r.Err, ErrRefused) || strings.Contains(r.Err.Error(), publishedLater) {
		t.Errorf("%v", r.Err)
	}
	if kept := nd.e.Stats().KeptHere; kept != 0 {
		t.Errorf("%d wait", kept)
	}
}

// Where this node's requests are lost, and those of others arrive, nothing is made again.
func TestKeptBehindAOneWayCut(t *testing.T) {
	n := newNetwork(t, 62)
	n.grow(6, nil)
	nd, cut := n.nodes[5], true
	n.lose = func(from, _ *node, m *rpc.Message) bool { return cut && from == nd && !m.Response }
	nd.writeKept("/v/x", PutQuery{})
	before := nd.e.Stats().Counters
	for range 600 {
		other := n.nodes[0]
		other.begin(func(op OpID) []Effect { return other.e.Ping(n.now, op, nd.address, nil) })
		n.run(3 * time.Second)
	}
	after := nd.e.Stats().Counters
	if did := after.Republishes - before.Republishes; did > 2 || after.Lookups-before.Lookups > 100 {
		t.Errorf("in half an hour it was made again %d times, with %d lookups", did, after.Lookups-before.Lookups)
	}
	cut = false
	if r := nd.operate(func(op OpID) []Effect { return nd.e.Ping(n.now, op, n.nodes[0].address, nil) }); r.Err != nil {
		t.Fatal(r.Err)
	}
	n.until(5*time.Second, "the publication", func() bool { return n.reached("/v/x", 1) })
}

// However many wait, what is published again waits too, and what does not find a place is not
// said to be published.
func TestMoreKeptThanTheLimit(t *testing.T) {
	n := newNetwork(t, 63)
	n.grow(2, nil)
	nd := n.nodes[1]
	n.nodes[0].up = false
	const count = maxKeptHere + 50
	for i := range count {
		if r := nd.put(PutQuery{Key: fmt.Append(nil, "/v/long/", i), Value: []byte("mine")}); !errors.Is(r.Err, ErrKeptHere) || !strings.Contains(r.Err.Error(), publishedLater) {
			t.Fatal(r.Err)
		}
	}
	busy := 0
	for i := range count {
		r := nd.put(PutQuery{Key: fmt.Append(nil, "/v/once/", i), Value: []byte("mine"), TTL: time.Hour})
		switch says := strings.Contains(r.Err.Error(), publishedLater); {
		case !errors.Is(r.Err, ErrKeptHere) || errors.Is(r.Err, ErrBusy) == says:
			t.Fatal(r.Err)
		case !says:
			busy++
		}
	}
	if kept := nd.e.Stats().KeptHere; busy != 50 || kept != count+maxKeptHere {
		t.Errorf("%d have no place, %d wait", busy, kept)
	}
	n.nodes[0].up = true
	n.until(5*time.Minute, "the publications", func() bool { return nd.e.Stats().KeptHere == 0 })
	held := 0
	for i := range count {
		if _, ok := n.nodes[0].e.Store().Get(n.now, fmt.Append(nil, "/v/long/", i)); ok {
			held++
		}
	}
	if held != count {
		t.Errorf("the other node holds %d of %d", held, count)
	}
}

// What was kept before a restart is published when the first peer answers after it, with the
// next sequence if others used a higher one meanwhile and the publisher did not choose it.
func TestKeptOverARestart(t *testing.T) {
	n := newNetwork(t, 64)
	n.grow(3, nil)
	n.grow(1, func(c *Config) { c.Durable = true })
	nd, cut := n.nodes[3], true
	n.lose = func(from, to *node, _ *rpc.Message) bool { return cut && (from == nd || to == nd) }
	three := uint64(3)
	for _, key := range []string{"/v/free", "/v/taken"} {
		nd.writeKept(key, PutQuery{})
	}
	nd.writeKept("/v/chosen", PutQuery{Sequence: &three})
	nd.writeKept("/v/overwritten", PutQuery{Sequence: &three})
	seven := uint64(7)
	for _, key := range []string{"/v/taken", "/v/overwritten"} {
		if r := n.nodes[0].put(PutQuery{Key: []byte(key), Value: []byte("theirs"), Sequence: &seven}); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	n.run(time.Minute)
	for range 2 { // a restart while nobody answers changes nothing
		nd.boot()
		nd.begin(func(op OpID) []Effect { return nd.e.Join(n.now, op, nil, nil) })
		n.run(10 * time.Minute)
	}
	cut = false
	nd.boot()
	if r := nd.join(); r.Err != nil {
		t.Fatal(r.Err)
	}
	n.until(5*time.Second, "the publications", func() bool {
		return n.reached("/v/free", 1) && n.reached("/v/taken", 8) && n.reached("/v/chosen", 3)
	})
	n.run(5 * time.Second)
	if r := n.nodes[1].get("/v/overwritten", 0); r.Err != nil || r.Record.Sequence != 7 {
		t.Errorf("what its publisher gave a lower sequence: %+v", r)
	}
	nd.boot()
	if kept := nd.e.Stats().KeptHere; kept > 1 { // the overwritten one is tried once more
		t.Errorf("after another restart %d wait", kept)
	}
}

// What is being made again when its user ends the publication stays unpublished.
func TestUnpublishWhileKeptIsMadeAgain(t *testing.T) {
	n := newNetwork(t, 65)
	n.grow(5, nil)
	nd, lost := n.nodes[4], true
	n.lose = func(from, _ *node, m *rpc.Message) bool { return lost && from == nd && isWrite(m) }
	nd.writeKept("/v/x", PutQuery{})
	before := nd.e.Stats().Counters.Republishes
	n.until(time.Minute, "another try", func() bool { return nd.e.Stats().Counters.Republishes == before+2 })
	lost = false
	if r := nd.operate(func(op OpID) []Effect { return nd.e.Unpublish(n.now, op, []byte("/v/x"), nil) }); r.Err != nil {
		t.Fatal(r.Err)
	}
	n.run(time.Hour)
	if record, provider := nd.e.Store().Published([]byte("/v/x")); record != nil || provider != nil || nd.e.Stats().KeptHere != 0 {
		t.Errorf("published: %v, %v; %d wait", record, provider, nd.e.Stats().KeptHere)
	}
}
