package behaviour

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// interruptionCases are about operations whose context or node ends before they do.
func interruptionCases() []Case {
	return []Case{{
		Name: "a lookup is cancelled half way",
		Play: cancelled,
		Why: "libp2p is better: it hands over what it has heard of, a guess for who wants one. " +
			"kadmium returns no peers but those of a lookup that ended, all of which answered; its trace tells how far it came.",
	}, {
		Name: "a node closes while it looks something up",
		Play: closedMeanwhile,
		Why:  "libp2p's lookups do not know that their node closes: what answered before comes back as if it were the result. kadmium ends them with an error of its own.",
	}, {
		Name: "a lookup whose context is over",
		Play: func(s *Stage) (string, error) {
			nodes, err := s.Converged(4)
			if err != nil {
				return "", err
			}
			ctx, cancel := context.WithCancel(s.Context)
			cancel()
			_, err = nodes[1].Closest(ctx, "a key")
			return outcome(err), nil
		},
	}, {
		Name: "a lookup by a node that is closed",
		Play: closedBefore,
		Why:  "As above: to libp2p's lookup a closed host is one that reaches nobody.",
	}, {
		Name: "a node is closed twice",
		Play: closedTwice,
	}, {
		Name:  "30 gets that may end before all have answered",
		Alone: true,
		Play:  leftovers,
		Why:   "libp2p's get stops reading at the quorum, and the peers' further answers wait for a reader. In kadmium a lookup has no goroutine.",
	}}
}

// slowSearcher makes a searcher that has joined 24 nodes, 100 ms from each. Its lookups
// take several round trips.
func slowSearcher(s *Stage) (searcher side.Node, err error) {
	nodes, err := s.Converged(24)
	if err != nil {
		return nil, err
	}
	spec := s.Spec(nodes[0])
	spec.Delay = 100 * time.Millisecond // of the packets it sends
	if searcher, err = s.Make(spec); err != nil {
		return nil, err
	}
	return searcher, s.Await(func() bool { return len(searcher.Table()) > 10 })
}

// errTooSoon reports a lookup that ended before it was interrupted.
var errTooSoon = errors.New("the lookup ended before it was interrupted")

// An interrupted says how a lookup ended that was interrupted.
type interrupted struct {
	found side.Result
	err   error
	after time.Duration // the interruption
}

// interrupt looks up a key, and calls then after the first answer of that lookup.
func interrupt(ctx context.Context, n side.Node, then func()) (*interrupted, error) {
	answered := make(chan struct{})
	var once sync.Once
	var i interrupted
	ended := make(chan time.Time, 1)
	go func() {
		i.found, i.err = lookUpListening(ctx, n, "half way", func([]identity.ID) { once.Do(func() { close(answered) }) })
		ended <- time.Now()
	}()
	select {
	case <-answered:
	case <-ended:
		return nil, errors.Join(errTooSoon, i.err)
	}
	began := time.Now()
	then()
	if i.after = (<-ended).Sub(began); i.after < 0 {
		return nil, errors.Join(errTooSoon, i.err)
	}
	return &i, nil
}

func cancelled(s *Stage) (string, error) {
	searcher, err := slowSearcher(s)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(s.Context)
	defer cancel()
	lookup, err := interrupt(ctx, searcher, cancel)
	if err != nil {
		return "", err
	}
	words := lookup.String()
	if len(lookup.found.Peers) > lookup.found.Counts().Asked {
		words += ", not all of which were asked"
	}
	return words, nil
}

func closedMeanwhile(s *Stage) (string, error) {
	searcher, err := slowSearcher(s)
	if err != nil {
		return "", err
	}
	closed := make(chan error, 1)
	lookup, err := interrupt(s.Context, searcher, func() { go func() { closed <- searcher.Close() }() })
	if err != nil {
		return "", err
	}
	return lookup.String(), <-closed
}

// String says it in words.
func (i *interrupted) String() string {
	return fmt.Sprintf("%s: %s, %s", promptly(i.after), outcome(i.err), soFar(i.found))
}

// promptly says in words how soon a lookup ended.
func promptly(d time.Duration) string {
	if d < time.Second {
		return "ends within 1 s"
	}
	return "ends later than 1 s"
}

func closedBefore(s *Stage) (string, error) {
	nodes, err := s.Converged(4)
	if err != nil {
		return "", err
	}
	if err := nodes[1].Close(); err != nil {
		return "", err
	}
	found, err := nodes[1].Closest(s.Context, "a key")
	return fmt.Sprintf("%s, %s", outcome(err), soFar(found)), nil
}

func closedTwice(s *Stage) (string, error) {
	n, err := s.Join()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("first: %s; second: %s", outcome(n.Close()), outcome(n.Close())), nil
}

func leftovers(s *Stage) (string, error) {
	nodes, err := s.Converged(10)
	if err != nil {
		return "", err
	}
	if _, err := nodes[1].Put(s.Context, "leftovers", world.Value(1, "kept")); err != nil {
		return "", err
	}
	searcher := nodes[2]
	const many = 30
	gets := func(n int) (cancel context.CancelFunc, err error) {
		ctx, cancel := context.WithCancel(s.Context)
		for range n {
			if _, err := searcher.Get(ctx, "leftovers", 1); err != nil {
				return cancel, err
			}
		}
		return cancel, nil
	}
	cancel, err := gets(1)
	cancel()
	if err != nil {
		return "", err
	}
	if _, err := searcher.Get(s.Context, "leftovers", 0); err != nil { // opens all streams, which stay open
		return "", err
	}
	before, err := s.settled()
	if err != nil {
		return "", err
	}
	cancel, err = gets(many)
	defer cancel()
	if err != nil {
		return "", err
	}
	// A host begins and ends goroutines of its own all the time; what is left of the gets
	// is at least one for each.
	none := func() bool { return runtime.NumGoroutine() < before+many/2 }
	if s.Within(goneWithin, none) {
		return "no goroutines are left", nil
	}
	cancel()
	if s.Within(goneWithin, none) {
		return "goroutines are left until the caller's context ends", nil
	}
	return "goroutines are left", nil
}

// goneWithin is how long the goroutines of ended operations may take to end.
const goneWithin = 2 * time.Second

// settledFor is how long the number of goroutines must not change for a process to be at rest.
const settledFor = 500 * time.Millisecond

// settled is the number of goroutines of the process at rest.
func (s *Stage) settled() (goroutines int, err error) {
	since := time.Now()
	err = s.Await(func() bool {
		if now := runtime.NumGoroutine(); now != goroutines {
			goroutines, since = now, time.Now()
		}
		return time.Since(since) > settledFor
	})
	return goroutines, err
}
