package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// journalled is a store with one of everything, and its journal.
func journalled(t tester) *fixture {
	f := newFixture(t, Config{})
	r := &rpc.Record{Key: []byte("/sig/" + testKey(1).ID().String() + "/a"), Value: []byte("signed"), Sequence: 4, TTL: 24 * time.Hour}
	SignRecord(testKey(1), network, r)
	f.want(f.putFrom(r, publicSource(3), nil, 0), rpc.OK)
	f.want(f.put(blackboardRecord("/v/copy", "", 0, 24*time.Hour), 2), rpc.OK)
	p := &rpc.Provider{Key: []byte("k"), Sequence: 1, TTL: time.Hour, Lifetime: 86_400, Description: []byte("mirror"), Withdrawn: true, Peer: identity.Address{Endpoint: mustAddrPort("[2001:db8::1]:4100")}}
	SignProvider(testKey(2), network, p)
	f.want(f.provide(p, 0), rpc.OK)
	f.want(f.provide(providerEntry(1, "k", 5, 4100, time.Hour), 0), rpc.OK)
	f.publishRecord(r)
	f.publishRecord(blackboardRecord("/v/mine", "x", 9, 48*time.Hour))
	f.write(f.PublishProvider(f.now, p))
	p.TTL = 24 * time.Hour
	f.write(f.PublishProvider(f.now, p))
	f.write([]Change{TableChange([]identity.Address{p.Peer, providerEntry(1, "k", 5, 4100, 0).Peer, {Endpoint: p.Peer.Endpoint}})})
	return f
}

// With a data directory everything survives a restart, to the nanosecond.
func TestEverythingSurvivesARestart(t *testing.T) {
	f := journalled(t)
	f.now = f.now.Add(10 * time.Minute)
	before, drawn := f.Stats(), withoutReplication(f.Draw(f.now))
	f.restart()
	f.want(f.Stats(), before)
	f.want(withoutReplication(f.Draw(f.now)), drawn)
	f.want(f.left("/v/copy"), 6*time.Hour-10*time.Minute)
	items := f.byKey["/v/copy"]
	f.want(items.Between, 2)
	record, _ := f.Published([]byte("/v/mine"))
	f.want(sameRecord(record.Record, blackboardRecord("/v/mine", "x", 9, 48*time.Hour)), true)
	_, provider := f.Published([]byte("k"))
	f.want(f.names.VerifyProvider(provider.Provider), nil)
	want := []identity.Address{{ID: testKey(2).ID(), Endpoint: mustAddrPort("[2001:db8::1]:4100")},
		{ID: testKey(1).ID(), Endpoint: mustAddrPort("10.0.0.1:4100")}, {Endpoint: mustAddrPort("[2001:db8::1]:4100")}}
	if !slices.Equal(f.Table(), want) {
		t.Errorf("table %v, want %v", f.Table(), want)
	}
}

// withoutReplication removes the times of replications, which a restart changes.
func withoutReplication(drawn string) string {
	lines := strings.Split(drawn, "\n")
	for i := range lines {
		lines[i], _, _ = strings.Cut(lines[i], ", stored again")
	}
	return strings.Join(lines, "\n")
}

// The bytes of a journal depend neither on the machine nor on the program's version.
func TestJournalEntriesAreStable(t *testing.T) {
	f := newFixture(t, Config{})
	r := blackboardRecord("/v/a", "x", 0x0102, 24*time.Hour)
	_, changes := f.Put(f.now, r, publicSource(3), nil, 5, f.rnd)
	want := "02" + "18fae4eb383e7800" + "18fae27693b40000" + "0005" + "00" + "05" + "0808030018" + "0000000000000102" + "00" + "00" + "78"
	if got := hex.EncodeToString(changes[0].Value); got != want || string(changes[0].Key) != "/v/a" || changes[0].Kind != RecordEntry {
		t.Errorf("%s %q\n got %s\nwant %s", changes[0].Kind, changes[0].Key, got, want)
	}
}

