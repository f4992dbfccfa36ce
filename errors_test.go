package kadmium

import (
	"errors"
	"testing"

	"kadmium/engine"
	"kadmium/rpc"
)

func TestStatusesBecomeErrors(t *testing.T) {
	for status, want := range map[rpc.Status]error{
		rpc.Older:     ErrOlder,
		rpc.Conflict:  ErrConflict,
		rpc.Full:      ErrFull,
		rpc.Invalid:   ErrInvalid,
		rpc.TooLarge:  ErrTooLarge,
		rpc.NoHandler: ErrNoHandler,
		rpc.Unproven:  ErrRefused,
		rpc.Failed:    ErrRefused,
	} {
		err := publicError(&engine.StatusError{Status: status})
		if !errors.Is(err, want) || !errors.Is(err, ErrRefused) {
			t.Errorf("%v: %v", status, err)
		}
	}
	if publicError(nil) != nil || publicError(ErrNotFound) != ErrNotFound {
		t.Error("other errors are changed")
	}
}
