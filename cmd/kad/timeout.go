package main

import (
	"context"
	"errors"
	"time"

	"kadmium"
)

// A timedOut is the error of an operation that took longer than --timeout.
type timedOut time.Duration

func (t timedOut) Error() string { return "timed out after --timeout " + short(time.Duration(t)) }

func (t timedOut) Is(target error) bool { return target == context.DeadlineExceeded }

// withTimeout bounds how long a command waits.
func withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, timedOut(d))
}

// whyEnded is err, or if err only says that the context ended, the reason for that.
func whyEnded(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	if errors.As(cause, new(timedOut)) || errors.Is(cause, kadmium.ErrClosed) {
		return cause
	}
	return err // a signal
}
