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

	// Step is told each step of the operation's lookups, as it happens; it may be nil. Told
	// then runs on the goroutine that waits for the operation, without the mutex: after
	// steps, and once more at the end.
	Step func(*engine.Event)
	Told func()
}

// A running operation is one that has not ended.
type running struct {
	Operation
	id   engine.OpID
	news chan struct{} // has a value after Progress and Step; nil if there are neither
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
	if op.Step != nil {
		return d.runTold(ctx, r)
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		d.cancel(r, ctx.Err())
	}
	return r.err
}

// runTold is the rest of Run for an operation with Step and Told.
func (d *Driver) runTold(ctx context.Context, r *running) error {
	defer d.cancel(r, context.Canceled) // Told may panic, or end its goroutine
	for ended := false; !ended; {
		select {
		case <-r.news:
		case <-r.done:
			ended = true
		case <-ctx.Done():
			d.cancel(r, ctx.Err())
			ended = true
		}
		r.Told()
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
	return d.launch(op), nil
}

// launch begins an operation. The caller holds d.mu.
func (d *Driver) launch(op Operation) *running {
	r := d.register(op)
	d.step(func(now time.Time, fx []engine.Effect) []engine.Effect {
		return op.Start(d.engine, now, r.id, fx)
	})
	return r
}

// register makes an operation that is about to begin. The caller holds d.mu.
func (d *Driver) register(op Operation) *running {
	d.lastOp++
	r := &running{Operation: op, id: d.lastOp, done: make(chan struct{})}
	if op.Step != nil {
		d.stepped++
	}
	if op.Step != nil || op.Progress != nil {
		r.news = make(chan struct{}, 1)
	}
	d.operations[r.id] = r
	return r
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
		r.tell()
	}
}

// tell wakes the goroutine that waits for the operation.
func (r *running) tell() {
	select {
	case r.news <- struct{}{}:
	default: // it has been told already
	}
}

// lookupStep hands a step to the operation whose lookup made it, if that is told its
// steps.
func (d *Driver) lookupStep(ev *engine.Event) {
	if d.stepped == 0 {
		return
	}
	if r := d.operations[ev.Op]; r != nil && r.Step != nil {
		r.Step(ev)
		r.tell()
	}
}

func (d *Driver) finish(op engine.OpID, result *engine.Result) {
	r := d.operations[op]
	if r == nil {
		return
	}
	if r.err == nil { // otherwise it was cancelled, for that reason
		r.err = d.unserved(result.Err)
	}
	if r.Finish != nil {
		r.Finish(result)
	}
	d.ended(r)
}

func (d *Driver) ended(r *running) {
	delete(d.operations, r.id)
	if r.Step != nil {
		d.stepped--
	}
	close(r.done)
}
