package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/rpc"
)

func sameOps(a, b []Change) bool {
	return slices.EqualFunc(a, b, func(a, b Change) bool {
		return a.Kind == b.Kind && string(a.Key) == string(b.Key) && string(a.Value) == string(b.Value)
	})
}

// A store without a journal that is started again from its snapshot holds the same,
// publishes the same and has used the same sequences, whenever it was stopped.
func TestSnapshotLosesNothing(t *testing.T) {
	signed := make(map[string]*rpc.Provider) // signing is what takes long
	entry := func(peer byte, key string, sequence uint64) *rpc.Provider {
		name := fmt.Sprint(peer, key, sequence)
		if signed[name] == nil {
			signed[name] = providerEntry(peer, key, sequence, 4100, 24*time.Hour)
		}
		return signed[name]
	}
	rapid.Check(t, func(t *rapid.T) {
		names, rnd, now := NewNamespaces(network), rand.New(rand.NewPCG(1, 2)), epoch
		s := New(Config{Volatile: true}, names)
		key := func() string { return rapid.SampledFrom(modelKeys).Draw(t, "key") }
		between := func() int { return rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "between") }
		sequence := func() uint64 { return rapid.Uint64Range(1, 3).Draw(t, "sequence") }
		record := func() *rpc.Record {
			return blackboardRecord(key(), rapid.SampledFrom([]string{"", "x"}).Draw(t, "value"), sequence(), 48*time.Hour)
		}
		peer := func() byte { return rapid.ByteRange(1, 4).Draw(t, "peer") }
		t.Repeat(map[string]func(*rapid.T){
			"put":              func(*rapid.T) { s.Put(now, record(), publicSource(1), nil, between(), rnd) },
			"provide":          func(*rapid.T) { s.PutProvider(now, entry(peer(), key(), sequence()), publicSource(2), between(), rnd) },
			"publish":          func(*rapid.T) { s.Publish(now, record()) },
			"publish provider": func(*rapid.T) { s.PublishProvider(now, entry(5, key(), sequence())) },
			"unpublish":        func(*rapid.T) { s.Unpublish([]byte(key())) },
			"use":              func(*rapid.T) { s.Used([]byte(key()), sequence()) },
			"holder":           func(*rapid.T) { s.SetBetween([]byte(key()), between()) },
			"wait": func(*rapid.T) {
				now = now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Hour, 20 * time.Hour}).Draw(t, "for"))
				s.Expire(now)
			},
			"": func(t *rapid.T) {
				again, changes := New(Config{Volatile: true}, names), s.Snapshot(nil)
				for _, c := range changes {
					if err := again.Load(now, c); err != nil {
						t.Fatal(err)
					}
				}
				if got, want := withoutReplication(again.Draw(now)), withoutReplication(s.Draw(now)); got != want || again.Stats() != s.Stats() {
					t.Fatalf("got\n%s\nwant\n%s", got, want)
				}
				if !sameOps(again.Snapshot(nil), changes) {
					t.Fatal("its snapshot is another")
				}
			},
		})
	})
}

// The snapshot of a store with a journal is the journal's content.
func TestSnapshotIsTheJournal(t *testing.T) {
	f := journalled(t)
	changes := f.Snapshot([]Change{f.journal[string(rune(TableEntry))+tableKey]})
	if len(changes) != len(f.journal) {
		t.Errorf("%d entries, the journal has %d", len(changes), len(f.journal))
	}
	for _, c := range changes {
		if held := f.journal[string(rune(c.Kind))+string(c.Key)]; !sameOps([]Change{c}, []Change{held}) {
			t.Errorf("%v %q: %x, the journal has %x", c.Kind, c.Key, c.Value, held.Value)
		}
	}
}
