package main

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"

	"kadmium/compare/behaviour"
	"kadmium/compare/report"
)

// committed is the report in docs.
func committed(t *testing.T) *report.Report {
	t.Helper()
	r, err := report.Read(defaultOut + "/" + report.Name + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%v: make it with cd compare && go run .", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// playAll plays cases; one that cannot be played is an error of the test.
func playAll(t *testing.T, how string, cases ...behaviour.Case) []report.Row {
	t.Helper()
	rows, missing := behaviour.Run(t.Context(), behaviourNodes, cases, func(name string) { t.Log(how + name) })
	for _, u := range missing {
		t.Errorf("could not be played: %v", u)
	}
	return rows
}

// Both sides do what the committed table says: what differs does so on purpose, and
// nothing that a side does changes unseen.
func TestVerdicts(t *testing.T) {
	if testing.Short() {
		t.Skip("plays all cases")
	}
	before := committed(t).Behaviour
	now := playAll(t, "", behaviour.Cases()...)
	for i, r := range now {
		was := slices.IndexFunc(before, func(w report.Row) bool { return w.Case == r.Case })
		if was < 0 || report.Changed(before[was:was+1], now[i:i+1]) == nil {
			continue
		}
		// Beside others on a busy machine a case may not get done in the time that it
		// grants: only what it says alone counts.
		c := slices.IndexFunc(behaviour.Cases(), func(c behaviour.Case) bool { return c.Name == r.Case })
		copy(now[i:], playAll(t, "again, alone: ", behaviour.Cases()[c]))
	}
	for _, change := range report.Changed(before, now) {
		t.Errorf("%s; if that is right: cd compare && go run .", change)
	}
	for _, r := range now {
		if r.Libp2p == "" || r.Kadmium == "" {
			t.Errorf("%q: a side has no words: libp2p %q, kadmium %q", r.Case, r.Libp2p, r.Kadmium)
		}
		if r.Verdict == report.Differs && r.Why == "" {
			t.Errorf("%q differs without a reason: libp2p %q, kadmium %q", r.Case, r.Libp2p, r.Kadmium)
		}
	}
}

// The committed page is what the committed report makes, and that is whole.
func TestCommittedPage(t *testing.T) {
	r := committed(t)
	page, err := os.ReadFile(defaultOut + "/" + report.Name + ".md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != r.Page() {
		t.Errorf("%s.md is not what %s.json makes: nobody edits it by hand", report.Name, report.Name)
	}
	if r.Config.Command != defaultLine || len(r.Costs) == 0 || len(r.Behaviour) == 0 {
		t.Errorf("the committed report is of %q, want %q", r.Config.Command, defaultLine)
	}
}
