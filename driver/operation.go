package driver

import (
	"context"
	"time"

	"kadmium/engine"
)

// An Operation is one operation of the engine, from its start to its Finish effect.
// The functions run with the driver's mutex held: contacts and records in a result are
// valid only until they return.
type Operation struct {
	Start    func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect
	Progress func(*engine.Result) // may be nil
	Finish   func(*engine.Result) // also on an error, with what there is; may be nil
}

// A running operation is one that has not ended.
type running struct {
	Operation
	id   engine.OpID
	done chan struct{} // closed at the end
	err  error         // valid once done is closed
}

// Run runs an operation and waits for its end or the end of the context. Errors: the
// operation's own, ErrClosed with the reason where the driver has failed, the context's.
func (d *Driver) Run(ctx context.Context, op Operation) error {
	r, err := d.begin(ctx, op)
	if err != nil {
		return err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		d.cancel(r, ctx.Err())
	}
	return r.err
}

func (d *Driver) begin(ctx context.Context, op Operation) (*running, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, d.whyClosed()
	}
	d.lastOp++
	r := &running{Operation: op, id: d.lastOp, done: make(chan struct{})}
	d.operations[r.id] = r
	d.step(func(now time.Time, fx []engine.Effect) []engine.Effect {
		return op.Start(d.engine, now, r.id, fx)
	})
	return r, nil
}

// cancel ends an operation with err, unless it has ended by itself.
func (d *Driver) cancel(r *running, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.operations[r.id] != r {
		return
	}
	r.err = err
	d.step(func(now time.Time, fx []engine.Effect) []engine.Effect {
		return d.engine.Cancel(now, r.id, fx)
	})
	if d.operations[r.id] == r {
		d.ended(r)
	}
}

// progress and finish carry out the engine's effects of these names.
func (d *Driver) progress(op engine.OpID, result *engine.Result) {
	if r := d.operations[op]; r != nil && r.Progress != nil {
		r.Progress(result)
	}
}

func (d *Driver) finish(op engine.OpID, result *engine.Result) {
	r := d.operations[op]
	if r == nil {
		return
	}
	if r.err == nil { // otherwise it was cancelled, for that reason
		r.err = d.silentSeeds(result.Err)
	}
	if r.Finish != nil {
		r.Finish(result)
	}
	d.ended(r)
}

func (d *Driver) ended(r *running) {
	delete(d.operations, r.id)
	close(r.done)
}
