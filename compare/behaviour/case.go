// Package behaviour plays the same cases on both sides and says where they behave
// alike and where they do not.
package behaviour

import (
	"context"
	"fmt"
	"time"

	"kadmium/compare/report"
)

// A Case is one question about behaviour. What a side did comes out as a few words,
// the same words for the same behaviour: equal words are the verdict same.
type Case struct {
	Name string

	// Play plays the case in terms that both sides have. Where they need different
	// code it is nil, and the two below are set.
	Play    func(*Stage) (string, error)
	Libp2p  func(*Stage) (string, error)
	Kadmium func(*Stage) (string, error)

	// Why says, of a case in which the sides differ, why kadmium does it its way;
	// where libp2p does better, it says so first.
	Why string
}

// playWithin is how long one case may take on one side.
const playWithin = time.Minute

// Cases are all of them, in the order of the table.
func Cases() []Case {
	var all []Case
	for _, group := range [][]Case{tableCases(), lookupCases(), valueCases(), hostileCases(), endingCases()} {
		all = append(all, group...)
	}
	return all
}

// Run plays the cases on both sides; nodes is the size of the networks that a case
// leaves open. Progress is told of each case before it is played.
func Run(ctx context.Context, nodes int, cases []Case, progress func(name string)) ([]report.Row, error) {
	var rows []report.Row
	for _, c := range cases {
		progress(c.Name)
		row := report.Row{Case: c.Name}
		var err error
		if row.Libp2p, err = play(ctx, libp2pStage(nodes), c.Play, c.Libp2p); err != nil {
			return rows, fmt.Errorf("%s, libp2p: %w", c.Name, err)
		}
		if row.Kadmium, err = play(ctx, kadmiumStage(nodes), c.Play, c.Kadmium); err != nil {
			return rows, fmt.Errorf("%s, kadmium: %w", c.Name, err)
		}
		row.Verdict = report.Same
		if row.Libp2p != row.Kadmium {
			row.Verdict, row.Why = report.Differs, c.Why
		}
		rows = append(rows, row)
	}
	return rows, nil
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
