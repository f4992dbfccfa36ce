package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"kadmium"
)

// What is put or provided while no bootstrap peer answers is not done, unless --local
// accepts that; at a node without bootstrap peers it is.
func TestPutWhileNobodyAnswers(t *testing.T) {
	u := newUser(t)
	silent := u.silentPeer()
	away := u.node("--control", "away", "--bootstrap", silent.LocalAddr().String())
	alone := u.node("--control", "alone")
	for _, command := range [][]string{{"put", "/v/x", "kept"}, {"provide", "/v/x"}} {
		u.kad(append(command, "--control", "away")...).exits(exitNotDone).says("kept by this node only").says("--local")
		local := u.kad(append(command, "--control", "away", "--local")...).exits(exitDone)
		if !strings.Contains(local.stdout, "kept at this node only") {
			t.Errorf("%s printed %q", local.line, local.stdout)
		}
		u.kad(append(command, "--control", "alone")...).exits(exitDone)
	}
	away.stop(syscall.SIGTERM)
	alone.stop(syscall.SIGTERM)
}

// --local accepts that nobody answered, and not that others refused what was put.
func TestLocalAcceptsNoRefusal(t *testing.T) {
	silent := fmt.Errorf("%w, as no other answered", kadmium.ErrKeptHere)
	refused := fmt.Errorf("%w: others %w (%w)", kadmium.ErrKeptHere, kadmium.ErrFull, kadmium.ErrRefused)
	if err := acceptLocal(silent, true); err != nil {
		t.Errorf("nobody answered: %v", err)
	}
	if err := acceptLocal(silent, false); !errors.Is(err, kadmium.ErrKeptHere) {
		t.Errorf("without --local: %v", err)
	}
	if err := acceptLocal(refused, true); !errors.Is(err, kadmium.ErrFull) {
		t.Errorf("others refused: %v", err)
	}
	if err := acceptLocal(fmt.Errorf("%w: %w", silent, kadmium.ErrBusy), true); !errors.Is(err, kadmium.ErrBusy) {
		t.Errorf("too many wait: %v", err)
	}
	if next := asFailure(refused).Next; !strings.Contains(next, "no room") {
		t.Errorf("others refused; next: %s", next)
	}
}
