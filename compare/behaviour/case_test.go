package behaviour

import (
	"errors"
	"reflect"
	"sync/atomic"
	"testing"

	"kadmium/compare/report"
)

// A case that cannot be played is tried twice, and takes no other with it.
func TestRunGoesOnWithoutWhatCannotBePlayed(t *testing.T) {
	says := func(words string) func(*Stage) (string, error) {
		return func(*Stage) (string, error) { return words, nil }
	}
	var tries, busy atomic.Int32
	rows, missing := Run(t.Context(), 3, []Case{
		{Name: "alike", Play: says("yes")},
		{Name: "broken", Libp2p: says("yes"), Kadmium: func(*Stage) (string, error) {
			tries.Add(1)
			return "", errors.New("no nodes")
		}},
		{Name: "late once", Play: func(*Stage) (string, error) {
			if busy.Add(1) == 1 {
				return "", errors.New("busy")
			}
			return "done", nil
		}},
		{Name: "different", Libp2p: says("yes"), Kadmium: says("no"), Why: "as it should be", Alone: true},
	}, func(string) {})
	want := []report.Row{
		{Case: "alike", Libp2p: "yes", Kadmium: "yes", Verdict: report.Same},
		{Case: "late once", Libp2p: "done", Kadmium: "done", Verdict: report.Same},
		{Case: "different", Libp2p: "yes", Kadmium: "no", Verdict: report.Differs, Why: "as it should be"},
	}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("rows\n%+v\nwant\n%+v", rows, want)
	}
	if want := []report.Missing{{What: "behaviour, broken", Error: "kadmium: no nodes"}}; !reflect.DeepEqual(missing, want) {
		t.Errorf("missing %+v, want %+v", missing, want)
	}
	if tries.Load() != 2 {
		t.Errorf("tried %d times, want 2", tries.Load())
	}
}