// Entries that are too short, too long or of another version are refused, and change
// nothing.
func TestBadEntries(t *testing.T) {
	f := journalled(t)
	for _, c := range f.journal {
		try := func(what string, c Change) {
			s := New(Config{}, f.names)
			if err := s.Load(f.now, c); err != nil && !errors.Is(err, ErrBadEntry) {
				t.Errorf("%s %s %q: %v", what, c.Kind, c.Key, err)
			} else if err != nil && (s.Stats() != Stats{} || len(s.sequences) > 0) {
				t.Errorf("%s %s %q: refused, but something is there", what, c.Kind, c.Key)
			}
		}
		for n := range c.Value {
			cut := c
			cut.Value = c.Value[:n]
			try("cut", cut)
		}
		for n := range c.Key {
			cut := c
			cut.Key = c.Key[:n]
			try("key cut", cut)
		}
		other := c
		other.Value = bytes.Clone(c.Value)
		other.Value[0]++
		if err := New(Config{}, f.names).Load(f.now, other); !errors.Is(err, ErrBadEntry) || !errors.Is(err, ErrEntryVersion) {
			t.Errorf("another version of %s: %v", c.Kind, err)
		}
		other = c
		other.Kind = 77
		if err := New(Config{}, f.names).Load(f.now, other); !errors.Is(err, ErrBadEntry) {
			t.Errorf("kind 77: %v", err)
		}
	}
}

// An entry that comes twice counts once.
func TestLoadTwice(t *testing.T) {
	f := journalled(t)
	want := f.Stats()
	for _, c := range f.journal {
		if err := f.Load(f.now, c); err != nil {
			t.Fatal(err)
		}
	}
	f.want(f.Stats(), want)
}

// Whatever bytes the journal holds: no panic, and what is accepted can be written
// and read again.
func FuzzJournalEntry(f *testing.F) {
	for _, c := range journalled(nopTester{}).journal {
		f.Add(byte(c.Kind), c.Key, c.Value)
	}
	names := NewNamespaces(network)
	f.Fuzz(func(t *testing.T, kind byte, key, value []byte) {
		s := New(Config{}, names)
		if err := s.Load(epoch, Change{Kind: EntryKind(kind), Key: key, Value: value}); err != nil {
			return
		}
		again := New(Config{}, names)
		for _, c := range s.snapshot() {
			if err := again.Load(epoch, c); err != nil {
				t.Fatalf("%s %q does not survive: %v", c.Kind, c.Key, err)
			}
		}
		if s.Stats() != again.Stats() || withoutReplication(s.Draw(epoch)) != withoutReplication(again.Draw(epoch)) || !slices.Equal(s.Table(), again.Table()) {
			t.Fatalf("\n%s\n%s", s.Draw(epoch), again.Draw(epoch))
		}
		s.Expire(epoch.Add(MaxTTL))
		if stats := s.Stats(); stats.Records+stats.Providers+stats.Bytes+stats.Sources > 0 {
			t.Fatalf("%+v is left", stats)
		}
	})
}

// snapshot is a journal of all that the store holds.
func (s *Store) snapshot() (changes []Change) {
	s.Each(func(items *KeyItems) {
		items.each(func(it *item) { changes = append(changes, s.changed(it)...) })
	})
	for _, p := range s.published {
		changes = append(changes, s.publishedChange(p)...)
	}
	for key, sequence := range s.sequences {
		changes = append(changes, sequenceChange([]byte(key), sequence))
	}
	return append(changes, TableChange(s.table))
}

type nopTester struct{}

func (nopTester) Helper()               {}
func (nopTester) Errorf(string, ...any) {}
func (nopTester) Fatalf(string, ...any) {}

