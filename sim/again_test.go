package sim

import (
	"bytes"
	"errors"
	"testing"

	"kadmium/sim/report"
)

// The Config of a report makes the same report.
func TestConfigOf(t *testing.T) {
	for name, c := range varied(t) {
		if racing && name != "day" {
			continue
		}
		r := simulate(t, c)
		again, err := ConfigOf(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if a, b := lasting(t, r), lasting(t, simulate(t, again)); !bytes.Equal(a, b) {
			x, y := firstDifference(a, b)
			t.Errorf("%s: %s becomes %s", name, x, y)
		}
	}
	if _, err := ConfigOf(&report.Report{Kind: report.Bench}); !errors.Is(err, ErrBadConfig) {
		t.Error(err)
	}
}
