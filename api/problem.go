package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"kadmium"
)

// The exit codes by which the command line reports a problem.
const (
	exitNotDone  = 1
	exitBadInput = 2
)

// typePrefix begins the type of every problem.
const typePrefix = "/problems/"

// A Problem is an error as it is sent (RFC 9457). Its Type stands for an error of package
// kadmium, which errors.Is finds in it.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`  // of the type
	Status int    `json:"status"` // of HTTP
	Detail string `json:"detail"` // what happened, and to what
	Next   string `json:"next"`   // what to do
	Exit   int    `json:"exit"`   // exit code of the command line: 1 not done, 2 bad input
	// Lookup is the one that failed; its steps are there if the request had ?trace.
	Lookup *kadmium.Lookup `json:"lookup,omitempty"`
	// Result is what a put or provide that failed came to: the refusals, and what is kept.
	Result json.RawMessage `json:"result,omitempty"`

	header http.Header // that goes with it
}

// Error is the problem's detail.
func (p *Problem) Error() string { return p.Detail }

// Is reports whether the problem's type stands for the error.
func (p *Problem) Is(target error) bool {
	for _, k := range knownProblems {
		if typePrefix+k.name == p.Type {
			return errors.Is(k.err, target)
		}
	}
	return false
}

func problem(name, title string, status, exit int, next, format string, args ...any) *Problem {
	return &Problem{Type: typePrefix + name, Title: title, Status: status, Detail: fmt.Sprintf(format, args...), Next: next, Exit: exit}
}

// badRequest is the problem of a request that the sender can put right.
func badRequest(next, format string, args ...any) *Problem {
	return problem("bad-request", "the request cannot be understood", http.StatusBadRequest, exitBadInput, next, format, args...)
}

// ProblemOf is an error as a problem; nil if the error is of a kind that no request to a
// node has.
func ProblemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	for _, k := range knownProblems {
		if errors.Is(err, k.err) {
			return &Problem{Type: typePrefix + k.name, Title: PlainWords(k.err), Status: k.status, Detail: PlainWords(err), Next: k.next, Exit: k.exit}
		}
	}
	return nil
}

// internal is the problem of an error that no one foresaw.
func internal(err error) *Problem {
	return problem("internal", "the node failed", http.StatusInternalServerError, exitNotDone, "mend what the message names, then try again", "%s", PlainWords(err))
}

// PlainWords is an error's text on one line, without Go's terms.
func PlainWords(err error) string {
	return strings.NewReplacer(
		"\n", "; ", // joined errors
		"context canceled", "interrupted",
		"context deadline exceeded", "timed out",
	).Replace(err.Error())
}
