package behaviour

import (
	"errors"
	"strings"

	record "github.com/libp2p/go-libp2p-record"
	"github.com/libp2p/go-libp2p/core/routing"

	"kadmium"
	"kadmium/compare/side"
)

// olderAtPutter is what libp2p says, without an error of its own, to a putter that
// holds something newer (routing.go, PutValue).
const olderAtPutter = "can't replace a newer value"

// putting is the words for how a put ended.
func putting(err error) string {
	switch {
	case err == nil:
		return "no error"
	case errors.Is(err, kadmium.ErrOlder), strings.Contains(err.Error(), olderAtPutter):
		return "error: a newer value is held"
	case errors.Is(err, kadmium.ErrNotStored):
		return "error: no node stored it"
	}
	return failing(err)
}

// getting is the words for how a get ended.
func getting(r side.Result, err error) string {
	switch {
	case errors.Is(err, routing.ErrNotFound), errors.Is(err, kadmium.ErrNotFound):
		return "not found"
	case err != nil:
		return failing(err)
	}
	return holding(r.Value)
}

// failing is the words for what can be wrong with the question.
func failing(err error) string {
	switch {
	case errors.Is(err, kadmium.ErrTooLarge):
		return "error: too large"
	case errors.Is(err, record.ErrInvalidRecordType), errors.Is(err, kadmium.ErrEmptyKey), errors.Is(err, kadmium.ErrUnknownNamespace):
		return "error: bad key"
	}
	return "another error: " + err.Error()
}

// holding is the words for a value of the workload's namespace; long payloads go
// unnamed.
func holding(value []byte) string {
	switch {
	case len(value) < 8:
		return "nothing"
	case len(value) > 64:
		return "a long value"
	}
	return string(value[8:])
}

// atOnce adds to an error's words that nobody was asked for it.
func atOnce(words string, r side.Result, err error) string {
	if err != nil && (r.Counts == nil || r.Counts().Requests == 0) {
		return words + ", nobody is asked"
	}
	return words
}
