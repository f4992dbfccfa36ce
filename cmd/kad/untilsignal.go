package main

import "context"

// untilSignal runs a system call that may never return, as reading a pipe or opening a
// FIFO. When the context ends it returns without it: the process ends then.
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
