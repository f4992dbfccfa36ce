package behaviour

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"kadmium/compare/side"
	"kadmium/compare/world"
)

func endingCases() []Case {
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

// halfWay is a searcher that has joined 24 nodes, 100 ms from each: its lookups take
// several round trips.
func halfWay(s *Stage) (searcher side.Node, err error) {
	nodes, err := s.Converged(24)
	if err != nil {
		return nil, err
	}
	spec := s.Spec(nodes[0])
	spec.Delay = 100 * time.Millisecond // of what it sends
	if searcher, err = s.Make(spec); err != nil {
		return nil, err
	}
	return searcher, s.Await(func() bool { return len(searcher.Table()) > 10 })
}

// errTooSoon reports a lookup that was to be interrupted and ended before.
var errTooSoon = errors.New("the lookup ended before its first answer")

// interrupt looks a key up and calls then when the first answer has come. It says
// how long after that the lookup ended, and what it gave.
func interrupt(ctx context.Context, n side.Node, then func()) (found side.Result, after time.Duration, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lookup, answers := watchAnswers(ctx, n)
	ended := make(chan time.Time, 1)
	go func() {
		found, err = n.Closest(lookup, "half way")
		ended <- time.Now()
	}()
	select {
	case <-answers:
	case <-ended:
		return found, 0, errTooSoon
	}
	began := time.Now()
	then()
	after = (<-ended).Sub(began)
	return found, after, err
}

func cancelled(s *Stage) (string, error) {
	searcher, err := halfWay(s)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(s.Context)
	defer cancel()
	found, after, err := interrupt(ctx, searcher, cancel)
	if errors.Is(err, errTooSoon) {
		return "", err
	}
	words := fmt.Sprintf("%s: %s, %s", promptly(after), outcome(err), soFar(found))
	if len(found.Peers) > found.Counts().Asked {
		words += ", not all of which were asked"
	}
	return words, nil
}

func closedMeanwhile(s *Stage) (string, error) {
	searcher, err := halfWay(s)
	if err != nil {
		return "", err
	}
	closed := make(chan error, 1)
	found, after, err := interrupt(s.Context, searcher, func() { go func() { closed <- searcher.Close() }() })
	if errors.Is(err, errTooSoon) {
		return "", err
	}
	if err := <-closed; err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %s, %s", promptly(after), outcome(err), soFar(found)), nil
}

// promptly is the words for how soon a lookup ended.
func promptly(d time.Duration) string {
	if d < time.Second {
		return "ends within 1 s"
	}
	return "ends later than 1 s"
}

// soFar is the words for what a lookup gave.
func soFar(found side.Result) string {
	if len(found.Peers) == 0 {
		return "no peers"
	}
	return "some peers"
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
	if _, err := searcher.Get(s.Context, "leftovers", 0); err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(s.Context)
	defer cancel()
	before, err := s.settled()
	if err != nil {
		return "", err
	}
	const gets = 30
	for range gets {
		if _, err := searcher.Get(ctx, "leftovers", 1); err != nil {
			return "", err
		}
	}
	if after, err := s.settled(); err != nil || after < before+gets {
		return "no goroutines are left", err
	}
	cancel()
	if s.Within(time.Second, func() bool { return runtime.NumGoroutine() < before+gets }) {
		return "goroutines are left until the caller's context ends", nil
	}
	return "goroutines are left", nil
}

// settledFor is how long the goroutines of a process at rest have stayed the same.
const settledFor = 500 * time.Millisecond

// settled is the number of goroutines once nothing is under way.
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
