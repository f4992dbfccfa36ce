package sim

import (
	"slices"
	"testing"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/sim/report"
	"kadmium/store"
)

// However nodes come and go, as many as were asked for are up on average, and at no
// time very many more or fewer.
func TestChurnHoldsTheNumberOfNodes(t *testing.T) {
	slow(t)
	t.Parallel()
	for _, model := range []string{"exp:30m", "weibull:0.6,40m", kadSessions} {
		r := simulate(t, config(150, 30, func(c *Config) { c.Sessions, c.Duration = sessions(t, model), 3*time.Hour }))
		within(t, model+": nodes up", r.NodesUp, 150, 15)
		for _, i := range r.Series {
			within(t, model+": nodes up in an interval", i.NodesUp, 150, 45)
		}
		if len(r.Series) != intervals {
			t.Errorf("%s: %d intervals", model, len(r.Series))
		}
	}
}

// holders are the nodes that are up and hold a record.
func (n *network) holders(key []byte) (all []*node) {
	for _, nd := range n.all {
		if nd == nil || nd.engine == nil {
			continue
		}
		if _, ok := nd.engine.Store().Get(n.clock(), key); ok {
			all = append(all, nd)
		}
	}
	return all
}

// A node that leaves and returns has its identity and its records: of a value whose
// holders are all away nothing is found, and all once they are back.
func TestReturn(t *testing.T) {
	n := grown(t, config(100, 1, func(c *Config) {
		c.Workload, c.Keys, c.K, c.Duration = report.WorkloadDay, 1, 5, time.Hour
		c.Sessions = sessions(t, "exp:10000h") // longer than anything here
	}))
	n.until(10*time.Minute, nil)
	if len(n.workload.keys) != 1 || !n.workload.keys[0].confirmed {
		t.Fatal("nothing was put")
	}
	k := n.workload.keys[0]
	name := []byte(k.name)
	holders := n.holders(name)
	if len(holders) < 5 {
		t.Fatalf("%d holders of 5", len(holders))
	}
	target := identity.KeyPosition(name)
	get := func(what string) bool {
		found, ended := false, false
		nd := n.nonHolder(&target)
		n.start(nd, target, func(op engine.OpID, effects []engine.Effect) []engine.Effect {
			return nd.engine.Get(n.clock(), op, engine.GetQuery{Key: name}, effects)
		}, func(_ *operation, r *engine.Result) {
			found, ended = r.Err == nil && string(r.Record.Value) == string(k.value), true
		})
		n.until(n.now+engine.LookupTimeout+time.Second, nil)
		if !ended {
			t.Errorf("%s the search did not end", what)
		}
		return found
	}
	if !get("before") {
		t.Error("it is not found while its holders are up")
	}
	holders = n.holders(name) // a search may have left a copy
	up := len(n.up)
	for _, nd := range holders {
		n.flip(n.shard(nd.contact), nd.contact)
		n.settle()
	}
	if len(n.up) != up-len(holders) || len(n.holders(name)) != 0 {
		t.Fatalf("%d up, and %d hold it", len(n.up), len(n.holders(name)))
	}
	if get("in between") {
		t.Error("it is found while nobody has it")
	}
	for _, nd := range holders {
		n.flip(n.shard(nd.contact), nd.contact)
		n.settle()
		if n.node(nd.contact) != nd || nd.incarnation != 2 {
			t.Errorf("node %d has returned as another", nd.contact)
		}
		if record, ok := nd.engine.Store().Get(n.clock(), name); !ok || string(record.Value) != string(k.value) {
			t.Errorf("node %d has returned without the record", nd.contact)
		}
	}
	n.until(n.now+time.Minute, nil)
	if !get("after") || len(n.up) != up {
		t.Error("it is not found though all are back")
	}
	for _, nd := range holders {
		if nd.joined == never {
			t.Errorf("node %d has returned and not joined", nd.contact)
		}
	}
}

// An operation whose node leaves is abandoned, and no longer open.
func TestLeaveDuringALookup(t *testing.T) {
	n := grown(t, config(100, 5, func(c *Config) { c.Sessions, c.Duration = sessions(t, "exp:10000h"), time.Hour }))
	n.until(time.Minute, nil)
	nd := n.randomNode()
	target := randomPosition(1, 1)
	n.start(nd, target, func(op engine.OpID, effects []engine.Effect) []engine.Effect {
		return nd.engine.Closest(n.clock(), op, target, effects)
	}, func(*operation, *engine.Result) { t.Error("it ended") })
	n.until(n.now+30*time.Millisecond, nil)
	n.flip(n.shard(nd.contact), nd.contact)
	n.settle()
	if w := &n.workload; w.outstanding != 0 || w.abandoned != 1 || len(n.shards[0].operations) != 0 {
		t.Errorf("%d open, %d abandoned, %d calls", w.outstanding, w.abandoned, len(n.shards[0].operations))
	}
	if slices.Contains(n.up, nd) || n.node(nd.contact) != nil {
		t.Error("it is still there")
	}
	n.until(n.now+time.Minute, nil)
}

// The node that others join by never leaves, and is neither silent nor a liar.
func TestFirstNodeStays(t *testing.T) {
	for seed := range uint64(8) {
		n := grown(t, config(20, 5, func(c *Config) {
			c.Seed, c.Sessions, c.Duration, c.Silent, c.Lying = seed, sessions(t, "exp:1m"), 5*time.Minute, 0.45, 0.45
		}))
		n.until(5*time.Minute, nil)
		if first := n.node(n.first); first == nil || first.incarnation != 1 || first.role != honest {
			t.Errorf("seed %d: %+v", seed, first)
		}
	}
}

// Nodes that come and go keep all keys, for hours, though no publisher looks after
// them: what is stored is handed on.
func TestDayKeepsAllKeys(t *testing.T) {
	slow(t)
	t.Parallel()
	r := simulate(t, config(100, 200, func(c *Config) {
		c.Workload, c.Sessions, c.Duration, c.Keys = report.WorkloadDay, sessions(t, "exp:30m"), 3*time.Hour, 100
	}))
	v := r.Values
	if v == nil || v.Puts != 100 || v.Confirmed != 100 || v.Lost != 0 {
		t.Fatalf("%+v", v)
	}
	if v.Gets < 150 || v.Found < v.Gets*98/100 {
		t.Errorf("%d of %d found", v.Found, v.Gets)
	}
}

// What was confirmed and is nowhere counts as lost, unless its time has passed.
func TestLost(t *testing.T) {
	n := grown(t, config(50, 1, func(c *Config) { c.Workload, c.Keys, c.Duration = report.WorkloadDay, 4, time.Hour }))
	n.until(30*time.Minute, nil)
	if lost := n.lost(); lost != 0 {
		t.Errorf("%d lost", lost)
	}
	keys := n.workload.keys
	if len(keys) != 4 {
		t.Fatalf("%d keys", len(keys))
	}
	keys[0].name, keys[0].held = "/v/nowhere", false
	keys[1].name, keys[1].held, keys[1].expires = "/v/nowhere either", false, n.now
	keys[2].name, keys[2].held, keys[2].confirmed = "/v/never", false, false
	if lost := n.lost(); lost != 1 {
		t.Errorf("%d lost, want 1", lost)
	}
}

// held is how many entries a node has.
func held(s *store.Store) (count int) {
	s.Each(func(*store.KeyItems) { count++ })
	return count
}
