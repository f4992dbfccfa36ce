package behaviour

import (
	"slices"
	"testing"
	"time"

	"kadmium/compare/report"
)

// TestCasesOfLookups plays the cases of tables, lookups and endings as the command
// does, in networks of 10 nodes.
func TestCasesOfLookups(t *testing.T) {
	if testing.Short() {
		t.Skip("takes over a minute")
	}
	for _, c := range slices.Concat(tableCases(), lookupCases(), endingCases()) {
		start := time.Now()
		rows, err := Run(t.Context(), 10, []Case{c}, func(string) {})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		row := rows[0]
		t.Logf("%.1fs %s\n\tlibp2p:  %s\n\tkadmium: %s\n\t%s", time.Since(start).Seconds(), row.Case, row.Libp2p, row.Kadmium, row.Why)
		if row.Libp2p == "" || row.Kadmium == "" {
			t.Errorf("%s: nothing is said of a side", c.Name)
		}
		if differs := row.Verdict == report.Differs; differs != (c.Why != "") {
			t.Errorf("%s: differs: %t, but why: %q", c.Name, differs, c.Why)
		}
	}
}
