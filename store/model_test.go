package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
	"kadmium/rpc"
)

// A model is the store in its simplest form: a list of what was stored, searched from
// end to end.
type model struct {
	cfg       Config
	items     []modelItem
	between   map[string]int
	published map[string]time.Time // by kind and key: when due
	sequences map[string]uint64
	gone      int // displaced since the start
}

type modelItem struct {
	record   *rpc.Record
	provider *rpc.Provider
	expires  time.Time
	heard    time.Time
	source   identity.NetGroup
}

func (i *modelItem) key() string {
	if i.record != nil {
		return string(i.record.Key)
	}
	return string(i.provider.Key)
}

func (i *modelItem) cost() int {
	if i.record != nil {
		return recordCost(i.record)
	}
	return providerCost(i.provider)
}

// place is what only one item at a time can have.
func (i *modelItem) place() string {
	if i.record != nil {
		return "r" + i.key()
	}
	return "p" + i.key() + string(i.provider.Peer.ID[:])
}

func (m *model) find(place string) int {
	return slices.IndexFunc(m.items, func(i modelItem) bool { return i.place() == place })
}

// put decides about a new item as Put and PutProvider do. better is the order of
// the item and what is held in its place.
func (m *model) put(t *rapid.T, f *fixture, item modelItem, ttl time.Duration, swap *uint64, between int, better func(held modelItem) int) rpc.Status {
	now := f.now
	limit := MaxTTL
	if item.provider != nil {
		limit = ProviderTTL
	}
	life := min(ttl, limit)
	for range between {
		if life/2 >= minCopy {
			life /= 2
		} else if life > minCopy {
			life = minCopy
		}
	}
	at := m.find(item.place())
	live := at >= 0 && m.items[at].expires.After(now)
	if live && better(m.items[at]) == 0 {
		old := &m.items[at]
		slack := min(10*time.Second, life/4)
		if now.Add(life).After(old.expires.Add(slack)) {
			old.expires = now.Add(life)
		}
		old.heard = now
		m.between[item.key()] = between
		return rpc.OK
	}
	if swap != nil {
		wantNone := *swap == 0
		if live == wantNone || live && m.items[at].record.Sequence != *swap {
			return rpc.Conflict
		}
	}
	if live && better(m.items[at]) < 0 {
		return rpc.Older
	}
	rest := slices.Clone(m.items)
	if at >= 0 {
		rest = slices.Delete(rest, at, at+1)
	}
	item.expires, item.heard = now.Add(life), now
	rest = append(rest, item)
	if !m.withinShare(rest, item) {
		return rpc.Full
	}
	if !m.fits(rest, item) {
		if rest = m.displaced(t, f, rest, item); rest == nil {
			return rpc.Full
		}
	}
	m.items = rest
	m.between[item.key()] = between
	return rpc.OK
}

// displaced are the items that are left after the last has displaced others, nil if it has
// not. Which were displaced the store says; the model says whether it may have been these.
func (m *model) displaced(t *rapid.T, f *fixture, items []modelItem, last modelItem) (left []modelItem) {
	wide, source := make(map[identity.NetGroup]int), make(map[identity.NetGroup]int)
	var out []modelItem
	for i, it := range items {
		if i < len(items)-1 && it.source != (identity.NetGroup{}) {
			wide[it.source.Wide()] += it.cost()
			source[it.source] += it.cost()
		}
		if i < len(items)-1 && !it.heldBy(f) {
			out = append(out, it)
		} else {
			left = append(left, it)
		}
	}
	wants, own := last.cost()+wide[last.source.Wide()], last.source == identity.NetGroup{}
	if len(out) == 0 {
		for _, it := range items[:len(items)-1] {
			w := it.source.Wide()
			top := it.source != (identity.NetGroup{}) && wide[w] == maxOf(wide) && source[it.source] == maxOf(source)
			if top && len(wide) == 1 && own && m.fits(without(items, it), last) {
				t.Fatalf("%s is refused, though %s could make room", last.key(), it.key())
			}
		}
		return nil
	}
	from, freed := out[0].source, 0
	for _, it := range out {
		if it.source != from {
			t.Fatalf("%v and %v are displaced", from, it.source)
		}
		freed += it.cost()
	}
	rest := freed - out[len(out)-1].cost()
	if from == (identity.NetGroup{}) || wide[from.Wide()] < maxOf(wide) {
		t.Fatalf("%v is displaced, which has not most", from)
	}
	if has := wide[from.Wide()] - rest; !own && from.Wide() != last.source.Wide() && wants >= has+len(out) {
		t.Fatalf("%v has %d, and is displaced for %v, which has %d", from, has, last.source, wants)
	}
	if has := source[from] - rest; !own && from.Wide() == last.source.Wide() && last.cost()+source[last.source] >= has+len(out) {
		t.Fatalf("%v has %d, and is displaced for %v, which has %d", from, has, last.source, source[last.source])
	}
	if !slices.ContainsFunc(out, func(it modelItem) bool { return !m.fits(append(slices.Clone(left), it), last) }) {
		t.Fatalf("%d displaced without need", len(out)) // one may be larger than was needed after another
	}
	if !m.fits(left, last) {
		t.Fatalf("%d displaced, and the limits are exceeded", len(out))
	}
	m.gone += len(out)
	return left
}

