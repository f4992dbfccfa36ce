package driver

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/store"
	"kadmium/store/disk"
)

// KeyFile is the name of the file in a data directory that holds the identity.
const KeyFile = "key.pem"

// openDataDir opens the data directory, if there is one, and sets the node's key: the
// one given, that of the directory, or a new one.
func (d *Driver) openDataDir(dir string, key identity.Key, made *undo) (err error) {
	d.key = key
	if dir != "" {
		if d.journal, err = disk.Open(dir); err != nil {
			return err
		}
		made.add(func() { d.journal.Close() })
		if d.key.IsZero() {
			d.key, err = loadOrCreateKey(filepath.Join(dir, KeyFile))
		}
	} else if d.key.IsZero() {
		d.key, err = identity.GenerateKey(rand.Reader)
	}
	if err != nil {
		return err
	}
	d.id = d.key.ID()
	return nil
}

// loadOrCreateKey runs with the directory locked: no other process makes a key there.
func loadOrCreateKey(path string) (identity.Key, error) {
	key, err := identity.LoadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return identity.CreateKey(path, rand.Reader)
	}
	return key, err
}

// load hands the engine what an earlier run journalled.
func (d *Driver) load() error {
	if d.journal == nil {
		return nil
	}
	now := d.now()
	err := d.journal.Load(func(op store.Op) error { return d.engine.Load(now, op) })
	if errors.Is(err, store.ErrBadEntry) {
		return fmt.Errorf("%w: %s: %w", disk.ErrCorrupt, d.journal.Path(), err)
	}
	return err
}

// persist has operations journalled, and tells the engine when they are synced if it
// waits for that (design R1.12). The caller holds d.mu.
func (d *Driver) persist(batch uint64, ops []store.Op) {
	d.journal.Write(ops, func(err error) { d.persisted(batch, err) })
}

// persisted runs on the journal's goroutine.
func (d *Driver) persisted(batch uint64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logJournal(err)
	if d.down || batch == 0 {
		return
	}
	d.step(func(now time.Time, fx []engine.Effect) []engine.Effect {
		return d.engine.Persisted(now, batch, err, fx)
	})
}

// logJournal logs an error of the journal once, not for each write that meets it. The
// caller holds d.mu.
func (d *Driver) logJournal(err error) {
	if err == nil {
		d.journalError = ""
		return
	}
	if text := err.Error(); text != d.journalError {
		d.journalError = text
		d.logger.Error("journal", "err", err)
	}
}
