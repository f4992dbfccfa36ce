package store

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

var epoch = time.Unix(1_800_000_000, 0)

const network = "test"

// immutableKey is the only valid key of the value in /imm.
func immutableKey(value []byte) string { return fmt.Sprintf("/imm/%x", sha256.Sum256(value)) }

// A fixture is a store with a settable clock and a journal to which every change
// that the store returns is applied.
type fixture struct {
	*Store
	t       tester
	now     time.Time
	rnd     *rand.Rand
	names   *Namespaces
	journal map[string]Change
}

// A tester is a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

func newFixture(t tester, cfg Config) *fixture {
	f := &fixture{t: t, now: epoch, rnd: rand.New(rand.NewPCG(1, 2)), names: NewNamespaces(network), journal: make(map[string]Change)}
	f.Store = New(cfg, f.names)
	return f
}

func (f *fixture) write(changes []Change) {
	for _, c := range changes {
		key := string(rune(c.Kind)) + string(c.Key)
		if c.Value == nil {
			delete(f.journal, key)
		} else {
			f.journal[key] = c
		}
	}
}

// restart replaces the store by one that is loaded from the journal.
func (f *fixture) restart() {
	f.t.Helper()
	f.Store = New(f.cfg, f.names)
	for _, key := range slices.Sorted(maps.Keys(f.journal)) {
		c := f.journal[key]
		if err := f.Load(f.now, c); err != nil {
			f.t.Fatalf("load: %v", err)
		}
	}
}

func (f *fixture) put(r *rpc.Record, between int) rpc.Status {
	return f.putFrom(r, identity.NetGroup{Peer: identity.ID{9}}, nil, between)
}

func (f *fixture) putFrom(r *rpc.Record, from identity.NetGroup, swap *uint64, between int) rpc.Status {
	status, changes := f.Put(f.now, r, from, swap, between, f.rnd)
	f.write(changes)
	return status
}

// copyFrom is putFrom for a record that its source only holds.
func (f *fixture) copyFrom(r *rpc.Record, from identity.NetGroup, _ *uint64, between int) rpc.Status {
	status, changes := f.PutCopy(f.now, r, from, between, f.rnd)
	f.write(changes)
	return status
}

func (f *fixture) provide(p *rpc.Provider, between int) rpc.Status {
	status, changes := f.PutProvider(f.now, p, identity.NetGroup{Peer: identity.ID{9}}, between, f.rnd)
	f.write(changes)
	return status
}

func (f *fixture) expire() int {
	changes, n := f.Expire(f.now)
	f.write(changes)
	return n
}

func (f *fixture) want(got, want any) {
	f.t.Helper()
	if got != want {
		f.t.Errorf("at %v: got %v, want %v", f.now.Sub(epoch), got, want)
	}
}

// left is the remaining lifetime of the record under the key, 0 for none.
func (f *fixture) left(key string) time.Duration {
	if r, ok := f.Get(f.now, []byte(key)); ok {
		return r.TTL
	}
	return 0
}

// value is what is held under the key, "" for nothing.
func (f *fixture) value(key string) string {
	if r, ok := f.Get(f.now, []byte(key)); ok {
		return string(r.Value)
	}
	return ""
}

// sample is what Providers appends.
func (f *fixture) sample(key string, dst []rpc.Provider, n int) []rpc.Provider {
	sample, _ := f.Providers(f.now, []byte(key), dst, n, f.rnd)
	return sample
}

func blackboardRecord(key, value string, sequence uint64, ttl time.Duration) *rpc.Record {
	return &rpc.Record{Key: []byte(key), Value: []byte(value), Sequence: sequence, TTL: ttl}
}

func mustAddrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

var zeroAddrPort netip.AddrPort

func testKey(n byte) identity.Key { return identity.KeyFromSeed([32]byte{n}) }

// signedProvider is a valid provider entry of test peer n.
func providerEntry(n byte, key string, sequence uint64, port uint16, ttl time.Duration) *rpc.Provider {
	p := &rpc.Provider{Key: []byte(key), Sequence: sequence, TTL: ttl, Lifetime: 86_400}
	p.Peer.Endpoint = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, n}), port)
	SignProvider(testKey(n), network, p)
	return p
}

func publicSource(n byte) identity.NetGroup { return publicPeer(n, n) }

// publicPeer is the netgroup of a peer in a public subnet.
func publicPeer(n, subnet byte) identity.NetGroup {
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{8, 8, subnet, n}), 4100)
	return identity.Address{ID: identity.ID{n}, Endpoint: at}.NetGroup()
}

func sameRecord(a, b *rpc.Record) bool {
	return bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value) && a.Sequence == b.Sequence &&
		a.Publisher == b.Publisher && bytes.Equal(a.Signature, b.Signature) && a.TTL == b.TTL
}
