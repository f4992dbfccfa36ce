package driver

import "context"

// Stream runs an operation and yields what its Progress and Finish append to pending,
// until the operation, the context or the reader ends it. Its error comes last. When
// Stream returns, Progress and Finish are not called any more.
func Stream[T any](ctx context.Context, d *Driver, op Operation, pending *[]T, yield func(T, error) bool) {
	var zero T
	r, err := d.begin(ctx, op)
	if err != nil {
		yield(zero, err)
		return
	}
	defer d.cancel(r, context.Canceled) // the reader may leave, also by a panic or Goexit
	for ended := false; !ended; {
		select {
		case <-r.news:
		case <-r.done:
			ended = true
		case <-ctx.Done():
			d.cancel(r, ctx.Err())
			ended = true
		}
		if op.Step != nil {
			op.Told()
		}
		d.mu.Lock()
		batch := *pending
		*pending = nil
		d.mu.Unlock()
		for _, v := range batch {
			if !yield(v, nil) {
				if d.cancel(r, context.Canceled); op.Step != nil {
					op.Told()
				}
				return
			}
		}
	}
	if r.err != nil {
		yield(zero, r.err)
	}
}
