package sim

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/sim/attack"
	"kadmium/sim/report"
)

// Under attack a value is put by one fresh client and got by another, in a world of its own.

// untilGet is the time between the end of a put and its get: what nodes still have under way
// then has arrived.
const untilGet = 10 * time.Second

// putAndGet runs a put, and measures the get of what it has stored.
func (s *searcher) putAndGet(traced bool) report.Sample {
	name := fmt.Sprintf("/v/%d/%d", s.cfg.Seed, s.lookup)
	key, value := []byte(name), fmt.Appendf(nil, "%064x", hash(s.cfg.Seed, forKey, uint64(s.lookup)))
	s.target = identity.KeyPosition(key)
	s.surround()
	query := engine.PutQuery{Key: key, Value: value, TTL: s.cfg.TTL, Ephemeral: true}
	if s.cfg.serveStale() {
		s.older = &rpc.Record{Key: key, Value: []byte("old"), Sequence: 1, TTL: time.Hour}
		newer := s.older.Sequence + 1
		query.Sequence = &newer
	}
	putter := s.client(s.clients, uint64(s.lookup), 1<<31|uint32(s.lookup))
	put, _ := s.operate(putter, func(op engine.OpID, effects []engine.Effect) []engine.Effect {
		return putter.engine.Put(s.clock(), op, query, effects)
	})
	for end := s.now + untilGet; s.queue.next() <= end; {
		s.step()
	}
	s.leaveOff()
	holders := s.honestHolders(key)
	s.judge(put, holders)
	v := &s.verdict
	v.confirmed, v.holders = put.Err == nil, put.Holders
	v.putRequests = putter.requests()
	v.honestHolders = len(holders)
	if a := s.cfg.sybil(); a != nil && a.Before == attack.BeforeGet {
		s.book.tell()
		s.renew()
	}

	s.wire = hash(s.cfg.Seed, forWire, uint64(s.lookup), 1)
	getter := s.client(s.clients+1, 1<<33|uint64(s.lookup), 3<<30|uint32(s.lookup))
	got, o := s.operate(getter, func(op engine.OpID, effects []engine.Effect) []engine.Effect {
		return getter.engine.Get(s.clock(), op, s.cfg.query(key), effects)
	})
	s.leaveOff()
	v.found = got.Err == nil && string(got.Record.Value) == string(value)
	v.stale = got.Err == nil && s.older != nil && string(got.Record.Value) == string(s.older.Value)
	v.getSuspected = got.Density.Suspect()
	v.lost = len(s.honestHolders(key)) == 0
	s.rpcs += v.putRequests + getter.requests()
	got.Contacts = nil // a search is not judged by the nodes that it found
	sample := s.measure(o, got, traced)
	sample.Succeeded = v.found
	return sample
}

// query asks for a record as the Config says.
func (c *Config) query(key []byte) engine.GetQuery {
	q := engine.GetQuery{Key: key, Fresh: c.Gets == report.GetsFresh}
	if c.Gets == report.GetsFirst {
		q.Quorum = 1
	}
	return q
}

// honestHolders are the honest nodes that hold a record of a key.
func (s *searcher) honestHolders(key []byte) (all []identity.Contact) {
	for _, c := range slices.Sorted(maps.Keys(s.servers)) {
		nd := s.servers[c]
		if nd.role == honest && nd.engine != nil && !nd.client {
			if _, ok := nd.engine.Store().Get(s.clock(), key); ok {
				all = append(all, c)
			}
		}
	}
	return all
}

// renew gives all nodes that were asked new tables. They keep what they store.
func (s *searcher) renew() {
	for _, c := range slices.Sorted(maps.Keys(s.servers)) {
		nd := s.servers[c]
		if nd.engine == nil || nd.client {
			continue
		}
		stored := nd.engine.Snapshot()
		nd.engine = s.newEngine(c, engine.Server, rand.NewPCG(hash(s.cfg.Seed, forEngine, uint64(c), 1), 0))
		for _, change := range stored {
			if err := nd.engine.Load(s.clock(), change); err != nil {
				panic(err) // an engine can load what an engine has saved
			}
		}
		s.fillAll(nd, uint64(c))
	}
}

// surround makes identities around the target, if that is the attack.
func (s *searcher) surround() {
	a := s.cfg.sybil()
	if a == nil {
		return
	}
	s.honest = s.book.closest(s.honest[:0], &s.target, 1, func(c identity.Contact) bool { return s.role(c) == honest })
	if len(s.honest) == 0 {
		return
	}
	closest := s.book.Position(s.honest[0]).Prefix() ^ s.target.Prefix()
	s.book.grind(s.cfg.Seed, uint64(s.lookup), a, &s.target, closest, s.cfg.region())
	if a.Before == attack.BeforePut {
		s.book.tell()
	}
}
