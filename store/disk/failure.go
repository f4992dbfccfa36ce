package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"kadmium/store"
)

// After a failure the file is opened anew, after pauses from the first to the second
// (design R6.23).
const (
	firstPause = time.Second
	maxPause   = time.Minute
)

// SetState sets the function that returns all entries that the journal should hold. After
// a failure it is called, on the journal's goroutine, for what the failed writes were to
// change. It must be called before Write.
func (j *Journal) SetState(f func() []store.Change) { j.state = f }

// inPlace reports a file that is no longer at its path, or that has been cut.
func (j *Journal) inPlace() error {
	info, err := os.Lstat(j.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return j.replaced("it is gone")
	case err != nil:
		return err
	case !os.SameFile(info, j.info):
		return j.replaced("another file is in its place")
	case info.Size() < j.size:
		return j.replaced(fmt.Sprintf("it has %d bytes, and had %d", info.Size(), j.size))
	}
	j.size = info.Size()
	return nil
}

func (j *Journal) replaced(what string) error {
	return fmt.Errorf("%w: %s: %s while the node was running", ErrReplaced, j.path, what)
}

// fail notes why writes fail, and closes the file. Unless that is final, the file is opened
// again after a pause.
func (j *Journal) fail(err error, final bool) {
	if j.db != nil {
		j.release(errors.Is(err, ErrCorrupt))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if final {
		j.failed = err
		return
	}
	j.failing = err
	j.pause = min(max(2*j.pause, firstPause), maxPause)
	j.retry.Reset(j.pause)
}

// release closes bbolt's database. After a panic bbolt may hold its own locks, so only the
// file is closed then.
func (j *Journal) release(panicked bool) {
	if panicked {
		unlock(j.file)
		j.file.Close()
	} else {
		j.db.Close()
	}
	j.db = nil
}

// resume opens the file again, and writes what the failed writes were to change.
func (j *Journal) resume() {
	if err := j.reopen(); err != nil {
		j.fail(err, isFinal(err))
		return
	}
	j.mu.Lock()
	j.failing = nil // first: what is not in the state yet must be in the queue
	j.mu.Unlock()
	if err := j.update(j.restore); err != nil {
		j.fail(err, errors.Is(err, ErrReplaced))
		return
	}
	j.pause = 0
}

// isFinal reports whether a file that could not be opened again never can be: it is
// damaged, and not only hard to read.
func isFinal(err error) bool {
	var system syscall.Errno
	return errors.Is(err, ErrReplaced) || errors.Is(err, ErrVersion) || errors.Is(err, ErrCorrupt) && !errors.As(err, &system)
}

// reopen opens the file as it is after a failure. The last transaction may be in it
// although its sync has failed.
func (j *Journal) reopen() error {
	if err := j.inPlace(); err != nil {
		return err
	}
	if err := j.check(); err != nil {
		return err
	}
	if err := j.syncMetas(); err != nil {
		return err
	}
	db, err := j.openBolt(j.path)
	if err != nil {
		return err
	}
	j.db = db
	return j.goOn(j.lastTransaction())
}

// goOn takes the file's last transaction for the journal's own. Where it could not be read,
// the journal still knows which one it was, so that the next try can tell.
func (j *Journal) goOn(last int, err error) error {
	if err != nil {
		return err
	}
	if last != j.transaction && last != j.transaction+1 {
		return j.replaced("somebody else has written it")
	}
	j.transaction = last
	return nil
}

// syncMetas writes the meta pages again as they are read. After a failed sync the kernel
// may hold a meta page that the disk does not have, and count it as written; the next
// transaction would then write over pages that the one on the disk still uses. What the
// meta pages lead to was synced before they were written.
func (j *Journal) syncMetas() error {
	f, err := os.OpenFile(j.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	metas := make([]byte, 2*pageSize)
	if _, err := io.ReadFull(f, metas); err != nil {
		return err
	}
	if _, err := f.WriteAt(metas, 0); err != nil {
		return err
	}
	return f.Sync()
}

// restore makes the entries those of the state.
func (j *Journal) restore(tx *bbolt.Tx) error {
	t, err := totalsOf(tx)
	if err != nil {
		return err
	}
	if j.state != nil {
		for _, c := range difference(tx, j.state()) {
			if err := apply(tx, &t, c); err != nil {
				return err
			}
		}
	}
	return t.put(tx)
}

// difference is what has to change for the entries to be those of the state.
func difference(tx *bbolt.Tx, state []store.Change) []store.Change {
	missing := make(map[string]store.Change, len(state))
	for _, c := range state {
		missing[c.Kind.String()+" "+string(c.Key)] = c
	}
	var changes []store.Change
	for _, kind := range store.EntryKinds() {
		name := kind.String()
		bucket := tx.Bucket([]byte(name))
		if bucket == nil {
			continue // there are no notes
		}
		b := bucket.Cursor()
		for k, v := b.First(); k != nil; k, v = b.Next() {
			id := name + " " + string(k)
			c, ok := missing[id]
			switch {
			case !ok:
				changes = append(changes, store.Change{Kind: kind, Key: bytes.Clone(k)})
			case bytes.Equal(v, addChecksum([]byte(name), c.Key, c.Value)):
				delete(missing, id)
			}
		}
	}
	return slices.AppendSeq(changes, maps.Values(missing))
}
