package bench

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"kadmium"
	"kadmium/identity"
	"kadmium/sim/report"
)

// A run is a workload and what has been measured of it.
type run struct {
	cfg     *Config
	network *network
	random  *rand.Rand

	began   time.Time // the measured period
	marks   []mark    // at the start of each interval, and at the end
	samples []report.Sample
	values  report.Values
	holders int // that confirmed puts, in sum
	trace   *report.Trace
}

// A measurement is one lookup of the report and its result.
type measurement struct {
	searcher   *member
	target     identity.Position
	started    time.Duration // since the period began
	traffic    uint64        // of the searcher, in bytes, until then
	bytes      uint64        // of the searcher, during the lookup
	lookup     kadmium.Lookup
	findsPeers bool // it looked for the closest peers
	peers      []kadmium.Peer
	found      bool // what was looked for; of findsPeers: any peer
}

// runWorkload runs the workload, until ctx ends.
func (r *run) runWorkload(ctx context.Context) {
	r.began = time.Now()
	for i := range r.cfg.Lookups {
		if ctx.Err() != nil {
			break
		}
		r.markInterval(i)
		values, holders := r.values, r.holders
		m := r.measure(ctx, i)
		if ctx.Err() != nil { // which may have ended the lookup, or the put before it
			r.values, r.holders = values, holders
			break
		}
		r.record(m)
		if r.cfg.Progress != nil {
			r.cfg.Progress("lookups", i+1, r.cfg.Lookups)
		}
	}
	r.mark()
}

// measure runs lookup i of the workload.
func (r *run) measure(ctx context.Context, i int) *measurement {
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
func (r *run) find(ctx context.Context) *measurement {
	searcher := r.randomMember()
	var target identity.Position
	if r.cfg.Targets == report.TargetsNodes {
		target = r.otherMember(searcher).position
	} else {
		target = randomPosition(r.random)
	}
	m := r.begin(searcher, target)
	got, err := searcher.Closest(ctx, target)
	m.findsPeers, m.peers = true, got.Peers
	return r.end(m, got.Lookup, err == nil && len(got.Peers) > 0)
}

// value puts a value at one node and gets it from another.
func (r *run) value(ctx context.Context, i int) *measurement {
	putter := r.randomMember()
	key := "/v/" + name(putter, i)
	value := fmt.Appendf(nil, "value %d", i)
	// It need not be published again: the bench ends long before its lifetime.
	stored, err := putter.Put(ctx, key, value, kadmium.PutOptions{TTL: r.cfg.TTL, Ephemeral: true})
	r.countPut(stored, err)
	m := r.begin(r.reader(putter, key))
	got, err := m.searcher.Get(ctx, key, kadmium.GetOptions{})
	return r.countGet(r.end(m, got.Lookup, err == nil && bytes.Equal(got.Value, value)))
}

// provide provides a key at one node and looks for providers from another.
func (r *run) provide(ctx context.Context, i int) *measurement {
	provider := r.randomMember()
	key := "/bench/" + name(provider, i)
	r.countPut(provider.Provide(ctx, key))
	m := r.begin(r.reader(provider, key))
	var l kadmium.Lookup
	found := false
	for p, err := range m.searcher.Providers(ctx, key, kadmium.ProvidersOptions{Max: 1, Lookup: &l}) {
		found = err == nil && p.Peer == provider.ID()
	}
	return r.countGet(r.end(m, l, found))
}

// name is the name of a key. It is new in its network: in a live one it has the ID of a
// client made for this run.
func name(by *member, i int) string { return fmt.Sprintf("bench-%s-%d", by.ID().Short(), i) }

func (r *run) begin(searcher *member, target identity.Position) *measurement {
	return &measurement{searcher: searcher, target: target, started: time.Since(r.began), traffic: searcher.traffic.both()}
}

func (r *run) end(m *measurement, l kadmium.Lookup, found bool) *measurement {
	m.bytes = m.searcher.traffic.both() - m.traffic
	m.lookup, m.found = l, found
	return m
}

func (r *run) countPut(s kadmium.Stored, err error) {
	r.values.Puts++
	if err == nil {
		r.values.Confirmed++
	}
	r.holders += s.Holders
}

func (r *run) countGet(m *measurement) *measurement {
	r.values.Gets++
	if m.found {
		r.values.Found++
	}
	return m
}

// randomMember is any member.
func (r *run) randomMember() *member { return r.network.members[r.random.IntN(len(r.network.members))] }

// otherMember is a random member other than one.
func (r *run) otherMember(not *member) *member {
	i := r.random.IntN(len(r.network.members) - 1)
	if m := r.network.members[i]; m != not {
		return m
	}
	return r.network.members[len(r.network.members)-1]
}

// reader is the member that looks for a key which another has put, and the key's
// position. A holder would find it without a lookup, so it is one only if all are.
func (r *run) reader(putter *member, key string) (*member, identity.Position) {
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
