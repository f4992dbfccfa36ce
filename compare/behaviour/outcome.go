package behaviour

import (
	"context"
	"errors"
	"slices"
	"strings"

	kb "github.com/libp2p/go-libp2p-kbucket"
	record "github.com/libp2p/go-libp2p-record"
	"github.com/libp2p/go-libp2p/core/routing"

	"kadmium"
	"kadmium/compare/side"
	"kadmium/identity"
)

// outcome says in words how an operation ended. Corresponding errors of the two sides
// have the same words.
func outcome(err error) string {
	switch {
	case err == nil:
		return "no error"
	case errors.Is(err, routing.ErrNotFound), errors.Is(err, kadmium.ErrNotFound):
		return "not found"
	case errors.Is(err, kb.ErrLookupFailure), errors.Is(err, kadmium.ErrNoPeers):
		return "error: no peers"
	case errors.Is(err, kadmium.ErrNoAnswer):
		return "error: no answer"
	case errors.Is(err, kadmium.ErrClosed):
		return "error: closed"
	case errors.Is(err, context.Canceled):
		return "error: cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "error: out of time"
	default:
		return "another error: " + err.Error()
	}
}

// howMany says whether a list contains none, some or all of these peers.
func howMany(list, peers []identity.ID) string {
	named := 0
	for _, id := range peers {
		if slices.Contains(list, id) {
			named++
		}
	}
	switch named {
	case 0:
		return "none"
	case len(peers):
		return "all"
	default:
		return "some"
	}
}

// olderAtPutter is in the error of libp2p's PutValue (routing.go) where the putter itself
// holds a newer value. There is no error variable for it.
const olderAtPutter = "can't replace a newer value"

// putOutcome says in words how a put ended.
func putOutcome(err error) string {
	switch {
	case err == nil:
		return "no error"
	case errors.Is(err, kadmium.ErrOlder), strings.Contains(err.Error(), olderAtPutter):
		return "error: a newer value is held"
	case errors.Is(err, kadmium.ErrNotStored):
		return "error: no node stored it"
	}
	return inputError(err)
}

// getOutcome says in words how a get ended.
func getOutcome(r side.Result, err error) string {
	switch {
	case errors.Is(err, routing.ErrNotFound), errors.Is(err, kadmium.ErrNotFound):
		return "not found"
	case err != nil:
		return inputError(err)
	}
	return payload(r.Value)
}

// inputError says in words what is wrong with a key or a value.
func inputError(err error) string {
	switch {
	case errors.Is(err, kadmium.ErrTooLarge):
		return "error: too large"
	case errors.Is(err, record.ErrInvalidRecordType), errors.Is(err, kadmium.ErrEmptyKey), errors.Is(err, kadmium.ErrUnknownNamespace):
		return "error: bad key"
	}
	return "another error: " + err.Error()
}

// payload is the payload of a value of the workload's namespace, if it is not long.
func payload(value []byte) string {
	switch {
	case len(value) < 8:
		return "nothing"
	case len(value) > 64:
		return "a long value"
	}
	return string(value[8:])
}

// noteNobodyAsked adds to the words for an error that no request was sent.
func noteNobodyAsked(words string, r side.Result, err error) string {
	if err != nil && (r.Counts == nil || r.Counts().Requests == 0) {
		return words + ", nobody is asked"
	}
	return words
}

// whereFound says in words whether a provider was found, and at which addresses.
func whereFound(found []identity.Address, provider identity.Address) string {
	var told, own, other bool
	for _, p := range found {
		if p.ID != provider.ID {
			continue
		}
		told = true
		own = own || p == provider
		other = other || p != provider && p.Endpoint.IsValid()
	}
	switch {
	case !told:
		return "not found"
	case own && other:
		return "found, with its address and another"
	case own:
		return "found, with its address"
	case other:
		return "found, with another address"
	}
	return "found, without an address"
}

// soFar says in words whether a lookup returned peers.
func soFar(found side.Result) string {
	if len(found.Peers) == 0 {
		return "no peers"
	}
	return "some peers"
}

// foundOr is the outcome of an operation that searches for something.
func foundOr(err error, found bool) string {
	switch {
	case err != nil:
		return outcome(err)
	case !found:
		return "something else"
	}
	return "found"
}
