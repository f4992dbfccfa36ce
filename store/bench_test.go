package store

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"kadmium/identity"
)

// What a record counts against MaxBytes is about the memory that it takes.
func TestItemOverhead(t *testing.T) {
	const n = 20000
	s := New(Config{Volatile: true}, NewNamespaces(network))
	rnd := rand.New(rand.NewPCG(1, 2))
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range n {
		s.Put(epoch, blackboardRecord(fmt.Sprintf("/v/%d", i), fmt.Sprintf("value %d", i), 1, time.Hour*24), identity.NetGroup{}, nil, 0, rnd)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	used, counted := int(after.HeapAlloc-before.HeapAlloc)/n, s.Stats().Bytes/n
	t.Logf("%d bytes used for a small record, %d counted", used, counted)
	if used > counted*5/4 || used < counted/2 {
		t.Errorf("%d bytes are used and %d counted", used, counted)
	}
	runtime.KeepAlive(s)
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
