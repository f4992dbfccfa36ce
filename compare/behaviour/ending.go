package behaviour

import (
	"context"
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
	}, {
		Name: "a node closes while it looks something up",
		Play: closedMeanwhile,
	}, {
		Name: "a lookup whose context is over",
		Play: func(s *Stage) (string, error) {
			nodes, err := s.Converged(4)
			if err != nil {
				return "", err
			}
			ctx, cancel := context.WithCancel(s.Context)
			cancel()
			found, err := nodes[1].Closest(ctx, "a key")
			return fmt.Sprintf("%s, %s", outcome(err), soFar(found)), nil
		},
	}, {
		Name: "a lookup by a node that is closed",
		Play: closedBefore,
	}, {
		Name: "a node is closed twice",
		Play: closedTwice,
	}, {
		Name: "30 gets that may end before all have answered",
		Play: leftovers,
	}}
}

// halfWay is a searcher that has joined 24 nodes, 200 ms from each: its lookups take
// several round trips.
func halfWay(s *Stage) (searcher side.Node, err error) {
	nodes, err := s.Converged(24)
	if err != nil {
		return nil, err
	}
	spec := s.Spec(nodes[0])
	spec.Delay = 200 * time.Millisecond // of what it sends
	if searcher, err = s.Make(spec); err != nil {
		return nil, err
	}
	return searcher, s.Await(func() bool { return len(searcher.Table()) > 10 })
}

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
	<-answers
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
	fmt.Println("after", after, len(found.Peers), err)
	return fmt.Sprintf("%s: %s, %s", promptly(after), outcome(err), soFar(found)), nil
}

func closedMeanwhile(s *Stage) (string, error) {
	searcher, err := halfWay(s)
	if err != nil {
		return "", err
	}
	closed := make(chan error, 1)
	found, after, err := interrupt(s.Context, searcher, func() { go func() { closed <- searcher.Close() }() })
	start := time.Now()
	fmt.Println("after", after, len(found.Peers), err, <-closed, time.Since(start))
	return fmt.Sprintf("%s: %s, %s", promptly(after), outcome(err), soFar(found)), nil
}

func promptly(d time.Duration) string {
	if d < time.Second {
		return "ends within 1 s"
	}
	return "ends later than 1 s"
}

func soFar(found side.Result) string {
	switch {
	case len(found.Peers) == 0:
		return "no peers"
	case len(found.Peers) < 20:
		return "fewer than 20 peers"
	default:
		return "20 peers"
	}
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
		return "goroutines are left, each waiting, until the caller's context ends", nil
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
