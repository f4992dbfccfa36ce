package store

import (
	"fmt"
	"math"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// Of one source what is outside the region around the node goes first, also where it came
// first; where the region is known later, what is held is looked at again.
func TestOutsideTheRegionIsDisplacedFirst(t *testing.T) {
	f := newFixture(t, Config{MaxRecords: 8, MaxPerSource: 8})
	self := identity.KeyPosition([]byte("/v/0"))
	radius := uint64(math.MaxUint64 / 4)
	var near, far []string
	for i := 0; len(near) < 4 || len(far) < 4; i++ {
		key := fmt.Sprintf("/v/%d", i)
		of := &far
		if p := identity.KeyPosition([]byte(key)); self.Prefix()^p.Prefix() <= radius {
			of = &near
		}
		if len(*of) == 4 {
			continue
		}
		*of = append(*of, key)
		f.want(f.putFrom(blackboardRecord(key, "x", 1, time.Hour), wideSource(1, 1), nil, 0), rpc.OK)
	}
	f.want(f.Tight(), true)
	f.SetRegion(&self, radius)
	for i := range 4 {
		f.want(f.putFrom(blackboardRecord(fmt.Sprintf("/v/other%d", i), "x", 1, time.Hour), wideSource(byte(2+i), 1), nil, 0), rpc.OK)
	}
	for i := range 4 {
		f.want(f.value(near[i]), "x")
		f.want(f.value(far[i]), "")
	}
}

// Records leave room for provider entries, and provider entries for records; what either
// leaves the other uses, and gives back.
func TestRoomIsKeptForBothKinds(t *testing.T) {
	entry := providerEntry(1, "k", 1, 4100, time.Hour)
	size := providerCost(entry)
	each := size + 2*shareOverhead
	f := newFixture(t, Config{MaxBytes: 16 * each, MaxPerSource: DefaultMaxRecords})
	record := func(i int) rpc.Status {
		r := blackboardRecord(fmt.Sprintf("/v/%03d", i), "", 1, time.Hour)
		r.Value = make([]byte, size-itemOverhead-rounded(len(r.Key)))
		for ; recordCost(r) > size; r.Value = r.Value[1:] {
		}
		return f.putFrom(r, wideSource(byte(i), 1), nil, 0)
	}
	provide := func(i int) rpc.Status {
		p := *entry
		p.Key = fmt.Appendf(nil, "%c", 'a'+i)
		status, changes := f.PutProvider(f.now, &p, wideSource(byte(100+i), 1), 0, f.rnd)
		f.write(changes)
		return status
	}
	for i := range 16 {
		f.want(record(i), rpc.OK)
	}
	f.want(record(16), rpc.Full)
	for i := range 4 {
		f.want(provide(i), rpc.OK)
	}
	f.want(provide(4), rpc.Full) // all have one
	f.want(f.Stats().Records, 12)

	f = newFixture(t, Config{MaxBytes: 16 * each, MaxPerSource: DefaultMaxRecords})
	for i := range 16 {
		f.want(provide(i), rpc.OK)
	}
	for i := range 12 {
		f.want(record(i), rpc.OK)
	}
	f.want(record(12), rpc.Full)
	f.want(f.Stats().Providers, 4)
}

// A record that was displaced is not forgotten: what is older is refused, and a
// compare-and-swap goes by its sequence, until it would have expired.
func TestTheSequenceOfWhatWasDisplaced(t *testing.T) {
	f := newFixture(t, Config{MaxRecords: 2, MaxPerSource: 2})
	cas := func(n uint64) *uint64 { return &n }
	old := func(sequence uint64) *rpc.Record { return blackboardRecord("/v/b", "y", sequence, time.Hour) }
	other := func(i int) rpc.Status {
		return f.putFrom(blackboardRecord(fmt.Sprintf("/v/other%d", i), "x", 1, 2*time.Hour), wideSource(byte(20+i), 1), nil, 0)
	}
	f.putFrom(blackboardRecord("/v/a", "x", 7, time.Hour), wideSource(1, 1), nil, 0)
	f.putFrom(blackboardRecord("/v/b", "x", 7, time.Hour), wideSource(1, 1), nil, 0)
	f.want(other(0), rpc.OK)
	f.want(f.value("/v/b"), "")
	f.want(f.Stats().Sequences, 1)
	f.want(f.putFrom(old(6), identity.NetGroup{}, nil, 0), rpc.Older)
	f.want(f.putFrom(old(8), identity.NetGroup{}, cas(0), 0), rpc.Conflict)
	f.want(f.putFrom(old(8), identity.NetGroup{}, cas(6), 0), rpc.Conflict)
	f.want(f.putFrom(old(8), identity.NetGroup{}, cas(7), 0), rpc.OK)
	f.want(f.Stats().Sequences, 1) // of /v/a or of other0, which made room
	// It ends with the record's lifetime.
	f = newFixture(t, Config{MaxRecords: 2, MaxPerSource: 2})
	f.putFrom(blackboardRecord("/v/a", "x", 7, time.Hour), wideSource(1, 1), nil, 0)
	f.putFrom(blackboardRecord("/v/b", "x", 7, time.Hour), wideSource(1, 1), nil, 0)
	f.want(other(0), rpc.OK)
	f.now = f.now.Add(time.Hour)
	f.expire()
	f.want(f.putFrom(old(6), wideSource(9, 1), cas(0), 0), rpc.OK)
}

// Of the sequences that are kept no source takes all.
func TestKeptSequencesAreShared(t *testing.T) {
	f := newFixture(t, Config{MaxRecords: 8, MaxPerSource: 8, maxKeptSequences: 3})
	put := func(wide byte, i int) {
		f.putFrom(blackboardRecord(fmt.Sprintf("/v/%d/%d", wide, i), "x", 7, time.Hour), wideSource(wide, 1), nil, 0)
	}
	for i := range 8 {
		put(1, i)
	}
	for i := range 4 {
		put(2, i)
	}
	f.want(f.Stats().Sequences, 3)
	f.want(f.Stats().SequencesDropped, 1)
	for i := range 3 {
		put(3, i)
	}
	// Some of what the third displaced was the second's, which had nothing kept.
	f.want(f.Stats().Sequences, 3)
	f.want(f.kept.wide[wideSource(2, 1).Wide()] != nil, true)
}

// What a holder stores again makes room before what it puts itself, and for it.
func TestCopiesMakeRoomFirst(t *testing.T) {
	f := newFixture(t, Config{MaxRecords: 8, MaxPerSource: 8})
	put := func(name string, from identity.NetGroup) rpc.Status {
		return f.putFrom(blackboardRecord("/v/"+name, "x", 1, time.Hour), from, nil, 0)
	}
	f.want(put("own", wideSource(1, 1)), rpc.OK)
	for i := range 7 {
		r := blackboardRecord(fmt.Sprintf("/v/copy%d", i), "x", 1, time.Hour)
		f.want(f.copyFrom(r, wideSource(1, 1), nil, 0), rpc.OK)
	}
	f.want(f.copyFrom(blackboardRecord("/v/copy8", "x", 1, time.Hour), wideSource(1, 1), nil, 0), rpc.Full)
	for i := range 3 {
		f.want(put(fmt.Sprint("more", i), wideSource(1, 1)), rpc.OK)
		f.want(put(fmt.Sprint("other", i), wideSource(2, 1)), rpc.OK)
	}
	for _, name := range []string{"own", "more0", "more1", "more2", "other2", "copy0"} {
		f.want(f.value("/v/"+name), "x")
	}
	// One that its source puts itself is none any more.
	f.want(put("copy0", wideSource(1, 1)), rpc.OK)
	f.want(f.byKey["/v/copy0"].record.class, uint8(putInRegion))
}

// What a source has beyond its share of a full store is not stored again by this node, for
// which it would count at others.
func TestASourceBeyondItsShareIsNotStoredAgain(t *testing.T) {
	f := newFixture(t, Config{MaxRecords: 32})
	for i := range 8 {
		f.want(f.putFrom(blackboardRecord(fmt.Sprintf("/v/few%d", i), "x", 1, 9*time.Hour), wideSource(byte(10+i), 1), nil, 0), rpc.OK)
	}
	for i := range 24 {
		f.want(f.putFrom(blackboardRecord(fmt.Sprintf("/v/many%d", i), "x", 1, 9*time.Hour), wideSource(byte(i%4), 1), nil, 0), rpc.OK)
	}
	f.now = f.now.Add(ReplicateAfter + ReplicateJitter)
	few := 0
	for !f.NextReplication().After(f.now) {
		key, ok := f.DueReplication(f.now)
		if !ok {
			continue
		}
		if r, _ := f.Overdue(f.now, key, nil); r != nil {
			f.want(string(r.Key[:6]), "/v/few")
			few++
		}
		f.Replicated(f.now, key, f.rnd)
	}
	f.want(few, 8)
	f.want(f.Stats().Withheld, 24)
	r, _ := f.HandedOver(f.now, []byte("/v/many0"), nil)
	f.want(r == nil, true)
	r, _ = f.HandedOver(f.now, []byte("/v/few0"), nil)
	f.want(r != nil, true)
}
