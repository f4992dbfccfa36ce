package main

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	libp2p "github.com/libp2p/go-libp2p-kbucket"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore"

	"kadmium/identity"
	"kadmium/kbucket"
)

// k is the bucket size on both sides.
const k = 20

// population is the number of peers offered to each table. Of 10,000 about 200
// stay, as in any node of a network of that size; most of the rest find their
// bucket full.
const population = 10000

var now = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// A peerList is one list of peers in both sides' terms. Every peer has a public
// address in a /24 of its own, so kadmium's subnet limits count, and refuse nobody.
type peerList struct {
	self     identity.ID
	book     identity.Contacts
	contacts []identity.Contact
	ids      []peer.ID
	targets  []identity.Position
}

func newPeers(tb testing.TB, n int) *peerList {
	tb.Helper()
	rnd := rand.New(rand.NewPCG(42, uint64(n)))
	p := &peerList{self: randomID(rnd)}
	for i := range n {
		id := randomID(rnd)
		ip := netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 1})
		p.contacts = append(p.contacts, p.book.Intern(identity.Address{ID: id, Endpoint: netip.AddrPortFrom(ip, 4100)}))
		p.ids = append(p.ids, libp2pID(id))
	}
	for range 1024 {
		p.targets = append(p.targets, randomID(rnd).Position())
	}
	return p
}

// randomID is 32 random bytes: no signature is made, so no key is needed.
func randomID(rnd *rand.Rand) (id identity.ID) {
	for i := 0; i < len(id); i += 8 {
		binary.LittleEndian.PutUint64(id[i:], rnd.Uint64())
	}
	return id
}

func libp2pID(id identity.ID) peer.ID {
	b := id.Bytes()
	return peer.ID(b[:])
}

func (p *peerList) newKadmium() *kbucket.Table {
	return kbucket.New(p.self.Position(), &p.book, k)
}

// newLibp2p is a table as go-libp2p-kad-dht makes it, without the diversity
// filter, which is off unless asked for.
func (p *peerList) newLibp2p(tb testing.TB) *libp2p.RoutingTable {
	tb.Helper()
	t, err := libp2p.NewRoutingTable(k, libp2p.ConvertPeerID(libp2pID(p.self)), time.Hour, peerstore.NewMetrics(), time.Hour, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { t.Close() })
	return t
}

func (p *peerList) filledKadmium() *kbucket.Table {
	t := p.newKadmium()
	for _, c := range p.contacts {
		t.Seen(now, c)
	}
	return t
}

func (p *peerList) filledLibp2p(tb testing.TB) *libp2p.RoutingTable {
	t := p.newLibp2p(tb)
	for _, id := range p.ids {
		t.TryAddPeer(id, true, false) // most are told that there is no room
	}
	return t
}

// Both sides, offered the same peers in the same order, hold the same ones, and
// name the same twenty in the same order: the benchmarks compare equal work.
func TestTablesAgree(t *testing.T) {
	p := newPeers(t, population)
	ours, theirs := p.filledKadmium(), p.filledLibp2p(t)
	if ours.Len() != theirs.Size() {
		t.Fatalf("kadmium holds %d contacts, libp2p %d", ours.Len(), theirs.Size())
	}
	for _, target := range p.targets {
		var got []peer.ID
		for _, c := range ours.Nearest(nil, &target, k) {
			got = append(got, libp2pID(p.book.Address(c).ID))
		}
		if want := theirs.NearestPeers(target[:], k); !slices.Equal(got, want) {
			t.Fatalf("nearest to %v:\nkadmium %v\nlibp2p  %v", target, got, want)
		}
	}
}

// The 20 nearest contacts to random targets in a full table.
func BenchmarkNearest20(b *testing.B) {
	p := newPeers(b, population)
	b.Run("kadmium", func(b *testing.B) {
		t := p.filledKadmium()
		dst := make([]identity.Contact, 0, k)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			dst = t.Nearest(dst[:0], &p.targets[i%len(p.targets)], k)
		}
	})
	b.Run("libp2p", func(b *testing.B) {
		t := p.filledLibp2p(b)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			t.NearestPeers(p.targets[i%len(p.targets)][:], k)
		}
	})
}

// One peer offered to a table, from the first to the last of the population;
// then a new table begins. libp2p hashes the peer's ID on each call, kadmium once
// when its contact book first hears of it: kadmium+hash does so on each call too.
func BenchmarkInsert(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"20peers", 20}, {"10000peers", population}} {
		p := newPeers(b, size.n)
		b.Run(size.name+"/kadmium", func(b *testing.B) { p.benchmarkSeen(b, false) })
		b.Run(size.name+"/kadmium+hash", func(b *testing.B) { p.benchmarkSeen(b, true) })
		b.Run(size.name+"/libp2p", func(b *testing.B) {
			b.ReportAllocs()
			var t *libp2p.RoutingTable
			for i := 0; b.Loop(); i++ {
				if i%size.n == 0 {
					t = p.newLibp2p(b)
				}
				t.TryAddPeer(p.ids[i%size.n], true, false)
			}
		})
	}
}

func (p *peerList) benchmarkSeen(b *testing.B, hash bool) {
	b.ReportAllocs()
	var t *kbucket.Table
	for i := 0; b.Loop(); i++ {
		at := i % len(p.contacts)
		if at == 0 {
			t = p.newKadmium()
		}
		if hash && p.book.Address(p.contacts[at]).ID.Position() != *p.book.Position(p.contacts[at]) {
			b.Fatal("a peer's position has changed")
		}
		t.Seen(now, p.contacts[at])
	}
}

// A peer that is in the table is heard again.
func BenchmarkSeenAgain(b *testing.B) {
	p := newPeers(b, population)
	b.Run("kadmium", func(b *testing.B) {
		t := p.filledKadmium()
		var held []identity.Contact
		t.Each(func(c identity.Contact, _ time.Time, _, _ int) { held = append(held, c) })
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			t.Seen(now, held[i%len(held)])
		}
	})
	b.Run("libp2p", func(b *testing.B) {
		t := p.filledLibp2p(b)
		held := t.ListPeers()
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			t.UpdateLastSuccessfulOutboundQueryAt(held[i%len(held)], now)
		}
	})
}
