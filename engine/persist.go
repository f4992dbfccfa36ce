package engine

import (
	"fmt"
	"time"

	"kadmium/store"
)

// persist has ops journalled and calls done once they are synced, or with the
// error: at once where nothing is journalled.
func (e *Engine) persist(ops []store.Op, done func(error)) {
	if !e.cfg.Durable || len(ops) == 0 {
		done(nil)
		return
	}
	if e.withheld == nil {
		e.withheld = make(map[uint64]func(error))
	}
	e.lastBatch++
	e.withheld[e.lastBatch] = done
	e.emit(Effect{Kind: Persist, Batch: e.lastBatch, Ops: ops})
}

// journal has ops journalled without anybody waiting for it.
func (e *Engine) journal(ops []store.Op) {
	if e.cfg.Durable && len(ops) > 0 {
		e.emit(Effect{Kind: Persist, Ops: ops})
	}
}

// Persisted tells the engine that a batch is synced, or that it could not be.
func (e *Engine) Persisted(now time.Time, batch uint64, err error, fx []Effect) []Effect {
	e.enter(now, fx)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrJournal, err)
		e.stats.JournalErrors++
	}
	if done, ok := e.withheld[batch]; ok {
		delete(e.withheld, batch)
		done(err)
	}
	return e.leave()
}
