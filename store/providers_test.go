package store

import (
	"bytes"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

func TestProviderEntries(t *testing.T) {
	f := newFixture(t, Config{})
	day := 24 * time.Hour
	f.want(f.provide(providerEntry(1, "k", 5, 4100, day), 0), rpc.OK)
	f.want(f.provide(providerEntry(1, "k", 5, 4100, day), 0), rpc.OK)
	f.want(f.provide(providerEntry(1, "k", 4, 4100, day), 0), rpc.Older)
	f.want(f.provide(providerEntry(1, "k", 6, 4200, day), 0), rpc.OK)
	f.want(f.provide(providerEntry(1, "k", 6, 4100, day), 0), rpc.Older) // one sequence, lesser address
	f.want(f.provide(providerEntry(2, "k", 1, 4100, day), 0), rpc.OK)
	f.want(f.Stats().Providers, 2)
	f.restart()
	all := f.AllProviders(f.now, []byte("k"), nil)
	f.want(len(all), 2)
	for _, p := range all {
		if err := f.names.VerifyProvider(&p); err != nil || p.TTL != day {
			t.Errorf("%v: %v, %v left", p.Peer, err, p.TTL)
		}
	}
	f.now = f.now.Add(day)
	f.want(len(f.sample("k", nil, 10)), 0)
	f.want(len(f.AllProviders(f.now, []byte("k"), nil)), 0)
	f.want(f.expire(), 2)
	f.want(len(f.journal), 0)
}

// The record and the providers of one key expire independently.
func TestOneKeyTwoKinds(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, time.Hour), 0)
	f.provide(providerEntry(1, "/v/a", 1, 4100, 2*time.Hour), 0)
	n := 0
	f.Each(func(items *KeyItems) { n++ })
	f.want(n, 1)
	f.now = f.now.Add(time.Hour)
	f.want(f.expire(), 1)
	f.want(f.value("/v/a"), "")
	f.want(len(f.AllProviders(f.now, []byte("/v/a"), nil)), 1)
	items, ok := f.byKey["/v/a"]
	f.want(ok, true)
	f.want(items.Position, identity.KeyPosition([]byte("/v/a")))
	f.now = f.now.Add(time.Hour)
	f.want(f.expire(), 1)
	_, ok = f.byKey["/v/a"]
	f.want(ok, false)
}

// Each entry is in a sample as often as any other.
func TestTheSampleIsFair(t *testing.T) {
	f := newFixture(t, Config{})
	for i := range byte(20) {
		f.provide(providerEntry(i, "k", 1, 4100, time.Hour), 0)
	}
	times := make(map[identity.ID]int)
	const rounds = 4000
	var dst []rpc.Provider
	for range rounds {
		dst = f.sample("k", dst[:0], 5)
		seen := make(map[identity.ID]bool)
		for _, p := range dst {
			seen[p.Peer.ID] = true
			times[p.Peer.ID]++
		}
		f.want(len(seen), 5)
	}
	for id, n := range times {
		if n < rounds/4*85/100 || n > rounds/4*115/100 {
			t.Errorf("%v is in %d of %d samples, want about %d", id.Short(), n, rounds, rounds/4)
		}
	}
	f.want(len(times), 20)
	f.want(len(f.sample("k", make([]rpc.Provider, 3), 100)), 23)
	f.want(len(f.sample("k", nil, 0)), 0)
	f.want(len(f.sample("none", nil, 5)), 0)
}

// Pages list every entry once, ascending by the provider's key, in an order that others
// which come and go do not shift.
func TestPagesOfProviders(t *testing.T) {
	f := newFixture(t, Config{})
	for i := range byte(20) {
		f.provide(providerEntry(1+i, "k", 1, 4100, time.Hour), 0)
	}
	var found []rpc.Provider
	for after, more := (identity.ID{}), true; more; after = found[len(found)-1].Peer.ID {
		found, more = f.ProvidersAfter(f.now, []byte("k"), after, found, 7)
		if len(found) == 7 {
			f.provide(providerEntry(99, "k", 1, 4100, time.Hour), 0) // comes while the pages are read
		}
	}
	seen := make(map[identity.ID]int)
	for i, p := range found {
		if seen[p.Peer.ID]++; i > 0 && bytes.Compare(p.Peer.ID[:], found[i-1].Peer.ID[:]) <= 0 {
			t.Errorf("entry %d is not greater than the one before", i)
		}
	}
	for i := range byte(20) {
		f.want(seen[testKey(1+i).ID()], 1)
	}
	page, more := f.ProvidersAfter(f.now, []byte("none"), identity.ID{}, nil, 7)
	f.want(len(page), 0)
	f.want(more, false)
}

// A holder grants no more than the lifetime that the provider has signed, keeps a
// description, and takes a withdrawal for a newer entry.
func TestSignedLifetime(t *testing.T) {
	f := newFixture(t, Config{})
	p := providerEntry(1, "k", 1, 4100, time.Hour)
	p.Lifetime, p.Description = 60, []byte("mirror")
	SignProvider(testKey(1), network, p)
	f.want(f.provide(p, 0), rpc.OK)
	got := f.AllProviders(f.now, []byte("k"), nil)[0]
	f.want(got.TTL, time.Minute)
	p.Sequence, p.Withdrawn = 2, true
	SignProvider(testKey(1), network, p)
	f.want(f.provide(p, 0), rpc.OK)
	p.Sequence, p.Withdrawn = 1, false
	SignProvider(testKey(1), network, p)
	f.want(f.provide(p, 0), rpc.Older)
	f.restart()
	got = f.AllProviders(f.now, []byte("k"), nil)[0]
	if !got.Withdrawn || got.Lifetime != 60 || string(got.Description) != "mirror" {
		t.Errorf("held after a restart: %+v", got)
	}
}
