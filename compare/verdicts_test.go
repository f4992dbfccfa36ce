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

// Both sides behave to one another as the committed table says: what differs does so
// on purpose, and nothing changes unseen.
func TestVerdicts(t *testing.T) {
	if testing.Short() {
		t.Skip("plays all cases")
	}
	before := committed(t)
	now, err := behaviour.Run(t.Context(), behaviourNodes, behaviour.Cases(), func(name string) { t.Log(name) })
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range behaviour.Cases() {
		was := slices.IndexFunc(before.Behaviour, func(r report.Row) bool { return r.Case == c.Name })
		if was < 0 || before.Behaviour[was].Verdict == now[i].Verdict {
			continue
		}
		// Beside others on a busy machine a case may not get done in the time that it
		// grants: only what it says alone counts.
		alone, err := behaviour.Run(t.Context(), behaviourNodes, []behaviour.Case{c}, func(name string) { t.Log("again, alone:", name) })
		if err != nil {
			t.Fatal(err)
		}
		now[i] = alone[0]
	}
	for _, change := range report.Changed(before.Behaviour, now) {
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
