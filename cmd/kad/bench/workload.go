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

// A run is a workload on its way to a report.
type run struct {
	cfg     *Config
	network *network
	random  *rand.Rand

	began   time.Time // the measured period
	marks   []mark    // where its intervals begin, and its end
	samples []report.Sample
	values  report.Values
	holders int // confirming a put, all together
	trace   *report.Trace
}

// A search is one lookup of the report and what it brought.
type search struct {
	searcher *member
	target   identity.Position
	started  time.Duration // since the period began
	traffic  uint64        // of the searcher, until then
	bytes    uint64        // while it ran
	lookup   kadmium.Lookup
	find     bool // it looked for the closest peers:
	peers    []kadmium.Peer
	found    bool // what was sought, or anybody
}

// work runs the workload, until ctx ends.
func (r *run) work(ctx context.Context) {
	r.began = time.Now()
	for i := range r.cfg.Lookups {
		if ctx.Err() != nil {
			break
		}
		r.markInterval(i)
		values, holders := r.values, r.holders
		s := r.search(ctx, i)
		if ctx.Err() != nil { // which may have ended the search, or the put before it
			r.values, r.holders = values, holders
			break
		}
		r.take(s)
		if r.cfg.Progress != nil {
			r.cfg.Progress("lookups", i+1, r.cfg.Lookups)
		}
	}
	r.mark()
}

// search is lookup i of the workload.
func (r *run) search(ctx context.Context, i int) *search {
	turn := r.cfg.Workload
	if turn == Mixed {
		turn = []string{Find, Value, Provide}[i%3]
	}
	switch turn {
	case Value:
		return r.value(ctx, i)
	case Provide:
		return r.provide(ctx, i)
	}
	return r.find(ctx)
}

// find looks up a random target, or where a node stands.
func (r *run) find(ctx context.Context) *search {
	searcher := r.anybody()
	var target identity.Position
	if r.cfg.Targets == Nodes {
		target = r.another(searcher).position
	} else {
		target = randomPosition(r.random)
	}
	s := r.begin(searcher, target)
	got, err := searcher.Closest(ctx, target)
	s.find, s.peers = true, got.Peers
	return r.end(s, got.Lookup, err == nil && len(got.Peers) > 0)
}

// value puts a value at one node and gets it from another.
func (r *run) value(ctx context.Context, i int) *search {
	putter := r.anybody()
	key := "/v/" + name(putter, i)
	value := fmt.Appendf(nil, "value %d", i)
	// Nobody publishes it again: the bench is over long before it ends.
	stored, err := putter.Put(ctx, key, value, kadmium.PutOptions{TTL: r.cfg.TTL, Ephemeral: true})
	r.stored(stored, err)
	s := r.begin(r.elsewhere(putter, key))
	got, err := s.searcher.Get(ctx, key, kadmium.GetOptions{})
	return r.got(r.end(s, got.Lookup, err == nil && bytes.Equal(got.Value, value)))
}

// provide has one node provide a key and another look for who does.
func (r *run) provide(ctx context.Context, i int) *search {
	provider := r.anybody()
	key := "/bench/" + name(provider, i)
	r.stored(provider.Provide(ctx, key))
	s := r.begin(r.elsewhere(provider, key))
	var l kadmium.Lookup
	found := false
	for p, err := range s.searcher.Providers(ctx, key, kadmium.ProvidersOptions{Max: 1, Lookup: &l}) {
		found = err == nil && p.Peer == provider.ID()
	}
	return r.got(r.end(s, l, found))
}

// name is a key's, new in its network: the nodes of a live one's clients are.
func name(m *member, i int) string { return fmt.Sprintf("bench-%s-%d", m.ID().Short(), i) }

func (r *run) begin(searcher *member, target identity.Position) *search {
	return &search{searcher: searcher, target: target, started: time.Since(r.began), traffic: searcher.traffic.both()}
}

func (r *run) end(s *search, l kadmium.Lookup, found bool) *search {
	s.bytes = s.searcher.traffic.both() - s.traffic
	s.lookup, s.found = l, found
	return s
}

func (r *run) stored(s kadmium.Stored, err error) {
	r.values.Puts++
	if err == nil {
		r.values.Confirmed++
	}
	r.holders += s.Holders
}

func (r *run) got(s *search) *search {
	r.values.Gets++
	if s.found {
		r.values.Found++
	}
	return s
}

// anybody is a random member.
func (r *run) anybody() *member { return r.network.members[r.random.IntN(len(r.network.members))] }

// another is a random member but for one.
func (r *run) another(not *member) *member {
	i := r.random.IntN(len(r.network.members) - 1)
	if m := r.network.members[i]; m != not {
		return m
	}
	return r.network.members[len(r.network.members)-1]
}

// elsewhere is who looks for a key that somebody has put, and where the key stands.
// Holders have nobody to ask: they look only where all nodes are holders.
func (r *run) elsewhere(putter *member, key string) (*member, identity.Position) {
	target := identity.KeyPosition([]byte(key))
	if r.cfg.live() {
		return r.another(putter), target
	}
	all := r.network.nearest(&target, len(r.network.members), nil)
	far := slices.DeleteFunc(all[min(r.cfg.K, len(all)):], func(m *member) bool { return m == putter })
	if len(far) == 0 {
		return r.another(putter), target
	}
	return far[r.random.IntN(len(far))], target
}
