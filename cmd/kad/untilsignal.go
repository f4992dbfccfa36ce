package main

import "context"

// untilSignal runs what may wait for ever in the system, as reading a pipe or opening
// a FIFO does, and gives it up when the context ends: the process ends then.
func untilSignal[T any](ctx context.Context, wait func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := wait()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
