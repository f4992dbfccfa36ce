package engine

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// A history is a network whose nodes start operations, fail and restart at random.
type history struct {
	*network
	rnd   *rand.Rand
	split bool
	loss  float64
	ops   map[*node]map[OpID]time.Time // under way, and since when
	until map[string]time.Time         // by value put: when it must have expired
}

// Hours of a network in which everything may go wrong: no operation hangs or ends twice,
// nothing is left over at rest, no record outlives its lifetime, and the book keeps every
// contact in use.
func TestRandomHistories(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { relive(t, seed) })
	}
}

func relive(t *testing.T, seed uint64) {
	x := &history{network: newNetwork(t, 500+seed), rnd: rand.New(rand.NewPCG(seed, 9)),
		ops: make(map[*node]map[OpID]time.Time), until: make(map[string]time.Time)}
	x.late = func() time.Duration { return time.Duration(x.rnd.Int64N(int64(40 * time.Millisecond))) }
	x.twice = func() bool { return x.rnd.IntN(50) == 0 }
	x.lose = func(from, to *node, _ *rpc.Message) bool {
		return x.rnd.Float64() < x.loss || x.split && (len(from.name)+int(from.name[0]))%2 != (len(to.name)+int(to.name[0]))%2
	}
	i := 0
	x.grow(24, func(c *Config) {
		c.K, c.Durable = 6, i%2 == 0
		if i%7 == 6 {
			c.Mode = Auto
		}
		i++
	})
	for range 200 {
		x.act()
		x.run(time.Duration(x.rnd.Int64N(int64(time.Minute))))
		x.check()
	}
	x.split, x.loss = false, 0
	for _, nd := range x.nodes {
		if !nd.up {
			x.restart(nd)
		}
	}
	x.run(5 * time.Minute)
	x.check()
	for _, nd := range x.nodes {
		e := nd.e
		if len(e.ops)+e.unsynced.len()+len(e.lookups)+int(e.upkeep)+int(e.joining) > 0 || len(e.moved) > 0 {
			// a refresh or replication may be under way: try once more
			x.run(7 * time.Second)
		}
		if len(e.ops)+e.unsynced.len()+int(e.joining) > 0 {
			t.Errorf("node %s at rest: %+v", nd.name, e.Stats())
		}
		if len(e.activities) > len(e.lookups)+e.requests.Len() {
			t.Errorf("node %s: %d activities, %d lookups, %d requests", nd.name, len(e.activities), len(e.lookups), e.requests.Len())
		}
	}
}

func (x *history) some() *node { live := x.live(); return live[x.rnd.IntN(len(live))] }

func (x *history) start(nd *node, f func(op OpID) []Effect) {
	op := nd.begin(f)
	if x.ops[nd] == nil {
		x.ops[nd] = make(map[OpID]time.Time)
	}
	x.ops[nd][op] = x.now
	if x.rnd.IntN(10) == 0 {
		x.after(time.Duration(x.rnd.Int64N(int64(time.Second))), func() {
			if nd.up {
				nd.run(nd.e.Cancel(x.now, op, nil))
			}
		})
	}
}

func (x *history) restart(nd *node) {
	nd.boot()
	x.start(nd, func(op OpID) []Effect { return nd.e.Join(x.now, op, nil, nil) })
}

func (x *history) act() {
	nd, key := x.some(), fmt.Sprintf("/v/%d", x.rnd.IntN(20))
	switch x.rnd.IntN(16) {
	case 0, 1, 2:
		value := fmt.Sprint(key, x.rnd.Uint64())
		ttl := time.Minute + time.Duration(x.rnd.Int64N(int64(3*time.Hour)))
		x.until[value] = x.now.Add(ttl + 5*time.Minute)
		x.start(nd, func(op OpID) []Effect {
			return nd.e.Put(x.now, op, PutQuery{Key: []byte(key), Value: []byte(value), TTL: ttl}, nil)
		})
	case 3, 4, 5:
		q := GetQuery{Key: []byte(key), Quorum: x.rnd.IntN(4), Watch: x.rnd.IntN(5) == 0}
		x.start(nd, func(op OpID) []Effect { return nd.e.Get(x.now, op, q, nil) })
	case 6:
		x.start(nd, func(op OpID) []Effect { return nd.e.Provide(x.now, op, []byte(key), x.rnd.IntN(2) == 0, nil) })
	case 7:
		x.start(nd, func(op OpID) []Effect { return nd.e.Providers(x.now, op, []byte(key), x.rnd.IntN(4), nil) })
	case 8:
		to := x.nodes[x.rnd.IntN(len(x.nodes))].address
		x.start(nd, func(op OpID) []Effect { return nd.e.SendMessage(x.now, op, to, "/echo", []byte(key), nil) })
	case 9:
		x.start(nd, func(op OpID) []Effect { return nd.e.Unpublish(x.now, op, []byte(key), nil) })
	case 10:
		x.start(nd, func(op OpID) []Effect { return nd.e.Join(x.now, op, nil, nil) })
	case 11:
		if nd != x.nodes[0] {
			nd.up = false
			delete(x.ops, nd)
		}
	case 12, 13:
		for _, other := range x.nodes {
			if !other.up {
				x.restart(other)
				break
			}
		}
	case 14:
		x.split = !x.split && x.rnd.IntN(2) == 0
	case 15:
		x.loss = []float64{0, 0, 0.05, 0.2, 0.5}[x.rnd.IntN(5)]
	}
}

func (x *history) check() {
	x.t.Helper()
	for _, nd := range x.live() {
		for op, since := range x.ops[nd] {
			if nd.results[op] != nil {
				delete(x.ops[nd], op)
			} else if x.now.Sub(since) > 2*time.Minute {
				x.t.Errorf("node %s: operation %d has not ended in %v", nd.name, op, x.now.Sub(since))
			}
		}
		for i := range 20 {
			r, ok := nd.e.Store().Get(x.now, fmt.Appendf(nil, "/v/%d", i))
			if ok && x.now.Add(r.TTL).After(x.until[string(r.Value)]) {
				x.t.Errorf("node %s: %s lives %v too long", nd.name, r.Value, x.now.Add(r.TTL).Sub(x.until[string(r.Value)]))
			}
			if ok && !bytes.HasPrefix(r.Value, r.Key) {
				x.t.Errorf("node %s: %s under %s", nd.name, r.Value, r.Key)
			}
		}
		x.handles(nd)
	}
}

// handles checks that the engine uses only the contacts that it would have its driver's
// book keep.
func (x *history) handles(nd *node) {
	kept := make(map[identity.Contact]bool)
	nd.e.EachContact(func(c identity.Contact) { kept[c] = true })
	for _, l := range nd.e.lookups {
		for _, step := range l.trace {
			if step.Contact != 0 && !kept[step.Contact] || step.NamedBy != 0 && !kept[step.NamedBy] {
				x.t.Errorf("node %s: a step's contact is not kept", nd.name)
			}
		}
	}
	for _, a := range nd.e.activities {
		if f, ok := a.(*fill); ok && slices.ContainsFunc(append(slices.Clone(f.known), f.candidates...), func(c identity.Contact) bool { return !kept[c] }) {
			x.t.Errorf("node %s: a contact of a fill is not kept", nd.name)
		}
	}
}
