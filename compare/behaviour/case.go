// Package behaviour plays the same cases on both sides, and reports in which of them
// the sides behave alike and in which they differ.
package behaviour

import (
	"context"
	"fmt"
	"sync"
	"time"

	"kadmium/compare/report"
)

// A Case is one question about behaviour. It describes what a side did in a few words,
// the same words for the same behaviour. Equal words give the verdict "same".
type Case struct {
	Name string

	// Play plays the case on either side. If the sides need different code it is nil,
	// and Libp2p and Kadmium are set.
	Play    func(*Stage) (string, error)
	Libp2p  func(*Stage) (string, error)
	Kadmium func(*Stage) (string, error)

	// Alone says that the case measures the whole process, or keeps the machine busy for
	// seconds, so that no other case may be played at the same time.
	Alone bool

	// Why says why kadmium does it differently, if the sides differ. It begins with
	// report.LibraryBetter if libp2p does better; the report finds it by that.
	Why string
}

// playWithin is how long one case may take on one side.
const playWithin = time.Minute

// Cases are all cases, in the order of the report.
func Cases() []Case {
	var all []Case
	for _, group := range [][]Case{
		tableCases(), lookupCases(), storeCases(), limitCases(), holderCases(), providerCases(),
		hostileCases(), identityCases(), oversizeCases(), interruptionCases(),
	} {
		all = append(all, group...)
	}
	return all
}

// playedAtOnce is how many cases are played at the same time. They mostly wait.
const playedAtOnce = 5

// Run plays the cases on both sides. Nodes is the size of a network where the case does
// not say. Progress is called before each case. The rows are in the order of the cases.
//
// A case that could not be played is tried once more, with no other case beside it: on a
// busy machine it may run out of time before its nodes are ready. A case that fails again
// has no row; its error is in the second result.
func Run(ctx context.Context, nodes int, cases []Case, progress func(name string)) ([]report.Row, []report.Missing) {
	rows := make([]report.Row, len(cases))
	failed := make([]bool, len(cases))
	var together sync.WaitGroup
	var told sync.Mutex
	begin := func(c Case) {
		told.Lock()
		defer told.Unlock()
		progress(c.Name)
	}
	slots := make(chan struct{}, playedAtOnce)
	for i, c := range cases {
		if c.Alone {
			failed[i] = true
			continue
		}
		slots <- struct{}{}
		together.Go(func() {
			defer func() { <-slots }()
			begin(c)
			var err error
			rows[i], err = c.row(ctx, nodes)
			failed[i] = err != nil
		})
	}
	together.Wait()
	played := []report.Row{}
	var missing []report.Missing
	for i, c := range cases {
		if failed[i] {
			begin(c)
			var err error
			if rows[i], err = c.row(ctx, nodes); err != nil {
				missing = append(missing, report.Missing{What: "behaviour, " + c.Name, Error: err.Error()})
				continue
			}
		}
		played = append(played, rows[i])
	}
	return played, missing
}

// row plays the case on both sides.
func (c *Case) row(ctx context.Context, nodes int) (report.Row, error) {
	row := report.Row{Case: c.Name, Verdict: report.Same}
	var err error
	if row.Libp2p, err = play(ctx, libp2pStage(nodes), c.Play, c.Libp2p); err != nil {
		return row, fmt.Errorf("libp2p: %w", err)
	}
	if row.Kadmium, err = play(ctx, kadmiumStage(nodes), c.Play, c.Kadmium); err != nil {
		return row, fmt.Errorf("kadmium: %w", err)
	}
	if row.Libp2p != row.Kadmium {
		row.Verdict, row.Why = report.Differs, c.Why
	}
	return row, nil
}

func play(ctx context.Context, s *Stage, both, own func(*Stage) (string, error)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, playWithin)
	defer cancel()
	s.Context = ctx
	defer s.clear()
	if both != nil {
		return both(s)
	}
	return own(s)
}
