package disk

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"kadmium/store"
)

// Write queues changes, which are written all or none, and then calls done: with
// nil after they are synced to disk, with ErrBusy if too much is waiting, or with the
// reason why nothing can be written now (see Failing) or ever again (see Err). Write does
// not wait. The journal's goroutine calls the functions done one at a time, in the order of
// the writes; done may be nil. After Close nothing is written and done is not called.
func (j *Journal) Write(changes []store.Change, done func(error)) {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return
	}
	w := write{changes: changes, done: done, err: cmp.Or(j.failed, j.failing)}
	if w.err == nil && j.waiting+len(changes) > MaxWaiting && j.waiting > 0 {
		w.err = fmt.Errorf("%w: %s: %d operations", ErrBusy, j.path, j.waiting)
	}
	if w.err != nil {
		w.changes = nil
		if done == nil { // no function to call
			j.mu.Unlock()
			return
		}
	}
	j.waiting += len(w.changes)
	j.queue = append(j.queue, w)
	j.mu.Unlock()
	j.signal()
}

func (j *Journal) signal() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// run is the journal's goroutine. Each commit writes everything that was queued during
// the one before (group commit, design R1.12).
func (j *Journal) run() {
	defer close(j.ended)
	defer j.retry.Stop()
	for {
		select {
		case <-j.wake:
		case <-j.retry.C:
			j.resume()
		}
		for {
			batch, closed := j.take()
			if len(batch) == 0 {
				if closed {
					return
				}
				break
			}
			j.finish(batch, j.commit(batch))
		}
	}
}

func (j *Journal) take() (batch []write, closed bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	batch, j.queue, j.waiting = j.queue, nil, 0
	return batch, j.closed
}

// finish reports the result of a batch.
func (j *Journal) finish(batch []write, err error) {
	for _, w := range batch {
		if w.done == nil {
			continue
		}
		if w.err == nil {
			w.err = err
		}
		w.done(w.err)
	}
}

// commit writes a batch in one transaction.
func (j *Journal) commit(batch []write) error {
	if err := j.Failing(); err != nil {
		return err
	}
	if !slices.ContainsFunc(batch, j.wantsCommit) {
		return nil
	}
	began := time.Now()
	err := j.update(func(tx *bbolt.Tx) error { return applyAll(tx, batch) })
	if err != nil {
		j.fail(err, errors.Is(err, ErrReplaced))
		return err
	}
	took := time.Since(began).Seconds()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.syncs.Observe(took)
	return nil
}

// wantsCommit reports whether there is anything to write.
func (j *Journal) wantsCommit(w write) bool {
	return len(w.changes) > 0 || w.note && j.clock().Time.Sub(j.noted) >= noteAtLeast
}

// update makes one transaction. One that panicked is not rolled back: bbolt would read all
// pages again in a goroutine of its own, whose panic cannot be recovered.
func (j *Journal) update(f func(*bbolt.Tx) error) (err error) {
	defer j.caught(&err, j.path)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	tx, err := j.db.Begin(true)
	if err != nil {
		return j.notWritten(err)
	}
	if tx.ID() != j.transaction+1 {
		return errors.Join(j.replaced("somebody else has written it"), tx.Rollback())
	}
	if err = errors.Join(f(tx), j.noteClock(tx)); err == nil {
		err = tx.Commit()
	} else {
		err = errors.Join(err, tx.Rollback())
	}
	if err != nil {
		return j.notWritten(err)
	}
	j.transaction++
	return j.inPlace()
}

// notWritten is the error of a transaction. It names the file, and does so once.
func (j *Journal) notWritten(err error) error {
	if on := (*fs.PathError)(nil); errors.As(err, &on) && on.Path == j.path {
		return err
	}
	return fmt.Errorf("writing %s: %w", j.path, err)
}

func applyAll(tx *bbolt.Tx, batch []write) error {
	t, err := totalsOf(tx)
	if err != nil {
		return err
	}
	for _, w := range batch {
		for _, c := range w.changes {
			if err := apply(tx, &t, c); err != nil {
				return err
			}
		}
	}
	return t.put(tx)
}

// apply makes one change and updates the totals.
func apply(tx *bbolt.Tx, t *totals, c store.Change) error {
	name := []byte(c.Kind.String())
	b := tx.Bucket(name)
	switch {
	case b != nil:
	case c.Kind != store.NoteEntry:
		return fmt.Errorf("no bucket %q", name)
	case c.Value == nil:
		return nil // there are no notes
	default:
		var err error
		if b, err = addNotes(tx); err != nil {
			return err
		}
	}
	if old := b.Get(c.Key); old != nil {
		t.remove(old)
	}
	if c.Value == nil {
		return b.Delete(c.Key)
	}
	stored := addChecksum(name, c.Key, c.Value)
	t.add(stored)
	return b.Put(c.Key, stored)
}
