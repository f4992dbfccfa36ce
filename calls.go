package kadmium

import (
	"context"
	"time"

	"kadmium/engine"
)

// A call is one operation of the user's, from its start to the engine's Finish.
// The functions run with n.mu held: contacts and records in a result are good
// only until they return.
type call struct {
	start    func(now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect
	progress func(*engine.Result) // may be nil
	finish   func(*engine.Result) // also on an error, with what there is; may be nil

	op   engine.OpID
	done chan struct{} // closed at the end
	err  error         // good once done
}

// run makes a call and waits for its end or that of the context.
func (n *Node) run(ctx context.Context, c call) error {
	if err := n.begin(ctx, &c); err != nil {
		return err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		n.cancel(&c, ctx.Err())
	}
	return c.err
}

func (n *Node) begin(ctx context.Context, c *call) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down {
		return ErrClosed
	}
	n.lastOp++
	c.op, c.done = n.lastOp, make(chan struct{})
	n.calls[c.op] = c
	n.step(func(now time.Time, fx []engine.Effect) []engine.Effect {
		return c.start(now, c.op, fx)
	})
	return nil
}

// cancel ends a call with err, unless it has ended by itself.
func (n *Node) cancel(c *call, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.calls[c.op] != c {
		return
	}
	c.err = err
	n.step(func(now time.Time, fx []engine.Effect) []engine.Effect {
		return n.engine.Cancel(now, c.op, fx)
	})
	if n.calls[c.op] == c {
		n.ended(c)
	}
}

// progress and finish carry out the engine's effects of these names.
func (n *Node) progress(op engine.OpID, r *engine.Result) {
	if c := n.calls[op]; c != nil && c.progress != nil {
		c.progress(r)
	}
}

func (n *Node) finish(op engine.OpID, r *engine.Result) {
	c := n.calls[op]
	if c == nil {
		return
	}
	if c.err == nil { // else it was cancelled, for that reason
		c.err = publicError(r.Err)
	}
	if c.finish != nil {
		c.finish(r)
	}
	n.ended(c)
}

func (n *Node) ended(c *call) {
	delete(n.calls, c.op)
	close(c.done)
}
