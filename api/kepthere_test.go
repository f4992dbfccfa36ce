package api

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"kadmium"
)

// ?local accepts that nobody answered, and not that others refused what was put.
func TestLocalAcceptsNoRefusal(t *testing.T) {
	silent := fmt.Errorf("%w, as no other answered", kadmium.ErrKeptHere)
	refused := fmt.Errorf("%w: others %w (%w)", kadmium.ErrKeptHere, kadmium.ErrFull, kadmium.ErrRefused)
	if err := acceptLocal(silent, true); err != nil {
		t.Errorf("nobody answered: %v", err)
	}
	if err := acceptLocal(silent, false); !errors.Is(err, kadmium.ErrKeptHere) {
		t.Errorf("without local: %v", err)
	}
	if err := acceptLocal(refused, true); !errors.Is(err, kadmium.ErrFull) {
		t.Errorf("others refused: %v", err)
	}
	if err := acceptLocal(fmt.Errorf("%w: %w", silent, kadmium.ErrBusy), true); !errors.Is(err, kadmium.ErrBusy) {
		t.Errorf("too many wait: %v", err)
	}
	if next := ProblemOf(refused).Next; !strings.Contains(next, "no room") {
		t.Errorf("others refused; next: %s", next)
	}
}
