package store

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"kadmium/identity"
)

// What is counted against MaxBytes is about the live memory that a full store takes: of
// records of few bytes and of nearly 1 kB, of one source and of many.
func TestMemoryIsCounted(t *testing.T) {
	const n = 20000
	for _, c := range []struct{ value, sources int }{{1, 1}, {1, 100}, {1, n}, {900, 1}, {900, n}} {
		s := New(Config{Volatile: true, MaxPerSource: DefaultMaxRecords}, NewNamespaces(network))
		rnd := rand.New(rand.NewPCG(1, 2))
		value := strings.Repeat("x", c.value)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := range n {
			at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(20 + i%c.sources%50), byte(i % c.sources), byte(i % c.sources >> 8), 1}), 1)
			from := identity.Address{Endpoint: at}.NetGroup()
			s.Put(epoch, blackboardRecord(fmt.Sprintf("/v/%d", i), value, 1, time.Hour*24), from, nil, 0, rnd)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		used, counted := int(after.HeapAlloc-before.HeapAlloc)/n, s.Stats().Bytes/n
		t.Logf("a value of %d bytes, %d of %d sources: %d bytes used for a record, %d counted", c.value, s.Stats().Records, s.Stats().Sources, used, counted)
		if used > counted*5/4 || used < counted*3/4 {
			t.Errorf("%d bytes are used and %d counted", used, counted)
		}
		runtime.KeepAlive(s)
	}
}

func BenchmarkPut(b *testing.B) {
	names, rnd := NewNamespaces(network), rand.New(rand.NewPCG(1, 2))
	keys := make([]string, 10000)
	for i := range keys {
		keys[i] = fmt.Sprintf("/v/%d", i)
	}
	s := New(Config{}, names)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Put(epoch, blackboardRecord(keys[i%len(keys)], "value", uint64(i), time.Hour), identity.NetGroup{}, nil, 0, rnd)
	}
}

func BenchmarkPutAgain(b *testing.B) {
	s, rnd := New(Config{}, NewNamespaces(network)), rand.New(rand.NewPCG(1, 2))
	r := blackboardRecord("/v/a", "value", 1, time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		s.Put(epoch, r, identity.NetGroup{}, nil, 0, rnd)
	}
}

func BenchmarkGet(b *testing.B) {
	s, rnd := New(Config{}, NewNamespaces(network)), rand.New(rand.NewPCG(1, 2))
	s.Put(epoch, blackboardRecord("/v/a", "value", 1, time.Hour), identity.NetGroup{}, nil, 0, rnd)
	key := []byte("/v/a")
	b.ReportAllocs()
	for b.Loop() {
		s.Get(epoch, key)
	}
}

func BenchmarkValidateSigned(b *testing.B) {
	r := blackboardRecord("/sig/"+testKey(1).ID().String()+"/a", "value", 1, time.Hour)
	SignRecord(testKey(1), network, r)
	names := NewNamespaces(network)
	b.ReportAllocs()
	for b.Loop() {
		if err := names.Validate(r); err != nil {
			b.Fatal(err)
		}
	}
}
