package store

import (
	"testing"
	"time"

	"kadmium/rpc"
)

func (f *fixture) publishRecord(r *rpc.Record) { f.write(f.Publish(f.now, r)) }

// Design R6.8: the publisher, every 22 hours, until Unpublish.
func TestRepublishEvery22Hours(t *testing.T) {
	f := newFixture(t, Config{})
	r := blackboardRecord("/v/a", "x", 3, 24*time.Hour)
	f.publishRecord(r)
	r.Value[0] = '!' // the store has its own copy
	for day := time.Duration(1); day <= 5; day++ {
		at := epoch.Add(day * RepublishEvery)
		f.want(f.NextRepublish(), at)
		f.now = at.Add(-1)
		if _, ok := f.DueRepublish(f.now); ok {
			t.Fatal("due too early")
		}
		f.now = at
		p, ok := f.DueRepublish(f.now)
		f.want(ok, true)
		f.want(sameRecord(p.Record, blackboardRecord("/v/a", "x", 3, 24*time.Hour)), true)
		f.want(string(p.Key()), "/v/a")
		f.write(f.Republished(f.now, p))
		f.restart()
	}
	changes, ok := f.Unpublish([]byte("/v/a"))
	f.write(changes)
	f.want(ok, true)
	f.want(f.NextRepublish(), time.Time{})
	f.restart()
	f.want(f.Stats().Published, 0)
	_, ok = f.Unpublish([]byte("/v/a"))
	f.want(ok, false)
	if sequence, ok := f.Sequence([]byte("/v/a")); sequence != 3 || !ok {
		t.Errorf("the sequence is forgotten: %d, %v", sequence, ok)
	}
}

// Design R6.29: what waits for a peer still does so after a restart, until others have it.
func TestWaitingSurvivesARestart(t *testing.T) {
	f := newFixture(t, Config{})
	waits := func() (record, provider Waiting) {
		f.restart()
		r, p := f.Published([]byte("/v/a"))
		return r.Waits, p.Waits
	}
	f.publishRecord(blackboardRecord("/v/a", "x", 1, 24*time.Hour))
	f.write(f.PublishProvider(f.now, providerEntry(1, "/v/a", 1, 4100, ProviderTTL)))
	record, provider := waits()
	f.want(record, WaitsNot)
	f.want(provider, WaitsNot)
	for w, want := range map[Waiting]Waiting{WaitsNot: WaitsChosen, WaitsChosen: WaitsChosen, WaitsOpen: WaitsOpen} {
		r, p := f.Published([]byte("/v/a"))
		f.write(append(f.Unconfirmed(f.now, r, w), f.Unconfirmed(f.now, p, w)...))
		record, provider = waits()
		f.want(record, want)
		f.want(provider, WaitsChosen)
	}
	r, p := f.Published([]byte("/v/a"))
	f.write(append(f.Republished(f.now, r), f.PublishProvider(f.now, p.Provider)...))
	record, provider = waits()
	f.want(record, WaitsNot)
	f.want(provider, WaitsNot)
	r.Waits = WaitsChosen + 1 // of a later version
	f.write([]Change{r.change()})
	record, _ = waits()
	f.want(record, WaitsChosen)
}

func TestRepublishAtStartIfOverdue(t *testing.T) {
	f := newFixture(t, Config{})
	f.publishRecord(blackboardRecord("/v/a", "x", 1, 24*time.Hour))
	f.now = f.now.Add(100 * time.Hour)
	f.restart()
	p, ok := f.DueRepublish(f.now)
	f.want(ok, true)
	f.want(p.Record.TTL, 24*time.Hour)
}

func TestAFailedPublicationComesUpAgain(t *testing.T) {
	f := newFixture(t, Config{})
	f.publishRecord(blackboardRecord("/v/a", "x", 1, 24*time.Hour))
	f.now = f.NextRepublish()
	f.DueRepublish(f.now)
	_, ok := f.DueRepublish(f.now)
	f.want(ok, false)
	f.now = f.now.Add(republishRetry)
	_, ok = f.DueRepublish(f.now)
	f.want(ok, true)
}

