package main

import (
	"errors"
	"fmt"
	"strings"

	"kadmium"
	"kadmium/api"
)

// The exit codes of every command.
const (
	exitDone     = 0
	exitNotDone  = 1 // not found, timed out, port in use, directory unwritable or taken
	exitBadInput = 2 // a malformed argument, a key file that is not one, an unknown namespace, over a limit
)

// A failure is an error as the command reports it: what happened and to what, what
// to do next, and the exit code.
type failure struct {
	Message string `json:"error"`
	Next    string `json:"next"`
	Code    int    `json:"exit"`
	// Lookup is the one that failed, with --trace.
	Lookup *kadmium.Lookup `json:"lookup,omitempty"`

	printed bool // stdout already has its one object
}

func (f *failure) Error() string { return f.Message }

// badInput is a failure that the user can avoid by other arguments.
func badInput(next, format string, args ...any) error {
	return &failure{Message: fmt.Sprintf(format, args...), Next: next, Code: exitBadInput}
}

// notDone is a failure that other arguments alone would not avoid.
func notDone(next, format string, args ...any) error {
	return &failure{Message: fmt.Sprintf(format, args...), Next: next, Code: exitNotDone}
}

// noAnswer says that no bootstrap peer answered.
func noAnswer(bootstrap []string, err error) error {
	next := "check the address, the --network, and that a node runs there"
	if errors.Is(err, kadmium.ErrNoSocket) {
		next += "; this machine does not have both IPv4 and IPv6"
	}
	message := "no answer from " + strings.Join(bootstrap, ", ")
	if _, why, more := strings.Cut(api.PlainWords(err), kadmium.ErrNoAnswer.Error()+"; "); more {
		message += ": " + why
	}
	return notDone(next, "%s", message)
}
