package peerbook

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"kadmium/identity"
)

func TestNotes(t *testing.T) {
	var n Notes
	peer := identity.ID{1}
	set := func(name, text string) {
		t.Helper()
		if err := n.Set(peer, name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	set("name", "Ann")
	set("name", "Ann B.")
	set("empty", "")
	if text, ok := n.Get(peer, "name"); !ok || string(text) != "Ann B." {
		t.Errorf("%q, %v", text, ok)
	}
	if _, ok := n.Get(peer, "empty"); !ok {
		t.Error("a note of no bytes is none")
	}
	if n.Len() != 2 || n.Bytes() != 2*noteOverhead+len("nameAnn B.empty") {
		t.Errorf("%d notes in %d bytes", n.Len(), n.Bytes())
	}
	for _, name := range []string{"name", "empty", "none"} {
		if err := n.Set(peer, name, nil); err != nil {
			t.Error(err)
		}
	}
	if n.Len() != 0 || n.Bytes() != 0 || n.Of(peer) != nil || len(n.Peers()) != 0 {
		t.Errorf("%+v", n)
	}
}

func TestNotesAreBounded(t *testing.T) {
	var n Notes
	for _, bad := range []struct{ name, text string }{
		{"", "x"}, {strings.Repeat("n", MaxNoteName+1), "x"}, {"\xff", "x"}, {"n", strings.Repeat("t", MaxNote+1)},
	} {
		if err := n.Set(identity.ID{1}, bad.name, []byte(bad.text)); !errors.Is(err, ErrBadNote) {
			t.Errorf("%.10q: %v", bad.name, err)
		}
	}
	for i := range MaxNotesPerPeer + 1 {
		if err := n.Set(identity.ID{1}, fmt.Sprint(i), []byte("x")); (err != nil) != (i == MaxNotesPerPeer) || err != nil && !errors.Is(err, ErrNotesFull) {
			t.Errorf("note %d: %v", i, err)
		}
	}
	if err := n.Set(identity.ID{1}, "0", []byte("another")); err != nil {
		t.Errorf("replacing a note: %v", err)
	}
	large := bytes.Repeat([]byte("x"), MaxNote)
	var err error
	for i := 0; err == nil; i++ {
		err = n.Set(identity.ID{2, byte(i), byte(i >> 8)}, "large", large)
	}
	if !errors.Is(err, ErrNotesFull) || n.Bytes() > MaxNoteBytes || n.Bytes() < MaxNoteBytes-2*MaxNote {
		t.Errorf("%d notes in %d bytes: %v", n.Len(), n.Bytes(), err)
	}
	n = Notes{}
	for i := range MaxNotes + 1 {
		if err := n.Set(identity.ID{3, byte(i), byte(i >> 8)}, "s", []byte("x")); (err != nil) != (i == MaxNotes) {
			t.Fatalf("note %d: %v", i, err)
		}
	}
}