// Whatever a peer sends: no panic, and what is valid is within its limits, can be
// stored, and comes out as it went in.
func FuzzValidate(f *testing.F) {
	id := testKey(1).ID()
	signed := &rpc.Record{Key: []byte("/sig/" + id.String() + "/a"), Value: []byte("x"), Sequence: 1}
	SignRecord(testKey(1), network, signed)
	f.Add([]byte("/v/a"), []byte("x"), uint64(1), []byte{}, []byte{})
	f.Add(signed.Key, signed.Value, signed.Sequence, id[:], signed.Signature)
	f.Add([]byte(immutableKey([]byte("x"))), []byte("x"), uint64(0), []byte{}, []byte{})
	f.Add([]byte("/pk/"+id.String()), publicKeyValue(id), uint64(0), []byte{}, []byte{})
	f.Add([]byte("/long/a"), []byte("x"), uint64(1<<63), []byte{}, []byte{})
	names, _ := withLongest()
	f.Fuzz(func(t *testing.T, key, value []byte, sequence uint64, publisher, signature []byte) {
		r := &rpc.Record{Key: key, Value: value, Sequence: sequence, Signature: signature, TTL: time.Hour}
		copy(r.Publisher[:], publisher)
		err := names.Validate(r)
		if names.Better(r, r) != 0 {
			t.Fatal("better than itself")
		}
		names.Costly(key)
		if err != nil {
			if !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("%v is no known error", err)
			}
			return
		}
		if len(key) > rpc.MaxKey || rpc.RecordSize(r) > rpc.MaxRecord || sequence > MaxSequence || names.CheckKey(key) != nil {
			t.Fatalf("%q is valid", key)
		}
		s := New(Config{}, names)
		status, changes := s.Put(epoch, r, identity.NetGroup{}, nil, 0, rand.New(rand.NewPCG(1, 2)))
		got, ok := s.Get(epoch, key)
		if status != rpc.OK || !ok || !sameRecord(got, r) {
			t.Fatalf("%v: %v, want %v", status, got, r)
		}
		again := New(Config{}, names)
		if err := again.Load(epoch, changes[0]); err != nil {
			t.Fatal(err)
		}
		if got, ok := again.Get(epoch, key); !ok || !sameRecord(got, r) {
			t.Fatalf("after a restart: %v, want %v", got, r)
		}
	})
}

func FuzzVerifyProvider(f *testing.F) {
	p := providerEntry(1, "k", 7, 4100, time.Hour)
	ip := p.Peer.Endpoint.Addr().As4()
	f.Add(p.Key, p.Sequence, p.Peer.ID[:], ip[:], uint16(4100), p.Signature)
	f.Add([]byte{}, uint64(1<<63), []byte{}, make([]byte, 16), uint16(0), []byte{})
	names := NewNamespaces(network)
	f.Fuzz(func(t *testing.T, key []byte, sequence uint64, id, ip []byte, port uint16, signature []byte) {
		p := &rpc.Provider{Key: key, Sequence: sequence, Signature: signature, TTL: time.Hour, Lifetime: 1}
		copy(p.Peer.ID[:], id)
		addr, _ := netip.AddrFromSlice(ip)
		p.Peer.Endpoint = netip.AddrPortFrom(addr, port)
		err := names.VerifyProvider(p)
		if err != nil && !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrTooLarge) {
			t.Fatalf("%v is no known error", err)
		}
		if err == nil && (len(key) == 0 || port == 0 || sequence > MaxSequence || len(signature) != 64) {
			t.Fatalf("%v is valid", p)
		}
	})
}

// At a restart no signature is checked again that the journal's checksums cover, unless
// the journal does not say of which network it is.
func TestLoadChecksNoSignature(t *testing.T) {
	f := journalled(t)
	p := providerEntry(3, "other network", 5, 4100, time.Hour)
	SignProvider(testKey(3), "another", p)
	r := blackboardRecord("/sig/"+testKey(1).ID().String()+"/a", "value", 1, time.Hour)
	SignRecord(testKey(1), "another", r)
	for _, checked := range []bool{false, true} {
		s := New(Config{CheckLoaded: checked}, f.names)
		from := New(Config{}, f.names)
		_, changes := from.PutProvider(f.now, p, identity.NetGroup{}, 0, f.rnd)
		_, more := from.Put(f.now, r, identity.NetGroup{}, nil, 0, f.rnd)
		for _, c := range append(changes, more...) {
			if err := s.Load(f.now, c); err != nil {
				t.Fatal(err)
			}
		}
		_, record := s.Get(f.now, r.Key)
		provider := len(s.AllProviders(f.now, p.Key, nil)) == 1
		if record == checked || provider == checked {
			t.Errorf("checked %v: record held %v, provider %v", checked, record, provider)
		}
	}
}