func without(items []modelItem, one modelItem) []modelItem {
	return slices.DeleteFunc(slices.Clone(items), func(i modelItem) bool { return i.place() == one.place() })
}

func maxOf(bytes map[identity.NetGroup]int) (most int) {
	for _, n := range bytes {
		most = max(most, n)
	}
	return most
}

// heldBy reports whether a store holds the item, expired or not.
func (i *modelItem) heldBy(f *fixture) bool {
	items := f.byKey[i.key()]
	if i.provider != nil {
		return items.provider(i.provider.Peer.ID) != nil
	}
	return items != nil && items.record != nil
}

// used is what items take: all, those of one source, and under one key its provider entries.
func (m *model) used(items []modelItem, last modelItem) (all, mine usage, here, mineHere int) {
	for _, i := range items {
		u := usage{bytes: i.cost()}
		if i.record != nil {
			u.records = 1
		} else {
			u.providers = 1
		}
		all = usage{all.records + u.records, all.providers + u.providers, all.bytes + u.bytes}
		same := i.source == last.source
		if same {
			mine = usage{mine.records + u.records, mine.providers + u.providers, mine.bytes + u.bytes}
		}
		if i.provider != nil && i.key() == last.key() {
			here++
			if same {
				mineHere++
			}
		}
	}
	return all, mine, here, mineHere
}

// fits reports whether the items, of which the last is new, keep the limits of all.
func (m *model) fits(items []modelItem, last modelItem) bool {
	all, _, _, _ := m.used(items, last)
	return all.bytes <= m.cfg.MaxBytes && (last.record == nil || all.records <= m.cfg.MaxRecords) &&
		(last.provider == nil || all.providers <= m.cfg.MaxProviders)
}

// withinShare reports whether the items, of which the last is new, keep the limits of a
// source and of a key.
func (m *model) withinShare(items []modelItem, last modelItem) bool {
	_, mine, here, mineHere := m.used(items, last)
	own := last.source == identity.NetGroup{}
	if last.record != nil {
		return own || mine.bytes <= m.cfg.MaxBytes/2 && mine.records <= m.cfg.MaxRecords/2
	}
	return here <= m.cfg.maxProvidersPerKey && (own || mine.bytes <= m.cfg.MaxBytes/2 &&
		mine.providers <= m.cfg.MaxProviders/2 && mineHere <= m.cfg.maxProvidersPerKey/2)
}

func (m *model) stats() Stats {
	s := Stats{Published: len(m.published), Displaced: m.gone}
	sources := make(map[identity.NetGroup]bool)
	for _, i := range m.items {
		if i.record != nil {
			s.Records++
		} else {
			s.Providers++
		}
		s.Bytes += i.cost()
		sources[i.source] = true
	}
	s.Sources = len(sources)
	return s
}

var modelConfig = Config{MaxRecords: 6, MaxProviders: 6, maxProvidersPerKey: 4, MaxBytes: 9 * 700, MaxPerSource: 3}

var modelKeys = []string{"/v/a", "/v/b", "/v/c", "/v/d", "/v/e", "/v/f", "/v/g", "/v/h"}