// What was unpublished or replaced during its publication stays so.
func TestRepublishedTooLate(t *testing.T) {
	f := newFixture(t, Config{})
	f.publishRecord(blackboardRecord("/v/a", "x", 1, 24*time.Hour))
	f.now = f.NextRepublish()
	old, _ := f.DueRepublish(f.now)
	f.publishRecord(blackboardRecord("/v/a", "y", 2, 24*time.Hour))
	f.want(len(f.Republished(f.now, old)), 0)
	f.restart()
	p, _ := f.Published([]byte("/v/a"))
	f.want(string(p.Record.Value), "y")
	changes, _ := f.Unpublish([]byte("/v/a"))
	f.write(changes)
	f.want(len(f.Republished(f.now, p)), 0)
	f.want(f.NextRepublish(), time.Time{})
}

// A lifetime that ends before the next publication is not extended (design R6.9).
func TestAShortLifeIsNotKeptUp(t *testing.T) {
	f := newFixture(t, Config{})
	f.publishRecord(blackboardRecord("/v/a", "x", 1, 24*time.Hour))
	f.publishRecord(blackboardRecord("/v/a", "y", 2, time.Hour))
	f.want(f.NextRepublish(), time.Time{})
	f.restart()
	f.want(f.Stats().Published, 0)
	sequence, _ := f.Sequence([]byte("/v/a"))
	f.want(sequence, uint64(2))
}

func TestRecordAndProviderOfOneKey(t *testing.T) {
	f := newFixture(t, Config{})
	f.publishRecord(blackboardRecord("/v/a", "x", 1, 24*time.Hour))
	f.write(f.PublishProvider(f.now, providerEntry(1, "/v/a", 7, 4100, 24*time.Hour)))
	f.restart()
	record, provider := f.Published([]byte("/v/a"))
	f.want(record.Record.Sequence, uint64(1))
	f.want(provider.Provider.Sequence, uint64(7))
	f.want(provider.Provider.TTL, 24*time.Hour)
	f.want(f.names.VerifyProvider(provider.Provider), nil)
	f.want(provider.Due(), epoch.Add(RepublishEvery))
	f.want(len(f.allPublished(nil)), 2)
	changes, ok := f.Unpublish([]byte("/v/a"))
	f.want(ok, true)
	f.write(changes)
	f.restart()
	f.want(f.Stats(), Stats{})
}

// A sequence is never used twice, whatever happened in between.
func TestSequencesOnlyRise(t *testing.T) {
	f := newFixture(t, Config{})
	key := []byte("/v/a")
	_, ok := f.Sequence(key)
	f.want(ok, false)
	f.write(f.Used(key, 5))
	f.want(len(f.Used(key, 4)), 0)
	f.restart()
	sequence, _ := f.Sequence(key)
	f.want(sequence, uint64(5))

	first := f.ProviderSequence(f.now, key)
	f.want(first, uint64(f.now.UnixMilli()))
	f.write(f.PublishProvider(f.now, providerEntry(1, "/v/a", first, 4100, 24*time.Hour)))
	f.want(f.ProviderSequence(f.now, key), first+1)
	f.now = f.now.Add(-time.Hour) // the clock was set back
	f.restart()
	f.want(f.ProviderSequence(f.now, key), first+1)
	f.want(f.ProviderSequence(time.Unix(-5, 0), []byte("other")), uint64(1))
	sequence, _ = f.Sequence(key)
	f.want(sequence, uint64(5))
}

func TestVolatileStoresWriteNothing(t *testing.T) {
	f := newFixture(t, Config{Volatile: true})
	f.put(blackboardRecord("/v/a", "x", 1, 24*time.Hour), 0)
	f.provide(providerEntry(1, "k", 1, 4100, time.Hour), 0)
	f.publishRecord(blackboardRecord("/v/a", "x", 1, 24*time.Hour))
	f.now = f.now.Add(25 * time.Hour)
	p, _ := f.DueRepublish(f.now)
	f.want(len(f.Republished(f.now, p)), 0)
	changes, n := f.Expire(f.now)
	f.want(len(changes), 0)
	f.want(n, 2)
	f.want(len(f.journal), 0)
}
