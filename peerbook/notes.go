package peerbook

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"unicode/utf8"

	"kadmium/identity"
)

// Limits of notes (design R8.36).
const (
	MaxNoteName     = 64      // bytes
	MaxNote         = 1024    // bytes
	MaxNotesPerPeer = 32      // of one peer
	MaxNotes        = 1 << 14 // in all
	MaxNoteBytes    = 4 << 20 // of memory, for all
	noteOverhead    = 128     // bytes of memory for a note, beside its name and text
)

// Errors of SetNote.
var (
	// ErrBadNote reports a note whose name is not UTF-8 of 1 to MaxNoteName bytes, or that
	// has more than MaxNote bytes.
	ErrBadNote = errors.New("bad note")
	// ErrNotesFull reports one more note than there may be.
	ErrNotesFull = errors.New("no room for the note")
)

// Notes are what an application has noted about peers, whether they are known or not
// (design R6.33). The zero value is ready to use.
type Notes struct {
	of    map[identity.ID]map[string][]byte
	count int
	bytes int
}

// CheckNoteName returns ErrBadNote for a name that no note may have.
func CheckNoteName(name string) error {
	if len(name) == 0 || len(name) > MaxNoteName || !utf8.ValidString(name) {
		return fmt.Errorf("%w: a name of %d bytes: want UTF-8 of 1 to %d", ErrBadNote, len(name), MaxNoteName)
	}
	return nil
}

// Set sets a note; nil removes it. The notes own the text.
func (n *Notes) Set(peer identity.ID, name string, text []byte) error {
	if err := CheckNoteName(name); err != nil {
		return err
	}
	if len(text) > MaxNote {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrBadNote, len(text), MaxNote)
	}
	all := n.of[peer]
	old, had := all[name]
	if text == nil {
		if had {
			n.remove(peer, name, old)
		}
		return nil
	}
	bytes := n.bytes + len(text) - len(old)
	if !had {
		bytes += len(name) + noteOverhead
	}
	switch {
	case !had && len(all) >= MaxNotesPerPeer:
		return fmt.Errorf("%w: the peer has %d", ErrNotesFull, MaxNotesPerPeer)
	case !had && n.count >= MaxNotes:
		return fmt.Errorf("%w: there are %d", ErrNotesFull, MaxNotes)
	case bytes > MaxNoteBytes:
		return fmt.Errorf("%w: all together take %d bytes of memory at most", ErrNotesFull, MaxNoteBytes)
	}
	if all == nil {
		if n.of == nil {
			n.of = make(map[identity.ID]map[string][]byte)
		}
		all = make(map[string][]byte)
		n.of[peer] = all
	}
	if !had {
		n.count++
	}
	n.bytes, all[name] = bytes, text
	return nil
}

func (n *Notes) remove(peer identity.ID, name string, text []byte) {
	n.count--
	n.bytes -= len(text) + len(name) + noteOverhead
	delete(n.of[peer], name)
	if len(n.of[peer]) == 0 {
		delete(n.of, peer)
	}
}

// Get is a note; ok is false if there is none.
func (n *Notes) Get(peer identity.ID, name string) (text []byte, ok bool) {
	text, ok = n.of[peer][name]
	return text, ok
}

// Of is a map of the notes about a peer, nil if there are none. The texts in it are the notes'
// own, which never change them.
func (n *Notes) Of(peer identity.ID) map[string][]byte { return maps.Clone(n.of[peer]) }

// EachPeer yields those that have notes, in no order.
func (n *Notes) EachPeer() iter.Seq[identity.ID] { return maps.Keys(n.of) }

// Peers are those that have notes, in the order of their IDs.
func (n *Notes) Peers() []identity.ID {
	return slices.SortedFunc(n.EachPeer(), func(a, b identity.ID) int { return slices.Compare(a[:], b[:]) })
}

// Len is the number of notes, and Bytes the memory that they take.
func (n *Notes) Len() int   { return n.count }
func (n *Notes) Bytes() int { return n.bytes }
