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
	gone      int                  // displaced since the start
	kept      map[string]modelItem // records that were displaced, and their sequences kept
}

type modelItem struct {
	record   *rpc.Record
	provider *rpc.Provider
	expires  time.Time
	heard    time.Time
	source   identity.NetGroup
	copied   bool
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
		old.copied = old.copied && (item.copied || item.source != old.source)
		m.between[item.key()] = between
		return rpc.OK
	}
	was, kept := m.kept[item.key()]
	kept = kept && item.record != nil && was.expires.After(now)
	if swap != nil {
		wantNone, none, held := *swap == 0, !live && !kept, uint64(0)
		if live {
			held = m.items[at].record.Sequence
		} else if kept {
			held = was.record.Sequence
		}
		if none != wantNone || !none && held != *swap {
			return rpc.Conflict
		}
	}
	if kept && !live && item.record.Sequence < was.record.Sequence {
		return rpc.Older
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
	if !m.fitsKey(rest, item) {
		return rpc.Full
	}
	if !m.withinShare(rest, item) || !m.fits(rest, item) {
		if rest = m.displaced(t, f, rest, item); rest == nil {
			return rpc.Full
		}
	}
	m.items = rest
	m.between[item.key()] = between
	if item.record != nil {
		delete(m.kept, item.key())
	}
	return rpc.OK
}

// displaced are the items that are left after the last has displaced others, nil if it has
// not. Which were displaced the store says; the model says whether it may have been these.
func (m *model) displaced(t *rapid.T, f *fixture, items []modelItem, last modelItem) (left []modelItem) {
	var out []modelItem
	for i, it := range items {
		if i < len(items)-1 && !it.heldBy(f) {
			out = append(out, it)
		} else {
			left = append(left, it)
		}
	}
	others := items[:len(items)-1]
	own := last.source == identity.NetGroup{}
	if len(out) == 0 {
		for _, it := range others {
			alike := (it.record == nil) == (last.record == nil) && it.source != (identity.NetGroup{})
			one := !slices.ContainsFunc(others, func(o modelItem) bool { return o.source != it.source && o.source != (identity.NetGroup{}) })
			if alike && one && own && m.fits(without(items, it), last) {
				t.Fatalf("%s is refused, though %s could make room", last.key(), it.key())
			}
		}
		return nil
	}
	for _, records := range []bool{true, false} {
		var group []modelItem
		for _, it := range out {
			if (it.record != nil) == records {
				group = append(group, it)
			}
		}
		if len(group) > 0 {
			m.mayDisplace(t, group, left, last, records == (last.record != nil))
		}
	}
	enough := func(items []modelItem) bool { return m.fits(items, last) && m.withinShare(items, last) }
	if !slices.ContainsFunc(out, func(it modelItem) bool { return !enough(append(slices.Clone(left[:len(left)-1]), it, last)) }) {
		t.Fatalf("%d displaced without need", len(out)) // one may be larger than was needed after another
	}
	if !enough(left) {
		t.Fatalf("%d displaced, and the limits are exceeded", len(out))
	}
	m.gone += len(out)
	for _, it := range out {
		if it.record != nil && it.expires.After(f.now) {
			m.kept[it.key()] = it
		}
	}
	return left
}

