package bench

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"kadmium"
	"kadmium/identity"
	"kadmium/sim/report"
)

// measureLookup runs lookup i of the workload.
func (r *workloadRun) measureLookup(ctx context.Context, i int) *measurement {
	turn := r.cfg.Workload
	if turn == report.WorkloadMixed {
		turn = []string{report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide}[i%3]
	}
	switch turn {
	case report.WorkloadValue:
		return r.value(ctx, i)
	case report.WorkloadProvide:
		return r.provide(ctx, i)
	}
	return r.find(ctx)
}

// find looks up a random target, or the position of a node.
func (r *workloadRun) find(ctx context.Context) *measurement {
	searcher := r.randomMember()
	var target identity.Position
	if r.cfg.Targets == report.TargetsNodes {
		target = r.otherMember(searcher).position
	} else {
		target = randomPosition(r.random)
	}
	m := r.beginLookup(searcher, target)
	got, err := searcher.Closest(ctx, target)
	m.findsPeers, m.peers = true, got.Peers
	return r.endLookup(m, got.Lookup, err == nil && len(got.Peers) > 0)
}

// value puts a value at one node and gets it from another.
func (r *workloadRun) value(ctx context.Context, i int) *measurement {
	putter := r.randomMember()
	key := "/v/" + name(putter, i)
	value := fmt.Appendf(nil, "value %d", i)
	// It need not be published again: the bench ends long before its lifetime.
	stored, err := putter.Put(ctx, key, value, kadmium.PutOptions{TTL: r.cfg.TTL, Ephemeral: true})
	r.countPut(stored, err)
	m := r.beginLookup(r.reader(putter, key))
	got, err := m.searcher.Get(ctx, key, kadmium.GetOptions{Quorum: 1})
	return r.countGet(r.endLookup(m, got.Lookup, err == nil && bytes.Equal(got.Value, value)))
}

// provide provides a key at one node and looks for providers from another.
func (r *workloadRun) provide(ctx context.Context, i int) *measurement {
	provider := r.randomMember()
	key := "/bench/" + name(provider, i)
	r.countPut(provider.Provide(ctx, key))
	m := r.beginLookup(r.reader(provider, key))
	var l kadmium.Lookup
	found := false
	for p, err := range m.searcher.Providers(ctx, key, kadmium.ProvidersOptions{Max: 1, Lookup: &l}) {
		found = err == nil && p.Peer == provider.ID()
	}
	return r.countGet(r.endLookup(m, l, found))
}

// name is the name of a key. It is new in its network: in a live one it has the ID of a
// client made for this run.
func name(by *member, i int) string { return fmt.Sprintf("bench-%s-%d", by.ID().Short(), i) }

// beginLookup notes the time and the traffic before a lookup.
func (r *workloadRun) beginLookup(searcher *member, target identity.Position) *measurement {
	if r.cfg.watch != nil {
		r.cfg.watch(r.network, searcher, true)
	}
	return &measurement{searcher: searcher, target: target, started: time.Since(r.began), traffic: searcher.traffic.both()}
}

// endLookup completes the measurement of a lookup that has just ended.
func (r *workloadRun) endLookup(m *measurement, l kadmium.Lookup, found bool) *measurement {
	m.bytes = m.searcher.traffic.both() - m.traffic
	if r.cfg.watch != nil {
		r.cfg.watch(r.network, m.searcher, false)
	}
	m.lookup, m.found = l, found
	return m
}

func (r *workloadRun) countPut(s kadmium.Stored, err error) {
	r.values.Puts++
	if err == nil {
		r.values.Confirmed++
		r.holders += s.Holders
	}
}

func (r *workloadRun) countGet(m *measurement) *measurement {
	r.values.Gets++
	if m.found {
		r.values.Found++
	}
	return m
}

// randomMember is any member.
func (r *workloadRun) randomMember() *member {
	return r.network.members[r.random.IntN(len(r.network.members))]
}

// otherMember is a random member other than one.
func (r *workloadRun) otherMember(not *member) *member {
	i := r.random.IntN(len(r.network.members) - 1)
	if m := r.network.members[i]; m != not {
		return m
	}
	return r.network.members[len(r.network.members)-1]
}

// reader is the member that looks for a key which another has put, and the key's
// position. A holder would find it without a lookup, so it is one only if all are.
func (r *workloadRun) reader(putter *member, key string) (*member, identity.Position) {
	target := identity.KeyPosition([]byte(key))
	if r.cfg.live() {
		return r.otherMember(putter), target
	}
	all := r.network.nearest(&target, len(r.network.members), nil)
	far := slices.DeleteFunc(all[min(r.cfg.K, len(all)):], func(m *member) bool { return m == putter })
	if len(far) == 0 {
		return r.otherMember(putter), target
	}
	return far[r.random.IntN(len(far))], target
}
