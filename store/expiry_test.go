package store

import (
	"fmt"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// Design R6.11, R6.12: a replication extends no lifetime. Holders replicate every
// hour, each time with a small delay.
func TestReplicationNeverExtendsALife(t *testing.T) {
	f := newFixture(t, Config{})
	f.want(f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0), rpc.OK)
	for range 23 {
		f.now = f.now.Add(time.Hour)
		left := f.left("/v/a")
		f.now = f.now.Add(3 * time.Second) // the network's delay, retries and all
		f.want(f.put(blackboardRecord("/v/a", "x", 1, left), 0), rpc.OK)
		f.now = f.now.Add(-3 * time.Second)
	}
	f.now = epoch.Add(24*time.Hour - time.Nanosecond)
	f.want(f.left("/v/a"), time.Nanosecond)
	f.want(f.expire(), 0)
	f.now = epoch.Add(24 * time.Hour)
	f.want(f.left("/v/a"), time.Duration(0))
	f.want(f.NextExpiry(), f.now)
	f.want(f.expire(), 1)
	f.want(len(f.journal), 0)
	f.want(f.Stats(), Stats{})
	f.want(f.NextExpiry(), time.Time{})
	f.want(f.NextReplication(), time.Time{})
}

func TestPublisherExtendsALife(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0)
	f.now = f.now.Add(22 * time.Hour)
	f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0)
	f.want(f.left("/v/a"), 24*time.Hour)
	f.restart()
	f.want(f.left("/v/a"), 24*time.Hour)
}

func TestShortLivesCanBeRenewed(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, 2*time.Second), 0)
	f.now = f.now.Add(1900 * time.Millisecond)
	f.put(blackboardRecord("/v/a", "x", 1, 2*time.Second), 0)
	f.want(f.left("/v/a"), 2*time.Second)
}

func TestASTOREOfLessDoesNotShortenALife(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0)
	f.put(blackboardRecord("/v/a", "x", 1, time.Minute), 0)
	f.want(f.left("/v/a"), 24*time.Hour)
}

// A new value starts a new lifetime.
func TestANewValueHasItsOwnLife(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0)
	f.want(f.put(blackboardRecord("/v/a", "y", 2, time.Minute), 0), rpc.OK)
	f.want(f.left("/v/a"), time.Minute)
	f.now = f.now.Add(time.Minute)
	f.want(f.value("/v/a"), "")
}

func TestLifetimesAreCapped(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, 1000*time.Hour), 0)
	f.want(f.left("/v/a"), MaxTTL)
	f.provide(providerEntry(1, "k", 1, 4100, 1000*time.Hour), 0)
	f.want(f.AllProviders(f.now, []byte("k"), nil)[0].TTL, ProviderTTL)
	f.want(f.Lifetime(0), DefaultTTL)
	f.want(f.Lifetime(1000*time.Hour), MaxTTL)
}

func TestNothingIsLeftToStore(t *testing.T) {
	f := newFixture(t, Config{})
	f.want(f.put(blackboardRecord("/v/a", "x", 1, 0), 0), rpc.Invalid)
	f.want(f.provide(&rpc.Provider{Key: []byte("k")}, 0), rpc.Invalid)
	f.want(f.Stats(), Stats{})
}

// An expired record that was not removed yet does not compete with a new one.
func TestAnExpiredRecordIsNoRival(t *testing.T) {
	f := newFixture(t, Config{MaxRecords: 1})
	f.put(blackboardRecord("/v/a", "new", 9, time.Minute), 0)
	f.now = f.now.Add(time.Minute)
	none := uint64(0)
	f.want(f.putFrom(blackboardRecord("/v/a", "old", 1, time.Hour), publicSource(1), &none, 0), rpc.OK)
	f.want(f.value("/v/a"), "old")
	f.want(f.expire(), 0)
	f.restart()
	f.want(f.value("/v/a"), "old")
}

// Kademlia, section 2.3; design R6.13: copies expire sooner the more nodes are between.
func TestCopiesShrink(t *testing.T) {
	for between, want := range []time.Duration{24 * time.Hour, 12 * time.Hour, 6 * time.Hour, 3 * time.Hour} {
		f := newFixture(t, Config{})
		f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), between)
		f.want(f.left("/v/a"), want)
	}
	for _, c := range []struct {
		ttl     time.Duration
		between int
		want    time.Duration
	}{
		{24 * time.Hour, 1000, minCopy},
		{30 * time.Second, 5, 30 * time.Second},
		{MaxTTL, 1, MaxTTL / 2},
		{time.Hour, -1, time.Hour},
	} {
		if got := shrink(c.ttl, c.between); got != c.want {
			t.Errorf("shrink(%v, %d) = %v, want %v", c.ttl, c.between, got, c.want)
		}
	}
}

// A copy that is stored again lives longer, but never longer than the record itself.
func TestACopyNeverOutlivesItsRecord(t *testing.T) {
	f := newFixture(t, Config{})
	for end := epoch.Add(24 * time.Hour); f.now.Before(end); f.now = f.now.Add(30 * time.Minute) {
		f.put(blackboardRecord("/v/a", "x", 1, end.Sub(f.now)), 3)
		if f.now.Add(f.left("/v/a")).After(end) {
			t.Fatalf("at %v: %v left", f.now.Sub(epoch), f.left("/v/a"))
		}
	}
}

func TestClockSetBack(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0)
	f.now = f.now.Add(-1000 * time.Hour)
	f.restart()
	f.want(f.left("/v/a"), MaxTTL)
	if at := f.NextReplication(); at.After(f.now.Add(ReplicateAfter + ReplicateJitter)) {
		t.Errorf("stored again at %v", at)
	}
}

// Every acknowledgement waits for the disk, also that of a repeated STORE, since the
// first may not have been written.
func TestARepeatedSTOREIsWrittenAgain(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0)
	clear(f.journal) // the disk failed
	f.want(f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0), rpc.OK)
	f.restart()
	f.want(f.value("/v/a"), "x")
	f.provide(providerEntry(1, "k", 1, 4100, time.Hour), 0)
	clear(f.journal)
	f.want(f.provide(providerEntry(1, "k", 1, 4100, time.Hour), 0), rpc.OK)
	f.restart()
	f.want(len(f.AllProviders(f.now, []byte("k"), nil)), 1)
}

// What ends at once is removed in parts, each of which the journal has room for.
func TestManyExpireAtOnce(t *testing.T) {
	f := newFixture(t, Config{Volatile: true})
	for i := range maxExpired + 10 {
		f.putFrom(blackboardRecord(fmt.Sprintf("/v/%d", i), "x", 1, time.Hour), identity.NetGroup{}, nil, 0)
	}
	f.now = f.now.Add(time.Hour)
	f.want(f.expire(), maxExpired)
	f.want(f.NextExpiry().After(f.now), false)
	f.want(f.expire(), 10)
}