// mayDisplace checks that what was displaced of one kind may have been: of one source, of it
// what is copied first, and of the source with most if it is another.
func (m *model) mayDisplace(t *rapid.T, out, left []modelItem, last modelItem, alike bool) {
	from, freed := out[0].source, 0
	for _, it := range out {
		if it.source != from || from == (identity.NetGroup{}) {
			t.Fatalf("%v and %v are displaced", from, it.source)
		}
		freed += it.cost()
	}
	put := func(it modelItem) bool { return !it.copied }
	for _, it := range left[:len(left)-1] {
		if it.source == from && (it.record == nil) == (out[0].record == nil) && it.copied && slices.ContainsFunc(out, put) {
			t.Fatalf("%v is displaced before a copy, %v", out, it)
		}
	}
	if alike && from == last.source && !last.copied && !slices.ContainsFunc(out, put) {
		return
	}
	wide, source := make(map[identity.NetGroup]int), make(map[identity.NetGroup]int)
	for _, it := range m.items {
		if (it.record == nil) == (out[0].record == nil) && it.source != (identity.NetGroup{}) {
			wide[it.source.Wide()] += it.cost()
			source[it.source] += it.cost()
		}
	}
	if wide[from.Wide()] < maxOf(wide) {
		t.Fatalf("%v is displaced, which has not most", from)
	}
	if !alike || last.source == (identity.NetGroup{}) {
		return
	}
	old := 0
	if at := m.find(last.place()); at >= 0 && m.items[at].source.Wide() == last.source.Wide() {
		old = m.items[at].cost()
	}
	rest := freed - out[len(out)-1].cost()
	has, wants := wide[from.Wide()]-rest, wide[last.source.Wide()]+last.cost()-old
	if from.Wide() == last.source.Wide() {
		has, wants = source[from]-rest, source[last.source]+last.cost()-old
	}
	if wants >= has+len(out) {
		t.Fatalf("%v has %d, and is displaced for %v, which has %d", from, has, last.source, wants)
	}
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

// fits reports whether the items, of which the last is new, keep the limits of all. Those of
// its kind have their part of the bytes, beyond which the others may take the rest.
func (m *model) fits(items []modelItem, last modelItem) bool {
	all, _, _, _ := m.used(items, last)
	if at := m.find(last.place()); at >= 0 { // it goes, but its share is counted
		items = append(slices.Clone(items), m.items[at])
	}
	all.bytes += shareOverhead * shares(items)
	return all.bytes <= m.cfg.MaxBytes && (last.record == nil || all.records <= m.cfg.MaxRecords) &&
		(last.provider == nil || all.providers <= m.cfg.MaxProviders)
}

// shares are the sources and wide subnets of items of either kind.
func shares(items []modelItem) int {
	type of struct {
		group        identity.NetGroup
		record, wide bool
	}
	all := make(map[of]bool)
	for _, i := range items {
		all[of{i.source, i.record != nil, false}] = true
		if i.source != (identity.NetGroup{}) {
			all[of{i.source.Wide(), i.record != nil, true}] = true
		}
	}
	return len(all)
}

// withinShare reports whether the items, of which the last is new, keep the limits of a
// source.
func (m *model) withinShare(items []modelItem, last modelItem) bool {
	_, mine, _, _ := m.used(items, last)
	own := last.source == identity.NetGroup{}
	if last.record != nil {
		return own || mine.bytes <= m.cfg.MaxBytes/2 && mine.records <= m.cfg.MaxRecords/2
	}
	return own || mine.bytes <= m.cfg.MaxBytes/2 && mine.providers <= m.cfg.MaxProviders/2
}

// fitsKey reports whether the items, of which the last is new, keep the limits of a key.
func (m *model) fitsKey(items []modelItem, last modelItem) bool {
	_, _, here, mineHere := m.used(items, last)
	own := last.source == identity.NetGroup{}
	return last.record != nil || here <= m.cfg.maxProvidersPerKey && (own || mineHere <= m.cfg.maxProvidersPerKey/2)
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
	s.Bytes += shareOverhead * shares(m.items)
	return s
}

var modelConfig = Config{MaxRecords: 6, MaxProviders: 6, maxProvidersPerKey: 4, MaxBytes: 9*700 + 8*shareOverhead, MaxPerSource: 3}

var modelKeys = []string{"/v/a", "/v/b", "/v/c", "/v/d", "/v/e", "/v/f", "/v/g", "/v/h"}

// Whatever is asked of a store, in whatever order, with restarts in between, it
// answers as the model does.
func TestStoreAgainstModel(t *testing.T) {
	entries := make(map[string]*rpc.Provider) // signing is what takes long
	rapid.Check(t, func(t *rapid.T) {
		f := &fixture{t: t, now: epoch, names: NewNamespaces(network), journal: make(map[string]Change)}
		f.rnd = rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))
		f.Store = New(modelConfig, f.names)
		m := &model{cfg: f.cfg, between: make(map[string]int), published: make(map[string]time.Time), sequences: make(map[string]uint64), kept: make(map[string]modelItem)}
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
				copies := swap == nil && rapid.Bool().Draw(t, "copies")
				put := f.putFrom
				if copies {
					put = f.copyFrom
				}
				got := put(r, source, swap, n)
				copied := *r
				want := m.put(t, f, modelItem{record: &copied, source: source, copied: copies}, r.TTL, swap, n,
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
				clear(m.kept)            // it is not in the journal
				for i := range m.items { // what is not journalled: STOREs of what is held, copies, and who is a holder
					m.items[i].copied = false
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
			if unstored(i, latest) && leased[i.key()].Before(f.now) && i.expires.After(f.now.Add(latest)) && !m.spread(f, i) && f.Stats().Withheld == 0 {
				t.Fatalf("%s was heard of %v ago and is not due", i.key(), f.now.Sub(i.heard))
			}
		}
		return
	}
	leased[string(key)] = f.now.Add(replicationLease)
	var want []modelItem
	for _, i := range m.items {
		if i.key() == string(key) && unstored(i, ReplicateAfter/2) && !m.withheld(f, i) {
			want = append(want, i)
		}
	}
	overdue := slices.ContainsFunc(m.items, func(i modelItem) bool { return i.key() == string(key) && unstored(i, ReplicateAfter) })
	if !overdue {
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
		if overdue && m.items[i].key() == string(key) && unstored(m.items[i], ReplicateAfter/2) {
			m.items[i].heard = f.now
		}
	}
}

// withheld reports whether the item's source has more than its share.
func (m *model) withheld(f *fixture, i modelItem) (withheld bool) {
	f.byKey[i.key()].each(func(it *item) {
		same := it.record != nil && i.record != nil || it.provider != nil && i.provider != nil && it.provider.Peer.ID == i.provider.Peer.ID
		withheld = withheld || same && f.beyondShare(it)
	})
	return withheld
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
	got, want := f.Stats(), m.stats()
	got.Sequences, got.Withheld = 0, 0
	if got != want {
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
