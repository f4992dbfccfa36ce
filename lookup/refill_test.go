package lookup

import (
	"slices"
	"testing"
	"time"

	"kadmium/identity"
)

// If no contact is left to ask, and fewer than k answered but at least one did, the lookup
// continues with the contacts of Refill, once; without new ones it ends.
func TestRefill(t *testing.T) {
	w := newWorld(100, 4, 1)
	target := w.randomPosition()
	known := w.truth(&target, 12, 1)
	seeds, farther := known[:4], known[4:]
	start := func(more ...identity.Contact) (l *Lookup, asked *int) {
		asked = new(int)
		l = New(time.Time{}, Config{K: 4}, w, *w.Position(1), target, seeds)
		l.Refill(func() []identity.Contact { *asked++; return more })
		return l, asked
	}
	finish := func(l *Lookup, answers func(identity.Contact) bool) {
		for {
			c, ok := l.Next(time.Time{})
			switch {
			case !ok:
				return
			case answers(c):
				l.Answered(time.Time{}, c, nil)
			default:
				l.Failed(time.Time{}, c)
			}
		}
	}
	firstTwo := func(c identity.Contact) bool { return slices.Contains(known[:2], c) }
	for _, c := range []struct {
		what    string
		more    []identity.Contact
		answers func(identity.Contact) bool
		calls   int
		reason  Reason
		returns []identity.Contact
	}{
		{"all answer", farther, func(identity.Contact) bool { return true }, 0, Converged, seeds},
		{"nobody answers", farther, func(identity.Contact) bool { return false }, 0, Exhausted, nil},
		{"half of the seeds answer", slices.Concat(seeds, farther), func(c identity.Contact) bool { return firstTwo(c) || slices.Contains(farther, c) }, 1, Converged, slices.Concat(known[:2], farther[:2])},
		{"nobody farther is there", seeds, firstTwo, 1, Exhausted, known[:2]},
		{"nobody farther answers", farther, firstTwo, 1, Exhausted, known[:2]},
	} {
		l, calls := start(c.more...)
		finish(l, c.answers)
		if reason, _ := l.Done(); reason != c.reason || *calls != c.calls {
			t.Errorf("%s: it ended %v after %d calls, want %v after %d", c.what, reason, *calls, c.reason, c.calls)
		}
		if got := l.Closest(nil); !slices.Equal(got, c.returns) {
			t.Errorf("%s: returned %v, want %v", c.what, got, c.returns)
		}
	}
}

// The farther contacts are asked as soon as too few of those asked are in time, so that
// the lookup waits for unresponsive ones of both at the same time.
func TestRefillDoesNotWaitForTheUnresponsive(t *testing.T) {
	w := newWorld(100, 4, 1)
	target := w.randomPosition()
	known := w.truth(&target, 8, 1)
	l := New(time.Time{}, Config{K: 4}, w, *w.Position(1), target, known[:4])
	l.Refill(func() []identity.Contact { return known[4:] })
	var asked []identity.Contact
	ask := func() {
		for c, ok := l.Next(time.Time{}); ok; c, ok = l.Next(time.Time{}) {
			asked = append(asked, c)
		}
	}
	ask()
	l.Answered(time.Time{}, known[0], nil)
	ask()
	if !slices.Equal(asked, known[:4]) {
		t.Fatalf("asked %v, want the seeds %v", asked, known[:4])
	}
	l.SetAside(time.Time{}, known[1])
	ask()
	if !slices.Equal(asked, known[:5]) {
		t.Fatalf("asked %v, want one more than the seeds: %v", asked, known[:5])
	}
}
