package behaviour

import (
	"context"
	"errors"
	"slices"

	kb "github.com/libp2p/go-libp2p-kbucket"
	"github.com/libp2p/go-libp2p/core/routing"

	"kadmium"
	"kadmium/identity"
)

// outcome is the words for how an operation ended, the same for the same errors of
// both sides.
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

// naming is whether a list names none, some or all of these peers.
func naming(list, peers []identity.ID) string {
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
