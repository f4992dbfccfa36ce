package store

import (
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

func TestProviderEntries(t *testing.T) {
	f := newFixture(t, Config{})
	day := 24 * time.Hour
	f.want(f.provide(signedProvider(1, "k", 5, 4100, day), 0), rpc.OK)
	f.want(f.provide(signedProvider(1, "k", 5, 4100, day), 0), rpc.OK)
	f.want(f.provide(signedProvider(1, "k", 4, 4100, day), 0), rpc.Older)
	f.want(f.provide(signedProvider(1, "k", 6, 4200, day), 0), rpc.OK)
	f.want(f.provide(signedProvider(1, "k", 6, 4100, day), 0), rpc.Older) // one sequence, lesser address
	f.want(f.provide(signedProvider(2, "k", 1, 4100, day), 0), rpc.OK)
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
	f.want(len(f.Providers(f.now, []byte("k"), nil, 10, f.rnd)), 0)
	f.want(len(f.AllProviders(f.now, []byte("k"), nil)), 0)
	f.want(f.expire(), 2)
	f.want(len(f.journal), 0)
}

// The record and the providers of one key expire independently.
func TestOneKeyTwoKinds(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, time.Hour), 0)
	f.provide(signedProvider(1, "/v/a", 1, 4100, 2*time.Hour), 0)
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
		f.provide(signedProvider(i, "k", 1, 4100, time.Hour), 0)
	}
	times := make(map[identity.ID]int)
	const rounds = 4000
	var dst []rpc.Provider
	for range rounds {
		dst = f.Providers(f.now, []byte("k"), dst[:0], 5, f.rnd)
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
	f.want(len(f.Providers(f.now, []byte("k"), make([]rpc.Provider, 3), 100, f.rnd)), 23)
	f.want(len(f.Providers(f.now, []byte("k"), nil, 0, f.rnd)), 0)
	f.want(len(f.Providers(f.now, []byte("none"), nil, 5, f.rnd)), 0)
}
