package store

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// wideSource is a netgroup of a wide subnet.
func wideSource(wide, n byte) identity.NetGroup {
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{9, wide, n, 1}), 4100)
	return identity.Address{Endpoint: at}.NetGroup()
}

// Four subnets that fill a store displace nothing of others, and others displace what is
// theirs, until they have as much; what came last goes first.
func TestAFullStoreDisplacesWhoHasMost(t *testing.T) {
	f := newFixture(t, Config{MaxRecords: 40})
	put := func(name string, i int, from identity.NetGroup) rpc.Status {
		return f.putFrom(blackboardRecord(fmt.Sprintf("/v/%s%d", name, i), "x", 1, time.Hour), from, nil, 0)
	}
	for i := range 4 {
		f.want(put("before", i, wideSource(byte(10+i), 0)), rpc.OK)
	}
	flood := func() {
		for i := range 100 {
			put("flood", i, wideSource(byte(i%4), byte(i%3)))
		}
		f.want(f.Stats().Records, 40)
	}
	flood()
	f.restart()
	for i := range 20 {
		f.want(put("after", i, wideSource(byte(20+i), 0)), rpc.OK)
	}
	flood()
	for i := range 20 {
		f.want(f.value(fmt.Sprintf("/v/after%d", i)), "x")
	}
	for i := range 4 {
		f.want(f.value(fmt.Sprintf("/v/before%d", i)), "x")
	}
	f.want(f.Stats().Displaced >= 20, true)
	f.want(len(f.journal), 40) // what was displaced is not in it
	// Of one wide subnet those with less are served too, and not those with as much.
	f = newFixture(t, Config{MaxRecords: 4, MaxPerSource: 4})
	for i := range 4 {
		f.want(put("one", i, wideSource(1, 1)), rpc.OK)
	}
	f.want(put("two", 0, wideSource(1, 2)), rpc.OK)
	f.want(f.value("/v/one3"), "")
	f.want(put("two", 1, wideSource(1, 2)), rpc.OK)
	f.want(put("two", 2, wideSource(1, 2)), rpc.Full)
	f.want(put("one", 3, wideSource(1, 1)), rpc.Full)
}

// A record that makes room is gone by the same transaction that stores the other.
func TestDisplacedIsOneChangeSet(t *testing.T) {
	f := newFixture(t, Config{MaxRecords: 2, MaxPerSource: 2})
	f.putFrom(blackboardRecord("/v/a", "x", 1, time.Hour), wideSource(1, 1), nil, 0)
	f.putFrom(blackboardRecord("/v/b", "x", 1, time.Hour), wideSource(1, 1), nil, 0)
	status, changes := f.Put(f.now, blackboardRecord("/v/c", "x", 1, time.Hour), wideSource(2, 1), nil, 0, f.rnd)
	f.want(status, rpc.OK)
	f.want(len(changes), 2)
	f.want(string(changes[0].Key)+" "+string(changes[1].Key), "/v/b /v/c")
	f.want(changes[0].Value == nil && changes[1].Value != nil, true)
}

// A source displaces nothing of its own.
func TestFullIsRefused(t *testing.T) {
	f := newFixture(t, Config{MaxRecords: 8, MaxPerSource: 8})
	for i := range 10 {
		want := rpc.OK
		if i >= 8 {
			want = rpc.Full
		}
		f.want(f.putFrom(blackboardRecord(fmt.Sprintf("/v/%d", i), "x", 1, time.Hour), publicSource(1), nil, 0), want)
	}
	f.want(f.value("/v/0"), "x")
	// What is held can still be replaced and renewed.
	f.want(f.putFrom(blackboardRecord("/v/0", "y", 2, time.Hour), publicSource(2), nil, 0), rpc.OK)
	f.want(f.putFrom(blackboardRecord("/v/0", "y", 2, 5*time.Hour), publicSource(2), nil, 0), rpc.OK)
	f.now = f.now.Add(time.Hour)
	f.expire()
	f.want(f.putFrom(blackboardRecord("/v/9", "x", 1, time.Hour), publicSource(1), nil, 0), rpc.OK)
}

// One subnet uses no more than its share, however many peers it has; a restart changes
// nothing.
func TestTheShareOfASource(t *testing.T) {
	f := newFixture(t, Config{MaxRecords: 40})
	put := func(i int, from identity.NetGroup) rpc.Status {
		return f.putFrom(blackboardRecord(fmt.Sprintf("/v/%d", i), "x", 1, time.Hour), from, nil, 0)
	}
	for i := range 10 {
		f.want(put(i, publicPeer(byte(i), 1)), rpc.OK)
	}
	f.want(put(10, publicSource(1)), rpc.Full)
	f.restart()
	f.want(put(10, publicSource(1)), rpc.Full)
	f.want(put(10, publicSource(2)), rpc.OK)
	f.want(put(11, identity.NetGroup{}), rpc.OK)
	f.want(f.Stats().Sources, 3)
	// A record counts for the source of its present value.
	f.want(f.putFrom(blackboardRecord("/v/0", "y", 2, time.Hour), publicSource(2), nil, 0), rpc.OK)
	f.want(put(12, publicSource(1)), rpc.OK)
	f.want(put(13, publicSource(1)), rpc.Full)
}