// Whatever is asked of a store, in whatever order, with restarts in between, it
// answers as the model does.
func TestStoreAgainstModel(t *testing.T) {
	entries := make(map[string]*rpc.Provider) // signing is what takes long
	rapid.Check(t, func(t *rapid.T) {
		f := &fixture{t: t, now: epoch, names: NewNamespaces(network), journal: make(map[string]Change)}
		f.rnd = rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))
		f.Store = New(modelConfig, f.names)
		m := &model{cfg: f.cfg, between: make(map[string]int), published: make(map[string]time.Time), sequences: make(map[string]uint64)}
		leased := make(map[string]time.Time)

		key := func() string { return rapid.SampledFrom(modelKeys).Draw(t, "key") }
		ttl := func() time.Duration {
			return rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Minute, 3 * time.Hour, 24 * time.Hour, 30 * 24 * time.Hour}).Draw(t, "ttl")
		}
		from := func() identity.NetGroup {
			if n := rapid.Byte().Draw(t, "from") % 4; n > 0 { // of two wide subnets
				at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{8, 8 + n%2, n, n}), 4100)
				return identity.Address{Endpoint: at}.NetGroup()
			}
			return identity.NetGroup{}
		}
		between := func() int { return rapid.SampledFrom([]int{0, 0, 1, 3, 40}).Draw(t, "between") }

		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				r := blackboardRecord(key(), rapid.SampledFrom([]string{"", "x", "yy"}).Draw(t, "value"), rapid.Uint64Range(0, 3).Draw(t, "sequence"), ttl())
				source, n := from(), between()
				var swap *uint64
				if rapid.Bool().Draw(t, "cas") {
					s := rapid.Uint64Range(0, 3).Draw(t, "swap")
					swap = &s
				}
				got := f.putFrom(r, source, swap, n)
				copied := *r
				want := m.put(t, f, modelItem{record: &copied, source: source}, r.TTL, swap, n,
					func(h modelItem) int { return f.names.Better(r, h.record) })
				if got != want {
					t.Fatalf("put %s: %v, want %v", r.Key, got, want)
				}
			},
			"provide": func(t *rapid.T) {
				peer, k, sequence := rapid.ByteRange(1, 5).Draw(t, "peer"), key(), rapid.Uint64Range(1, 2).Draw(t, "sequence")
				name := fmt.Sprint(peer, k, sequence)
				if entries[name] == nil {
					entries[name] = providerEntry(peer, k, sequence, 4100, 0)
				}
				p := *entries[name]
				p.TTL = ttl()
				source, n := from(), between()
				got, changes := f.PutProvider(f.now, &p, source, n, f.rnd)
				f.write(changes)
				want := m.put(t, f, modelItem{provider: &p, source: source}, p.TTL, nil, n,
					func(h modelItem) int { return int(p.Sequence) - int(h.provider.Sequence) })
				if got != want {
					t.Fatalf("provide %s: %v, want %v", k, got, want)
				}
			},
			"wait": func(t *rapid.T) {
				f.now = f.now.Add(rapid.SampledFrom([]time.Duration{time.Millisecond, 9 * time.Second, time.Minute, time.Hour, 20 * time.Hour}).Draw(t, "for"))
			},
			"expire": func(t *rapid.T) {
				before := len(m.items)
				m.items = slices.DeleteFunc(m.items, func(i modelItem) bool { return !i.expires.After(f.now) })
				if n := f.expire(); n != before-len(m.items) {
					t.Fatalf("%d expired, want %d", n, before-len(m.items))
				}
			},
			"holder": func(t *rapid.T) {
				k, n := key(), between()
				f.SetBetween([]byte(k), n)
				m.between[k] = n
			},
			"replicate": func(t *rapid.T) { m.replicate(t, f, leased) },
			"restart": func(t *rapid.T) {
				f.expire() // so that the limits count the same
				m.items = slices.DeleteFunc(m.items, func(i modelItem) bool { return !i.expires.After(f.now) })
				f.restart()
				m.gone = 0
				for i := range m.items { // what is not journalled: STOREs of what is held, and who is a holder
					items := f.byKey[m.items[i].key()]
					m.between[m.items[i].key()] = items.Between
					items.each(func(it *item) {
						if it.record != nil && m.items[i].record != nil || it.provider != nil && m.items[i].provider != nil && it.provider.Peer.ID == m.items[i].provider.Peer.ID {
							if it.lastStore.After(m.items[i].heard) {
								t.Fatalf("heard %v, want at most %v", it.lastStore, m.items[i].heard)
							}
							m.items[i].heard = it.lastStore
						}
					})
				}
				clear(leased)
			},
			"publish": func(t *rapid.T) {
				r := blackboardRecord(key(), "x", rapid.Uint64Range(0, 5).Draw(t, "sequence"), ttl())
				f.write(f.Publish(f.now, r))
				name := "r" + string(r.Key)
				if r.TTL > RepublishEvery {
					m.published[name] = f.now.Add(RepublishEvery)
				} else {
					delete(m.published, name)
				}
				m.sequences[name] = max(m.sequences[name], r.Sequence)
			},
			"unpublish": func(t *rapid.T) {
				k := key()
				_, want := m.published["r"+k]
				delete(m.published, "r"+k)
				changes, ok := f.Unpublish([]byte(k))
				f.write(changes)
				if ok != want {
					t.Fatalf("unpublish %s: %v, want %v", k, ok, want)
				}
			},
			"republish": func(t *rapid.T) {
				p, ok := f.DueRepublish(f.now)
				if !ok {
					for k, due := range m.published {
						if !due.After(f.now) {
							t.Fatalf("%s is due since %v", k, due.Sub(epoch))
						}
					}
					return
				}
				name := string(p.publication())
				if due := m.published[name]; due.After(f.now) {
					t.Fatalf("%s is only due at %v", name, due.Sub(epoch))
				}
				m.published[name] = f.now.Add(RepublishEvery)
				f.write(f.Republished(f.now, p))
			},
			"": func(t *rapid.T) { m.compare(t, f) },
		})
	})
}

