package engine

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// toHand is the rule of the hand-over in its plainest form (design R6.14, R6.15, R6.40): the
// keys that a newcomer is among the k closest to, by the table or by the density, and of whose
// k closest contacts, newcomers excepted, this node is the closest, or too many are closer.
func (e *Engine) toHand(newcomer identity.Contact, newcomers []identity.Contact) (keys []string) {
	e.store.Each(func(items *store.KeyItems) {
		var others []identity.Contact
		e.table.Each(func(c identity.Contact, _ time.Time, failures, _ int) {
			if failures == 0 {
				others = append(others, c)
			}
		})
		nearer := func(a, b *identity.Position) bool { return identity.Compare(&items.Position, a, b) < 0 }
		slices.SortFunc(others, func(a, b identity.Contact) int {
			return identity.Compare(&items.Position, e.book.Position(a), e.book.Position(b))
		})
		size, own := e.networkSize(), expectedWithin(&items.Position, &e.cfg.Position, e.networkSize())
		closer := slices.IndexFunc(others, func(c identity.Contact) bool { return !nearer(e.book.Position(c), &e.cfg.Position) })
		if closer < 0 {
			closer = len(others)
		}
		crowded := size > 0 && own <= float64(2*e.cfg.K) && closer > byChance(own)
		others = others[:min(e.cfg.K, len(others))]
		others = slices.DeleteFunc(others, func(c identity.Contact) bool { return c == newcomer })
		before := 0
		for _, c := range others {
			if nearer(e.book.Position(c), &e.cfg.Position) && !slices.Contains(newcomers, c) && !crowded {
				return
			}
			if nearer(e.book.Position(c), e.book.Position(newcomer)) {
				before++
			}
		}
		sparse := size > 0 && expectedWithin(&items.Position, e.book.Position(newcomer), size) < float64(e.cfg.K)
		if items.Between == 0 && (before < e.cfg.K || sparse) {
			keys = append(keys, string(items.Key))
		}
	})
	return keys
}

// Skipping keys that most newcomers are too far from does not change what is handed over.
func TestFarNewcomersAreHandedTheSame(t *testing.T) {
	handed, spared := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		w := &crowd{rnd: rnd, names: store.NewNamespaces(testNetwork)}
		self := w.address(1 << 20)
		// With few contacts and keys, many are near.
		e := New(Config{Self: self.ID, K: rapid.IntRange(1, 5).Draw(t, "k"), Mode: Server, Namespaces: w.names}, &w.book, rnd, epoch)
		e.enter(epoch, nil)
		defer e.leave()
		near := rapid.IntRange(1, 12).Draw(t, "deepest bucket")
		for range rapid.IntRange(0, 40).Draw(t, "contacts") {
			c := w.inBucket(e, rnd.IntN(near))
			e.table.Seen(epoch, c)
			if rnd.IntN(6) == 0 {
				e.table.Failed(c)
			}
		}
		for i := range rapid.IntRange(1, 30).Draw(t, "keys") {
			r := &rpc.Record{Key: fmt.Appendf(nil, "/v/%d/%d", i, rnd.Uint32()), Sequence: 1, TTL: time.Hour}
			e.store.Put(epoch, r, identity.NetGroup{}, nil, rnd.IntN(4)/3, rnd)
		}
		var newcomers []identity.Contact
		for range rapid.IntRange(1, 10).Draw(t, "newcomers") {
			c := w.inBucket(e, rnd.IntN(near+1))
			newcomers = append(newcomers, c)
			if rapid.Bool().Draw(t, "with a place in the table") {
				e.table.Seen(epoch, c)
			}
			want := e.toHand(c, newcomers)
			e.handovers = nil
			e.queueHandovers(c)
			var got []string
			for _, h := range e.handovers {
				if h.to != c {
					t.Fatalf("to contact %d, not %d", h.to, c)
				}
				got = append(got, h.keys...)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("a newcomer of bucket %d, subtree %d: handed %q, want %q", identity.CommonPrefixLen(&e.cfg.Position, w.book.Position(c)), e.table.Subtree(e.cfg.K), got, want)
			}
			handed += len(got)
			if identity.CommonPrefixLen(&e.cfg.Position, w.book.Position(c)) < e.table.Subtree(e.cfg.K) {
				spared++
			}
		}
	})
	if handed == 0 || spared == 0 {
		t.Errorf("%d keys handed over, %d newcomers spared: that tests nothing", handed, spared)
	}
}

// A newcomer is sent at any time one write more than it has answered, and eight at most;
// who answers none costs one write, and holds up nobody (design R6.47).
func TestHandOverToWhoDoesNotAnswer(t *testing.T) {
	n := newNetwork(t, 80)
	n.latency = 50 * time.Millisecond
	holder := n.add(nil)
	const keys, entries = 200, 30
	for i := range keys {
		r := &rpc.Record{Key: fmt.Appendf(nil, "/v/%d", i), Value: []byte("x"), Sequence: 1, TTL: 24 * time.Hour}
		if status, _ := holder.e.store.Put(n.now, r, identity.NetGroup{}, nil, 0, n.rnd); status != rpc.OK {
			t.Fatal(status)
		}
	}
	for i := range entries {
		key, at := seedKey(1000+i), netip.AddrPortFrom(netip.AddrFrom4([4]byte{20, byte(i), 0, 1}), 1)
		p := &rpc.Provider{Key: []byte("/p/k"), Peer: identity.Address{ID: key.ID(), Endpoint: at}, Sequence: 1, TTL: store.ProviderTTL, Lifetime: 86_400}
		store.SignProvider(key, testNetwork, p)
		if status, _ := holder.e.store.PutProvider(n.now, p, identity.NetGroup{}, 0, n.rnd); status != rpc.OK {
			t.Fatal(status)
		}
	}
	mute, stops, answers := n.add(nil), n.add(nil), n.add(nil)
	write := func(m *rpc.Message) bool { return m.Type == rpc.Store || m.Type == rpc.AddProvider }
	sent, under, most := make(map[*node]int), make(map[*node]map[uint64]bool), 0
	n.lose = func(from, to *node, m *rpc.Message) bool {
		if !write(m) || from != holder && to != holder {
			return false
		}
		if m.Response {
			delete(under[from], m.ID)
			return false
		}
		sent[to]++
		if under[to] == nil {
			under[to] = make(map[uint64]bool)
		}
		under[to][m.ID] = true
		if to == answers {
			most = max(most, len(under[to]))
		}
		return to == mute || to == stops && sent[to] > 50
	}
	for _, nd := range []*node{mute, stops, answers} {
		nd.cfg.Bootstrap = nil
		holder.e.enter(n.now, nil)
		holder.e.queueHandovers(n.book.Intern(nd.address))
		holder.run(holder.e.leave())
	}
	n.run(time.Minute)
	held := answers.e.store.Stats()
	t.Logf("writes sent: %d to who answers none, %d to who stops at 50, %d to who answers; %d under way at most", sent[mute], sent[stops], sent[answers], most)
	if held.Records != keys || held.Providers != entries {
		t.Errorf("%d records and %d provider entries handed over", held.Records, held.Providers)
	}
	if sent[mute] > rpc.MaxTries || sent[stops] > 50+(maxHandingOver+1)*rpc.MaxTries || most > maxHandingOver {
		t.Error("it goes on")
	}
	if stopped := holder.e.Stats().Counters.HandoversStopped; stopped < keys {
		t.Errorf("%d keys not handed over for want of an answer", stopped)
	}
	if holder.e.handovers != nil {
		t.Errorf("%d hand-overs go on", len(holder.e.handovers))
	}
}
