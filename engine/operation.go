package engine

import "time"

// maxOperations bounds the operations that the driver has under way (design R8.25).
const maxOperations = 1024

// begin registers an operation of the driver. If there are too many it finishes the
// operation at once with ErrBusy and reports false.
func (e *Engine) begin(op OpID, o operation) bool {
	if op == 0 {
		return true // of the node's own
	}
	if len(e.ops) >= maxOperations {
		e.emit(Effect{Kind: Finish, Op: op, Result: &Result{Err: ErrBusy}})
		return false
	}
	if e.ops == nil {
		e.ops = make(map[OpID]operation)
	}
	e.ops[op] = o
	return true
}

// finish ends an operation with its result, if it has not ended yet.
func (e *Engine) finish(op OpID, r *Result) {
	if op == 0 {
		return
	}
	if _, ok := e.ops[op]; ok {
		if delete(e.ops, op); len(e.ops) == 0 {
			e.ops = nil
		}
		e.emit(Effect{Kind: Finish, Op: op, Result: r})
	}
}

// Cancel ends an operation early. It finishes with ErrCancelled and with what was found
// so far.
func (e *Engine) Cancel(now time.Time, op OpID, fx []Effect) []Effect {
	e.enter(now, fx)
	if o, ok := e.ops[op]; ok {
		r := o.cancel()
		r.Err = ErrCancelled
		e.finish(op, r)
	}
	return e.leave()
}
