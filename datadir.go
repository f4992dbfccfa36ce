package kadmium

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

// openData opens the data directory, if there is one, and sets the node's key:
// the Config's, that of the directory, or a new one.
func (n *Node) openData(cfg *Config, made *undo) (err error) {
	n.key = cfg.Key
	if cfg.DataDir != "" {
		if n.journal, err = disk.Open(cfg.DataDir); err != nil {
			return err
		}
		made.add(func() { n.journal.Close() })
		if n.key.IsZero() {
			n.key, err = loadOrCreateKey(filepath.Join(cfg.DataDir, KeyFile))
		}
	} else if n.key.IsZero() {
		n.key, err = identity.GenerateKey(rand.Reader)
	}
	if err != nil {
		return err
	}
	n.id = n.key.ID()
	return nil
}

// loadOrCreateKey runs with the directory locked: nobody else makes a key there.
func loadOrCreateKey(path string) (identity.Key, error) {
	key, err := identity.LoadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return identity.CreateKey(path, rand.Reader)
	}
	return key, err
}

// load hands the engine what an earlier run journalled.
func (n *Node) load() error {
	if n.journal == nil {
		return nil
	}
	now := n.clock.Now()
	err := n.journal.Load(func(op store.Op) error { return n.engine.Load(now, op) })
	if errors.Is(err, store.ErrBadEntry) {
		return fmt.Errorf("%w: %s: %w", ErrCorrupt, n.journal.Path(), err)
	}
	return err
}

// persist has operations journalled, and tells the engine when they are if it
// waits for that. The caller holds n.mu.
func (n *Node) persist(batch uint64, ops []store.Op) {
	if n.journal == nil {
		n.followUps = append(n.followUps, followUp{kind: engine.Persist, id: batch})
		return
	}
	n.journal.Write(ops, func(err error) { n.persisted(batch, err) })
}

// logJournal logs an error of the journal once, not for each write that meets it.
// The caller holds n.mu.
func (n *Node) logJournal(err error) {
	if err == nil {
		n.journalError = ""
		return
	}
	if text := err.Error(); text != n.journalError {
		n.journalError = text
		n.logger.Error("journal", "error", err)
	}
}

// persisted runs on the journal's goroutine.
func (n *Node) persisted(batch uint64, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.logJournal(err)
	if n.down || batch == 0 {
		return
	}
	n.step(func(now time.Time, fx []engine.Effect) []engine.Effect {
		return n.engine.Persisted(now, batch, err, fx)
	})
}
