package driver

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"kadmium/engine"
	"kadmium/store"
	"kadmium/store/disk"
)

// load hands the engine what an earlier run journalled, and the journal what the engine
// will hold.
func (d *Driver) load() error {
	if d.journal == nil {
		return nil
	}
	d.journal.SetState(d.snapshot)
	now := d.now()
	err := d.journal.Load(func(c store.Change) error {
		if c.Kind == store.NoteEntry {
			return d.loadNote(c)
		}
		return d.engine.Load(now, c)
	})
	if errors.Is(err, store.ErrEntryVersion) {
		return fmt.Errorf("%w: %s: %w", disk.ErrVersion, d.journal.Path(), err)
	}
	if errors.Is(err, store.ErrBadEntry) {
		return fmt.Errorf("%w: %s: %w", disk.ErrCorrupt, d.journal.Path(), err)
	}
	return err
}

// persist writes changes to the journal, and tells the engine when they are synced if it
// waits for that (id is not 0; design R1.12). The caller holds d.mu.
func (d *Driver) persist(id uint64, changes []store.Change) {
	d.journal.Write(changes, func(err error) { d.persisted(id, err) })
}

// persisted runs on the journal's goroutine.
func (d *Driver) persisted(id uint64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logJournal(err)
	if final := d.journal.Err(); final != nil { // told once those whose writes failed with this one know
		d.journal.Write(nil, func(error) { d.fail(final) })
	}
	if d.closed || id == 0 {
		return
	}
	d.step(func(now time.Time, fx []engine.Effect) []engine.Effect {
		return d.engine.Persisted(now, id, err, fx)
	})
}

// snapshot is all that the journal should hold.
func (d *Driver) snapshot() []store.Change {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append(d.engine.Snapshot(), d.noteChanges()...)
}

// logJournal logs a fault of the journal once, not for each write and each try to open it
// that meets it, and its end. The caller holds d.mu.
func (d *Driver) logJournal(err error) {
	if err == nil {
		if d.journalFault != "" {
			d.logger.Info("journal is written again", "file", d.journal.Path())
		}
		d.journalFault = ""
		return
	}
	cause := err.Error()
	if errno := syscall.Errno(0); errors.As(err, &errno) && !errors.Is(err, disk.ErrReplaced) {
		cause = errno.Error()
	}
	if cause != d.journalFault {
		d.journalFault = cause
		d.logger.Error("journal", "err", err)
	}
}
