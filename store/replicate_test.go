package store

import (
	"fmt"
	"testing"
	"time"

	"kadmium/rpc"
)

// Kademlia, section 2.5; design R6.10: a holder replicates an hour after the last STORE.
func TestAHolderStoresAgain(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0)
	at := f.NextReplication()
	if at.Before(epoch.Add(ReplicateAfter)) || at.After(epoch.Add(ReplicateAfter+ReplicateJitter)) {
		t.Fatalf("due after %v", at.Sub(epoch))
	}
	f.now = at.Add(-1)
	if _, ok := f.DueReplication(f.now); ok {
		t.Fatal("due too early")
	}
	f.now = at
	key, ok := f.DueReplication(f.now)
	f.want(ok, true)
	f.want(string(key), "/v/a")
	r, _ := f.Overdue(f.now, key, nil)
	f.want(r.TTL, 24*time.Hour-at.Sub(epoch))
	f.Replicated(f.now, key, f.rnd)
	if r, _ := f.Overdue(f.now, key, nil); r != nil {
		t.Error("overdue when just stored again")
	}
	if next := f.NextReplication(); next.Before(at.Add(ReplicateAfter)) || next.After(at.Add(ReplicateAfter+ReplicateJitter)) {
		t.Errorf("next after %v", next.Sub(at))
	}
}

// Any STORE of the record postpones it, so that one of k holders does the work.
func TestASTOREPutsReplicationOff(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0)
	for range 10 {
		f.now = f.NextReplication().Add(-time.Second)
		f.put(blackboardRecord("/v/a", "x", 1, f.left("/v/a")), 0)
		if next := f.NextReplication().Sub(f.now); next < ReplicateAfter {
			t.Fatalf("due %v after a STORE", next)
		}
	}
}

// An older record does not show that others hold this one.
func TestAnOlderSTOREPutsNothingOff(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 2, 24*time.Hour), 0)
	at := f.NextReplication()
	f.now = at.Add(-time.Second)
	f.want(f.put(blackboardRecord("/v/a", "w", 1, 24*time.Hour), 0), rpc.Older)
	f.want(f.NextReplication(), at)
}

// Twenty holders of a key that receive each other's STOREs replicate it about once an
// hour together.
func TestOneOfTwentyHoldersDoesTheWork(t *testing.T) {
	holders := make([]*fixture, 20)
	for i := range holders {
		holders[i] = newFixture(t, Config{})
		holders[i].rnd.IntN(1 + i) // other jitter for each
		for range i {
			holders[i].rnd.Uint64()
		}
		holders[i].put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0)
	}
	replications := 0
	for now := epoch; now.Before(epoch.Add(24 * time.Hour)); now = now.Add(time.Second) {
		for _, f := range holders {
			f.now = now
			key, ok := f.DueReplication(now)
			if !ok {
				continue
			}
			replications++
			r, _ := f.Overdue(now, key, nil)
			f.Replicated(now, key, f.rnd)
			for _, other := range holders {
				if other.now = now; other != f {
					other.put(r, 0)
				}
			}
		}
	}
	if replications < 19 || replications > 24 {
		t.Errorf("%d replications in a day of twenty holders", replications)
	}
	for _, f := range holders {
		f.now = epoch.Add(24 * time.Hour)
		f.want(f.value("/v/a"), "")
	}
}

func TestACopyIsNeverStoredAgain(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 1)
	f.want(f.NextReplication(), time.Time{})
	if r, _ := f.Overdue(f.now.Add(5*time.Hour), []byte("/v/a"), nil); r != nil {
		t.Error("a copy is overdue")
	}
	f.SetBetween([]byte("/v/a"), 0) // nodes in between have gone
	f.want(f.NextReplication(), epoch.Add(ReplicateAfter+ReplicateJitter))
	f.SetBetween([]byte("/v/a"), 2)
	f.want(f.NextReplication(), time.Time{})
	f.SetBetween([]byte("/v/none"), 2)
}

// A node that was no holder before a restart judges again afterwards: the count that it went
// by may have been wrong, or is no longer right.
func TestACopyIsJudgedAgainAfterARestart(t *testing.T) {
	for _, between := range []int{0, 2} {
		f := newFixture(t, Config{})
		f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 2)
		f.restart()
		f.now = f.NextReplication()
		key, ok := f.DueReplication(f.now)
		f.want(string(key), "/v/a")
		f.want(ok, true)
		f.SetBetween(key, between)
		r, _ := f.Overdue(f.now, key, nil)
		f.want(r != nil, between == 0)
		f.want(f.NextReplication().IsZero(), between > 0)
	}
}

// A key that was returned is not returned again at once, but later if it was not
// replicated.
func TestADueKeyIsLeased(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0)
	f.now = f.NextReplication()
	_, ok := f.DueReplication(f.now)
	f.want(ok, true)
	_, ok = f.DueReplication(f.now)
	f.want(ok, false)
	f.now = f.now.Add(replicationLease)
	_, ok = f.DueReplication(f.now)
	f.want(ok, true)
}

// Everything under a key is sent after one lookup: entries that were stored at different
// times become due together.
func TestProvidersOfAKeyAreStoredTogether(t *testing.T) {
	f := newFixture(t, Config{})
	for i := range byte(10) {
		f.want(f.provide(providerEntry(i, "k", 1, 4100, 24*time.Hour), 0), rpc.OK)
		f.now = f.now.Add(5 * time.Minute)
	}
	lookups := 0
	for f.now.Before(epoch.Add(20 * time.Hour)) {
		f.now = f.NextReplication()
		key, ok := f.DueReplication(f.now)
		f.want(ok, true)
		lookups++
		f.Replicated(f.now, key, f.rnd)
	}
	if lookups > 32 {
		t.Errorf("%d lookups in 20 hours for one key with 10 providers", lookups)
	}
	f.now = f.NextReplication()
	if _, ps := f.Overdue(f.now, []byte("k"), nil); len(ps) != 10 {
		t.Errorf("%d of 10 providers go out together", len(ps))
	}
}

// After a restart overdue replications are spread, and none is forgotten.
func TestOverdueAfterARestart(t *testing.T) {
	f := newFixture(t, Config{})
	for i := range 100 {
		f.put(blackboardRecord(fmt.Sprintf("/v/%d", i), "x", 1, 24*time.Hour), 0)
		f.now = f.now.Add(7 * time.Millisecond)
	}
	f.now = f.now.Add(5 * time.Hour)
	f.restart()
	quarters := make(map[time.Duration]int)
	for end := f.now.Add(ReplicateJitter); ; {
		at := f.NextReplication()
		if at.After(end) || at.IsZero() {
			break
		}
		key, _ := f.DueReplication(at)
		f.Replicated(at, key, f.rnd)
		quarters[end.Sub(at)*4/ReplicateJitter]++
	}
	total := 0
	for q, n := range quarters {
		total += n
		if n > 60 {
			t.Errorf("%d of 100 in quarter %d", n, q)
		}
	}
	f.want(total, 100)
}

// What will have expired by then is not replicated.
func TestWhatWillHaveExpiredIsNotReplicated(t *testing.T) {
	f := newFixture(t, Config{})
	f.put(blackboardRecord("/v/a", "x", 1, 30*time.Minute), 0)
	f.want(f.NextReplication(), time.Time{})
}