// In local ranges peers are counted, not subnets: a whole test network is on one.
func TestLocalSourcesAreCountedByPeer(t *testing.T) {
	for _, local := range []string{"127.0.0.1:4100", "192.168.0.5:4100", "[::1]:4100", "[fe80::1]:4100"} {
		f := newFixture(t, Config{MaxRecords: 4})
		for i := range byte(4) {
			from := identity.Address{ID: identity.ID{i + 1}, Endpoint: mustAddrPort(local)}.NetGroup()
			f.want(f.putFrom(blackboardRecord(fmt.Sprintf("/v/%d", i), "x", 1, time.Hour), from, nil, 0), rpc.OK)
			f.want(f.putFrom(blackboardRecord(fmt.Sprintf("/v/%d+", i), "x", 1, time.Hour), from, nil, 0), rpc.Full)
		}
	}
}

// This node is not limited by a share, but by the total.
func TestOwnRecords(t *testing.T) {
	f := newFixture(t, Config{MaxRecords: 4})
	for i := range 5 {
		want := rpc.OK
		if i == 4 {
			want = rpc.Full
		}
		f.want(f.putFrom(blackboardRecord(fmt.Sprintf("/v/%d", i), "x", 1, time.Hour), identity.NetGroup{}, nil, 0), want)
	}
}

func TestBytesAreCounted(t *testing.T) {
	big := string(make([]byte, 900))
	one := recordCost(blackboardRecord("/v/0", big, 1, 0))
	f := newFixture(t, Config{MaxBytes: 10*one + 2*shareOverhead - 1, MaxPerSource: DefaultMaxRecords})
	for i := range 10 {
		want := rpc.OK
		if i == 9 {
			want = rpc.Full
		}
		f.want(f.put(blackboardRecord(fmt.Sprintf("/v/%d", i), big, 1, time.Hour), 0), want)
	}
	f.want(f.Stats().Bytes, 9*one+2*shareOverhead)
	f.want(f.put(blackboardRecord("/v/0", "", 2, time.Hour), 0), rpc.OK)
	f.want(f.put(blackboardRecord("/v/9", big, 1, time.Hour), 0), rpc.OK)

	f = newFixture(t, Config{MaxBytes: 8 * one}) // a share of two
	for i := range 3 {
		want := rpc.OK
		if i == 2 {
			want = rpc.Full
		}
		f.want(f.put(blackboardRecord(fmt.Sprintf("/v/%d", i), big, 1, time.Hour), 0), want)
	}
}

// Of one public address two providers of a key are kept, from wherever they are stored; a
// newer entry replaces its own.
func TestProvidersAtOneAddress(t *testing.T) {
	f := newFixture(t, Config{})
	provide := func(n byte, sequence uint64, ip string, from identity.NetGroup) rpc.Status {
		p := providerEntry(n, "k", sequence, 4100, time.Hour)
		p.Peer.Endpoint = netip.AddrPortFrom(netip.MustParseAddr(ip), 4100+uint16(n))
		SignProvider(testKey(n), network, p)
		status, changes := f.PutProvider(f.now, p, from, 0, f.rnd)
		f.write(changes)
		return status
	}
	n := byte(0)
	for _, at := range [][]string{{"8.8.8.8"}, {"2600::1", "2600::2", "2600::3"}} {
		for i := range byte(3) {
			want := rpc.OK
			if i == 2 {
				want = rpc.Full
			}
			f.want(provide(n+i, 1, at[int(i)%len(at)], publicSource(n+i)), want)
		}
		f.want(provide(n, 2, at[0], publicSource(n)), rpc.OK)
		n += 3
	}
	for i := range byte(4) {
		f.want(provide(n+i, 1, "192.168.0.1", publicSource(n+i)), rpc.OK)
	}
	f.want(provide(2, 1, "8.8.8.8", identity.NetGroup{}), rpc.OK) // this node's own
}

// One host cannot displace the other providers of a key.
func TestProvidersPerKey(t *testing.T) {
	f := newFixture(t, Config{maxProvidersPerKey: 8})
	provide := func(n byte, key string, from identity.NetGroup) rpc.Status {
		status, changes := f.PutProvider(f.now, providerEntry(n, key, 1, 4100, time.Hour), from, 0, f.rnd)
		f.write(changes)
		return status
	}
	n := byte(0)
	for source := range byte(4) {
		f.want(provide(n, "k", publicSource(source)), rpc.OK)
		f.want(provide(n+1, "k", publicSource(source)), rpc.OK)
		f.want(provide(n+2, "k", publicSource(source)), rpc.Full)
		n += 2
	}
	f.want(provide(n, "k", publicSource(9)), rpc.Full)
	f.want(provide(n, "other", publicSource(9)), rpc.OK)
	f.want(provide(0, "k", publicSource(9)), rpc.OK) // it is already held
	f.want(f.provide(providerEntry(0, "k", 2, 4100, time.Hour), 0), rpc.OK)
	f.restart()
	f.want(provide(n, "k", publicSource(9)), rpc.Full)

	f = newFixture(t, Config{MaxProviders: 2, MaxPerSource: DefaultMaxRecords})
	f.want(provide(1, "a", publicSource(1)), rpc.OK)
	f.want(provide(2, "b", publicSource(1)), rpc.OK)
	f.want(provide(3, "c", publicSource(1)), rpc.Full)
}
