package kadmium

import (
	"context"

	"kadmium/engine"
)

// stream makes a call and yields what its progress and finish put into pending,
// which n.mu guards, until the call, the context or the reader ends it. Its error
// comes last.
func stream[T any](ctx context.Context, n *Node, c call, pending *[]T, yield func(T, error) bool) {
	var zero T
	news := make(chan struct{}, 1)
	progress := c.progress
	c.progress = func(r *engine.Result) {
		progress(r)
		select {
		case news <- struct{}{}:
		default: // the reader has been told already
		}
	}
	if err := n.begin(ctx, &c); err != nil {
		yield(zero, err)
		return
	}
	defer n.cancel(&c, context.Canceled) // the reader may leave, also by a panic or Goexit
	for ended := false; !ended; {
		select {
		case <-news:
		case <-c.done:
			ended = true
		case <-ctx.Done():
			n.cancel(&c, ctx.Err())
			ended = true
		}
		n.mu.Lock()
		batch := *pending
		*pending = nil
		n.mu.Unlock()
		for _, v := range batch {
			if !yield(v, nil) {
				return
			}
		}
	}
	if c.err != nil {
		yield(zero, c.err)
	}
}
