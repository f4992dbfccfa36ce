package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

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

// busyWait is after how long to ask again what found no place: one may be free at any moment.
const busyWait = time.Second

// retryAfter says when to ask again, in whole seconds.
func retryAfter(d time.Duration) http.Header {
	return http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(d.Seconds())))}}
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
			p := &Problem{Type: typePrefix + k.name, Title: PlainWords(k.err), Status: k.status, Detail: PlainWords(err), Next: k.next, Exit: k.exit}
			if k.status == http.StatusTooManyRequests {
				p.header = retryAfter(busyWait)
			}
			return p
		}
	}
	return nil
}

// about is an error with what it is about before it, unless there is no name for that or the
// error has it already.
func about(subject string, err error) error {
	text := err.Error()
	if subject == "" || strings.HasPrefix(text, subject+":") || strings.Contains(text, strconv.Quote(subject)) || subject[0] == '"' && strings.Contains(text, subject) {
		return err
	}
	return fmt.Errorf("%s: %w", subject, err)
}

// internal is the problem of an error that no one foresaw.
func internal(err error) *Problem {
	return problem("internal", "the node failed", http.StatusInternalServerError, exitNotDone, "mend what the message names, then try again", "%s", PlainWords(err))
}

// plainWords are those of errors whose text is Go's.
var plainWords = map[error]string{context.Canceled: "interrupted", context.DeadlineExceeded: "timed out"}

// PlainWords is an error's text on one line, without Go's terms. Text that an error was
// given, like a key, stays as it is: only what an error itself says is replaced.
func PlainWords(err error) string {
	if comparable := reflect.TypeOf(err).Comparable(); comparable && plainWords[err] != "" {
		return plainWords[err]
	}
	text := err.Error()
	var within []error
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		within = []error{wrapper.Unwrap()}
	case interface{ Unwrap() []error }:
		within = wrapper.Unwrap()
	}
	within = slices.DeleteFunc(slices.Clone(within), func(e error) bool { return e == nil })
	if len(within) == 0 {
		return text
	}
	own, plain := make([]string, len(within)), make([]string, len(within))
	for i, e := range within {
		own[i], plain[i] = e.Error(), PlainWords(e)
	}
	if text == strings.Join(own, "\n") { // joined errors
		return strings.Join(plain, "; ")
	}
	last := len(within) - 1 // what is wrapped stands at the end, or else at the beginning
	if before, found := strings.CutSuffix(text, own[last]); found {
		return before + plain[last]
	}
	if after, found := strings.CutPrefix(text, own[0]); found {
		return plain[0] + after
	}
	return text
}
