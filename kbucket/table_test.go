package kbucket

import (
	"math"
	"runtime"
	"testing"
	"time"

	"kadmium/identity"
)

// The table of a node among a million, 350 contacts with full replacement lists,
// is under 8 KiB (docs/benchmarks.md).
func TestTableIsSmall(t *testing.T) {
	const tables = 256
	s := newStory(t, limits{})
	var contacts []identity.Contact
	for cpl, n := 0, 1<<20; n > 0; cpl, n = cpl+1, n/2 {
		for range min(n, 2*DefaultK) {
			contacts = append(contacts, s.peer(cpl))
		}
	}
	var all [tables]*Table
	before := heap()
	for i := range all {
		all[i] = New(s.table.self, s.book, 0)
		for _, c := range contacts {
			all[i].Seen(start, c)
		}
	}
	size := (heap() - before) / tables
	handles := 0
	all[0].EachHandle(func(identity.Contact) { handles++ })
	t.Logf("%d contacts and %d that wait take %d bytes", all[0].Len(), handles-all[0].Len(), size)
	if n := all[0].Len(); n < 350 {
		t.Errorf("the table has %d contacts, want 350", n)
	}
	if size > 8<<10 {
		t.Errorf("a table takes %d bytes, want at most 8 KiB", size)
	}
	runtime.KeepAlive(all)
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first cycle moved out of pools and finalizers
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// A contact that is heard again, that fails or that is refused costs no
// allocation, nor does a newcomer to lists that are full.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	s := newStory(t, limits{})
	old, newcomers := s.peers(DefaultK), s.peers(2*DefaultK)
	s.seen(Added, old...)
	s.seen(Waiting, newcomers...)
	i := 0
	if n := testing.AllocsPerRun(200, func() {
		s.table.Seen(s.now, old[i%len(old)])
		s.table.Seen(s.now, newcomers[i%len(newcomers)])
		s.table.Probe(s.now, newcomers[i%len(newcomers)])
		s.table.LookedUp(s.now, &s.table.self)
		s.table.RefreshDue(s.now)
		i++
	}); n != 0 {
		t.Fatalf("%v allocations, want none", n)
	}
}

// Times may run backwards a little, or further than a stamp can count.
func TestOddTimes(t *testing.T) {
	s := newStory(t, limits{})
	c := s.peer(0)
	for _, test := range []struct{ at, want time.Duration }{
		{0, 0},
		{-time.Hour, 0},
		{999 * time.Millisecond, 0},
		{10*time.Second + 1, 10 * time.Second},
		{math.MaxInt64, math.MaxInt64 / time.Second * time.Second},
	} {
		s.table.Seen(start.Add(test.at), c)
		s.table.Each(func(_ identity.Contact, seen time.Time, failures, _ int) {
			if got := seen.Sub(start); got != test.want || failures != 0 {
				t.Errorf("seen at %v: remembered as %v with %d failures", test.at, got, failures)
			}
		})
	}
}

// A table that is in use for longer than a stamp can count, 194 days, still knows what was
// seen, looked up and probed lately, and that the rest was long ago.
func TestTheEpochMoves(t *testing.T) {
	s := newStory(t, limits{k: 2})
	p := s.peers(3)
	s.seen(Added, p[:2]...)
	s.seen(Waiting, p[2])
	const day = 24 * time.Hour
	for range 500 {
		s.now = s.now.Add(day)
		s.table.Seen(s.now, p[1])
		s.table.LookedUp(s.now, &s.table.self) // bucket 1
		since := s.now.Sub(start)
		s.table.Each(func(c identity.Contact, seen time.Time, _, _ int) {
			if ago := s.now.Sub(seen); c == p[1] && ago != 0 || c == p[0] && ago < min(since-time.Second, 97*day) {
				t.Fatalf("after %v contact %d was seen %v ago", since, c, ago)
			}
		})
		if bucket, ok := s.table.RefreshDue(s.now); !ok || bucket != 0 {
			t.Fatalf("after %v bucket %d is due for a refresh, %v, want bucket 0", since, bucket, ok)
		}
		if probed, ok := s.table.Probe(s.now, p[2]); !ok || probed != p[0] {
			t.Fatalf("after %v probes %d, %v, want %d", since, probed, ok, p[0])
		}
		if _, ok := s.table.Probe(s.now.Add(ProbeInterval-1), p[2]); ok {
			t.Fatalf("after %v probes a bucket twice in a minute", since)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, test := range []struct {
		k    int
		want limits
	}{
		{0, limits{k: 20, replacements: 10, perSubnetBucket: 2, perSubnetTable: 10}},
		{8, limits{k: 8, replacements: 4, perSubnetBucket: 2, perSubnetTable: 10}},
		{1000, limits{MaxK, MaxK / 2, 2, 10}},
		{-1, limits{20, 10, 2, 10}},
	} {
		if got := New(identity.Position{}, nil, test.k).limits; got != test.want {
			t.Errorf("k %d becomes %+v, want %+v", test.k, got, test.want)
		}
	}
}

func TestString(t *testing.T) {
	s := newStory(t, limits{k: 4, replacements: 3})
	p := s.peers(9)
	s.seen(Added, p[:4]...)
	s.table.Failed(p[1])
	s.table.Failed(p[1])
	s.seen(Waiting, p[4:]...)
	s.seen(Added, s.peer(11))
	const want = "  0 ■2■■ +3\n 11 ■\n"
	if got := s.table.String(); got != want {
		t.Errorf("the table is drawn as\n%swant\n%s", got, want)
	}
}
