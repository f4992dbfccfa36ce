package behaviour

import (
	"testing"
	"time"
)

func TestCasesOfValues(t *testing.T) { rows(t, valueCases()) }

func TestHostileCases(t *testing.T) { rows(t, hostileCases()) }

// rows plays cases, one at a time: each must have words on both sides, and a reason
// where they differ.
func rows(t *testing.T, cases []Case) {
	if testing.Short() {
		t.Skip("plays real networks")
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			begun := time.Now()
			played, err := Run(t.Context(), 10, []Case{c}, func(string) {})
			if err != nil {
				t.Fatal(err)
			}
			r := played[0]
			t.Logf("%s | %s | %s | %v", r.Libp2p, r.Kadmium, r.Verdict, time.Since(begun).Round(time.Millisecond))
			if r.Libp2p == "" || r.Kadmium == "" {
				t.Error("a side has no words")
			}
			if differs := r.Libp2p != r.Kadmium; differs != (c.Why != "") {
				t.Errorf("the sides differ: %v; the reason is %q", differs, c.Why)
			}
		})
	}
}
