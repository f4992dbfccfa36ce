package disk

import (
	"testing"

	"go.etcd.io/bbolt"

	"kadmium/store"
)

// formatOf is the format of a journal's file, and whether it has a bucket for notes.
func formatOf(t *testing.T, j *Journal) (format byte, notes bool) {
	t.Helper()
	err := j.db.View(func(tx *bbolt.Tx) error {
		b, err := metaOf(tx, formatKey)
		if err == nil {
			format = b[0]
		}
		notes = tx.Bucket([]byte(store.NoteEntry.String())) != nil
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return format, notes
}

// A file becomes one of the format that older programs refuse with its first note, and not
// before.
func TestFirstNoteMakesTheNewFormat(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	mustWrite(t, j, set(store.RecordEntry, "a", "1"), deletion(store.NoteEntry, "never"))
	if format, notes := formatOf(t, j); format != firstFormat || notes {
		t.Errorf("without a note it has format %d, and a bucket for notes: %v", format, notes)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir)
	mustWrite(t, j, set(store.NoteEntry, "peer and name", "text"), set(store.NoteEntry, "other", "text"))
	mustWrite(t, j, deletion(store.NoteEntry, "other"))
	if format, notes := formatOf(t, j); format != NotesFormat || !notes {
		t.Errorf("with a note it has format %d, and a bucket for notes: %v", format, notes)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	wantContent(t, open(t, dir), map[string]string{"record a": "1", "note peer and name": "text"})
}

// A journal that failed before its first note was written has it afterwards.
func TestNoteOfTheStateIsRestored(t *testing.T) {
	j := open(t, t.TempDir())
	mustWrite(t, j, set(store.RecordEntry, "a", "1"))
	j.SetState(func() []store.Change {
		return []store.Change{set(store.RecordEntry, "a", "1"), set(store.NoteEntry, "n", "text")}
	})
	if err := j.update(j.restore); err != nil {
		t.Fatal(err)
	}
	wantContent(t, j, map[string]string{"record a": "1", "note n": "text"})
}
