package driver

import (
	"bytes"
	"context"
	"fmt"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/store"
	"kadmium/store/disk"
)

// Note is what SetNote has noted about a peer under a name.
func (d *Driver) Note(peer identity.ID, name string) (text []byte, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text, ok = d.notes.Get(peer, name)
	return bytes.Clone(text), ok
}

// SetNote notes something about a peer, whether it is known or not; a nil text removes the
// note. It returns once the journal has it, if there is one. Errors: peerbook.ErrBadNote,
// peerbook.ErrNotesFull, engine.ErrJournal, ErrClosed, the context's.
func (d *Driver) SetNote(ctx context.Context, peer identity.ID, name string, text []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	written, err := d.setNote(peer, name, text)
	if err != nil {
		return err
	}
	select {
	case err = <-written:
	case <-ctx.Done():
		return ctx.Err()
	case <-d.ctx.Done():
		return ErrClosed
	}
	if err != nil {
		return fmt.Errorf("%w: %w", engine.ErrJournal, err)
	}
	return nil
}

// setNote begins SetNote. The journal's error is sent, nil if there is no journal.
func (d *Driver) setNote(peer identity.ID, name string, text []byte) (<-chan error, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, ErrClosed
	}
	if text != nil {
		text = append([]byte{}, text...)
	}
	if err := d.notes.Set(peer, name, text); err != nil {
		return nil, err
	}
	written := make(chan error, 1)
	if d.journal == nil {
		written <- nil
		return written, nil
	}
	if text != nil && d.format < disk.NotesFormat {
		d.logger.Info("the first note changes the data file's format: releases that know no notes refuse it from now on",
			"file", d.journal.Path(), "from", d.format, "to", disk.NotesFormat)
		d.format = disk.NotesFormat
	}
	d.journal.Write([]store.Change{store.NoteChange(peer, name, text)}, func(err error) {
		d.persisted(0, err)
		written <- err
	})
	return written, nil
}

// loadNote takes in a note of an earlier run.
func (d *Driver) loadNote(c store.Change) error {
	peer, name, text, err := store.ParseNote(c)
	if err == nil {
		err = d.notes.Set(peer, name, text)
	}
	return err
}

// noteChanges are all notes, as the journal is to hold them. The caller holds d.mu.
func (d *Driver) noteChanges() (changes []store.Change) {
	for _, peer := range d.notes.Peers() {
		for name, text := range d.notes.Of(peer) {
			changes = append(changes, store.NoteChange(peer, name, text))
		}
	}
	return changes
}
