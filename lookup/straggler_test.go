package lookup

import (
	"testing"
	"time"

	"kadmium/identity"
)

// slow says that contact 1 needs three seconds, and that 2 has failed.
type slow struct{}

func (slow) RTT(c identity.Contact) time.Duration {
	if c == 1 {
		return 3 * time.Second
	}
	return 100 * time.Millisecond
}

func (slow) HasFailed(c identity.Contact) bool { return c == 2 }

func (slow) Random() uint64 { return 0 }

// A lookup among ten contacts, of which some answer at once and the others never, waits W
// where most have answered, MaxWait where datagrams may be lost or most are late, and with
// a patient rule or while nobody has answered until they fail (design R5.27).
func TestStragglers(t *testing.T) {
	const w = 300 * time.Millisecond
	for _, test := range []struct {
		name    string
		answer  int
		repeats bool
		rule    Rule
		silent  []identity.Contact // of those that would answer
		want    time.Duration      // 0: not before the others fail
	}{
		{"most answer", 7, false, small{}, nil, w},
		{"a region", 7, false, &Region{k: DefaultK}, nil, w},
		{"datagrams are lost", 7, true, small{}, nil, MaxWait},
		{"most are late", 4, false, small{}, nil, MaxWait},
		{"nobody answers", 0, false, small{}, nil, 0},
		{"patient", 7, false, Plain{}, nil, 0},
		{"who is slow where datagrams are lost", 10, true, small{}, []identity.Contact{1}, w},
	} {
		t.Run(test.name, func(t *testing.T) {
			world := newWorld(10, DefaultK, 1)
			all := make([]identity.Contact, 10)
			for i := range all {
				all[i] = identity.Contact(i + 1)
			}
			cfg := Config{Alpha: 10, Late: w, Repeats: test.repeats, Searcher: slow{}, Rule: func(Config) Rule { return test.rule }}
			l := New(epoch, cfg, world, world.randomPosition(), world.randomPosition(), all)
			silent := map[identity.Contact]bool{}
			for _, c := range test.silent {
				silent[c] = true
			}
			for range all {
				c, _ := l.Next(epoch)
				if int(c) > test.answer {
					silent[c] = true
				}
			}
			for _, c := range all {
				if !silent[c] {
					l.Answered(epoch, c, nil)
				}
			}
			for at := l.WakeAt(); !at.IsZero(); at = l.WakeAt() {
				l.Wake(at)
				l.Next(at)
			}
			took := time.Duration(0)
			if _, over := l.Done(); over {
				took = l.Stats().Ended.Sub(epoch)
			}
			if took != test.want || took > 0 && (l.Overrun() != len(silent) || l.Complete()) {
				t.Fatalf("took %v, want %v; %d overrun of %d; complete %v\n%v", took, test.want, l.Overrun(), len(silent), l.Complete(), l)
			}
		})
	}
}

// An answer that comes after W counts while the lookup runs, and who is late no longer holds
// a place of alpha.
func TestLateAnswerCounts(t *testing.T) {
	const w = 300 * time.Millisecond
	world := newWorld(10, DefaultK, 1)
	all := []identity.Contact{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	l := New(epoch, Config{Alpha: 2, Late: w, Rule: func(Config) Rule { return small{} }}, world, world.randomPosition(), world.randomPosition(), all)
	late, _ := l.Next(epoch)
	second, _ := l.Next(epoch)
	l.Answered(epoch, second, nil)
	third, _ := l.Next(epoch)
	if _, ok := l.Next(epoch); ok {
		t.Fatal("three requests count against alpha 2")
	}
	l.Wake(epoch.Add(w))
	if _, ok := l.Next(epoch.Add(w)); !ok {
		t.Error("who is late holds a place of alpha")
	}
	l.Answered(epoch.Add(w), third, nil)
	l.Answered(epoch.Add(w), late, nil)
	if got := l.Stats().Answered; got != 3 || l.Overrun() != 0 {
		t.Errorf("%d answered, %d overrun", got, l.Overrun())
	}
}

// Who has failed lately is waited for no longer than W where datagrams are lost, if somebody
// had answered when it was asked.
func TestWhoHasFailedLately(t *testing.T) {
	const w = 300 * time.Millisecond
	world := newWorld(10, DefaultK, 1)
	all := []identity.Contact{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	cfg := Config{Alpha: 2, Late: w, Repeats: true, Searcher: slow{}, Rule: func(Config) Rule { return small{} }}
	for range 20 {
		l := New(epoch, cfg, world, world.randomPosition(), world.randomPosition(), all)
		first := false
		for c, ok := l.Next(epoch); ok; c, ok = l.Next(epoch) {
			if c == 2 {
				first = l.Stats().Answered == 0
			} else {
				l.Answered(epoch, c, nil)
			}
		}
		l.Wake(epoch.Add(w))
		if _, over := l.Done(); over == first {
			t.Errorf("asked first: %v, over after W: %v", first, over)
		}
	}
}

// Of those that a peer named, of whom two are late and none has answered, all others are asked
// at once.
func TestWhoNamesNobodyThatAnswers(t *testing.T) {
	const w, liar = 300 * time.Millisecond, identity.Contact(3)
	world := newWorld(26, DefaultK, 1)
	all := make([]identity.Contact, 26)
	for i := range all {
		all[i] = identity.Contact(i + 1)
	}
	target := *world.Position(all[6])
	l := New(epoch, Config{Alpha: 3, Late: w, Rule: func(Config) Rule { return small{} }}, world, world.randomPosition(), target, all[:6])
	ask := func(now time.Time) (n int) {
		for c, ok := l.Next(now); ok; c, ok = l.Next(now) {
			switch {
			case c == liar:
				l.Answered(now, c, all[6:])
			case int(c) <= 6:
				l.Answered(now, c, nil)
			default:
				n++
			}
		}
		return n
	}
	if n := ask(epoch); n != 3 {
		t.Fatalf("%d asked at first", n)
	}
	l.Wake(epoch.Add(w))
	if n := ask(epoch.Add(w)); n != 20-3 {
		t.Errorf("%d asked after W", n)
	}
}
