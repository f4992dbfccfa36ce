package kbucket

import (
	"math/rand/v2"
	"testing"

	"kadmium/identity"
)

// full is the table of a node in a network of 10,000 that has met them all.
func full(b *testing.B) (*Table, *testBook, *rand.Rand) {
	b.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	book := &testBook{}
	t := New(randomPosition(rnd), book, 0)
	for i := range 10000 {
		t.Seen(start, book.addAt(randomPosition(rnd), publicIP(i)))
	}
	return t, book, rnd
}

func BenchmarkNearest20(b *testing.B) {
	t, _, rnd := full(b)
	targets := make([]identity.Position, 1024)
	for i := range targets {
		targets[i] = randomPosition(rnd)
	}
	dst := make([]identity.Contact, 0, 20)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		dst = t.Nearest(dst[:0], &targets[i%len(targets)], 20)
	}
}

// The nearest to the node itself are in its smallest buckets: the most to visit.
func BenchmarkNearest20ToSelf(b *testing.B) {
	t, _, _ := full(b)
	dst := make([]identity.Contact, 0, 20)
	b.ReportAllocs()
	for b.Loop() {
		dst = t.Nearest(dst[:0], &t.self, 20)
	}
}

// Every contact of the network in turn: most find their bucket full.
func BenchmarkSeen(b *testing.B) {
	t, book, _ := full(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		t.Seen(start, identity.Contact(1+i%(len(book.entries)-1)))
	}
}

// A contact that is in the table is heard again: the work of every datagram.
func BenchmarkSeenAgain(b *testing.B) {
	t, _, _ := full(b)
	held := held(t)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		t.Seen(start, held[i%len(held)])
	}
}

// A newcomer whose subnet is at its limit costs an exact count.
func BenchmarkSeenFromCrowdedSubnet(b *testing.B) {
	t, book, rnd := full(b)
	for range 200 {
		t.Seen(start, book.add(randomPosition(rnd), "30.1.1.1"))
	}
	c := book.add(inBucket(rnd, &t.self, 0), "30.1.1.2")
	if t.Seen(start, c) != Refused {
		b.Fatal("the subnet has room")
	}
	b.ReportAllocs()
	for b.Loop() {
		t.Seen(start, c)
	}
}