// replicate checks a due key: this node is a holder, and no STORE came for long enough.
// If no key is due, none should be.
func (m *model) replicate(t *rapid.T, f *fixture, leased map[string]time.Time) {
	key, ok := f.DueReplication(f.now)
	unstored := func(i modelItem, d time.Duration) bool {
		return m.between[i.key()] == 0 && i.expires.After(f.now) && !i.heard.Add(d).After(f.now)
	}
	if !ok {
		for _, i := range m.items {
			latest := ReplicateAfter + ReplicateJitter // after a restart it may be that once more
			if unstored(i, latest) && leased[i.key()].Before(f.now) && i.expires.After(f.now.Add(latest)) && !m.spread(f, i) {
				t.Fatalf("%s was heard of %v ago and is not due", i.key(), f.now.Sub(i.heard))
			}
		}
		return
	}
	leased[string(key)] = f.now.Add(replicationLease)
	var want []modelItem
	for _, i := range m.items {
		if i.key() == string(key) && unstored(i, ReplicateAfter/2) {
			want = append(want, i)
		}
	}
	if !slices.ContainsFunc(want, func(i modelItem) bool { return unstored(i, ReplicateAfter) }) {
		want = nil
	}
	r, providers := f.Overdue(f.now, key, nil)
	got := len(providers)
	if r != nil {
		got++
	}
	if got != len(want) {
		t.Fatalf("%s: %d go out, want %d", key, got, len(want))
	}
	f.Replicated(f.now, key, f.rnd)
	for i := range m.items {
		if slices.ContainsFunc(want, func(w modelItem) bool { return w.place() == m.items[i].place() }) {
			m.items[i].heard = f.now
		}
	}
}

// spread reports whether the replication of i is due within the jitter's range, as after
// a restart.
func (m *model) spread(f *fixture, i modelItem) bool {
	items := f.byKey[i.key()]
	found := false
	items.each(func(it *item) {
		found = found || it.replication.index > 0 && !it.replication.at.After(f.now.Add(ReplicateJitter))
	})
	return found
}

// compare compares everything that can be read with the model.
func (m *model) compare(t *rapid.T, f *fixture) {
	for _, key := range modelKeys {
		var record *modelItem
		providers := make(map[identity.ID]modelItem)
		for _, i := range m.items {
			if i.key() != key || !i.expires.After(f.now) {
				continue
			}
			if i.record != nil {
				record = &i
			} else {
				providers[i.provider.Peer.ID] = i
			}
		}
		r, ok := f.Get(f.now, []byte(key))
		if ok != (record != nil) {
			t.Fatalf("get %s: %v", key, ok)
		}
		if ok && (!bytes.Equal(r.Value, record.record.Value) || r.Sequence != record.record.Sequence || r.TTL != record.expires.Sub(f.now)) {
			t.Fatalf("get %s: %v, want %v with %v", key, r, record.record, record.expires.Sub(f.now))
		}
		for _, got := range [][]rpc.Provider{f.AllProviders(f.now, []byte(key), nil), f.sample(key, nil, 100)} {
			if len(got) != len(providers) {
				t.Fatalf("%s: %d providers, want %d", key, len(got), len(providers))
			}
			for _, p := range got {
				want, ok := providers[p.Peer.ID]
				if !ok || p.Sequence != want.provider.Sequence || p.TTL != want.expires.Sub(f.now) {
					t.Fatalf("%s: provider %v, want %v", key, p, want)
				}
			}
		}
		if sequence := m.sequences["r"+key]; sequence > 0 {
			if got, _ := f.Sequence([]byte(key)); got != sequence {
				t.Fatalf("%s: sequence %d, want %d", key, got, sequence)
			}
		}
	}
	if got, want := f.Stats(), m.stats(); got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	var next time.Time
	for _, i := range m.items {
		if next.IsZero() || i.expires.Before(next) {
			next = i.expires
		}
	}
	if !f.NextExpiry().Equal(next) {
		t.Fatalf("next expiry %v, want %v", f.NextExpiry(), next)
	}
}
