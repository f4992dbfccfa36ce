package disk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"kadmium/store"
)

// A journal whose file is unlinked, replaced or written by somebody else acknowledges
// nothing more, and says which file it is.
func TestFileReplaced(t *testing.T) {
	older := filepath.Join(t.TempDir(), "older")
	j := open(t, t.TempDir())
	mustWrite(t, j, set(store.RecordEntry, "a", "1"))
	j.Close()
	if err := os.Rename(j.Path(), older); err != nil {
		t.Fatal(err)
	}
	for name, disturb := range map[string]func(path string) error{
		"unlinked": os.Remove,
		"renamed":  func(path string) error { return os.Rename(path, path+".old") },
		"replaced by another file": func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.WriteFile(path, nil, fileMode)
		},
		"replaced by a copy of it": func(path string) error {
			return errors.Join(copyFile(path, path+".copy"), os.Rename(path+".copy", path))
		},
		"written over by an older copy": func(path string) error { return copyFile(older, path) },
		"directory moved":               func(path string) error { return os.Rename(filepath.Dir(path), filepath.Dir(path)+"2") },
	} {
		t.Run(name, func(t *testing.T) {
			j := open(t, filepath.Join(t.TempDir(), "data"))
			mustWrite(t, j, set(store.RecordEntry, "a", "1"), set(store.RecordEntry, "b", "2"))
			mustWrite(t, j, set(store.RecordEntry, "a", "2"))
			if err := disturb(j.Path()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := tryWrite(j, set(store.RecordEntry, "b", "3")); !errors.Is(err, ErrReplaced) || !strings.Contains(err.Error(), j.Path()) {
					t.Errorf("a write: %v", err)
				}
			}
			if err := j.Err(); !errors.Is(err, ErrReplaced) {
				t.Errorf("Err: %v", err)
			}
			if err := j.Close(); !errors.Is(err, ErrReplaced) {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, fileMode)
}

// After a fault of the disk the file is opened again, after growing pauses, and gets what
// the failed writes were to change.
func TestDiskFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		j := open(t, dir)
		state := []store.Change{set(store.RecordEntry, "a", "1"), set(store.ProviderEntry, "b", "2")}
		j.SetState(func() []store.Change { return state })
		mustWrite(t, j, append(state, set(store.RecordEntry, "expired", "3"))...)
		for range 2 {
			j.file.Close() // as if the disk had gone
			failed := tryWrite(j, deletion(store.RecordEntry, "expired"))
			if failed == nil || !strings.Contains(failed.Error(), j.Path()) {
				t.Errorf("%v does not name the file", failed)
			}
			busy := lockFile(t, j.Path())
			state = append(state, set(store.RecordEntry, "c", "4"))
			if err := tryWrite(j, state[len(state)-1]); !errors.Is(err, failed) {
				t.Errorf("a further write: %v, want %v", err, failed)
			}
			time.Sleep(20 * time.Second)
			if err := tryWrite(j, state[0]); err == nil || j.Failing() == nil || j.Err() != nil {
				t.Errorf("while the file cannot be opened: %v, failing %v, ended by %v", err, j.Failing(), j.Err())
			}
			busy.Close()
			time.Sleep(20 * time.Second) // it was tried after about 1, 3, 7, 15 s, and is after 31 s
			if err := j.Failing(); err != nil {
				t.Errorf("still failing: %v", err)
			}
			want := make(map[string]string)
			for _, c := range state {
				want[c.Kind.String()+" "+string(c.Key)] = string(c.Value)
			}
			wantContent(t, j, want)
			mustWrite(t, j, deletion(store.RecordEntry, "c"), set(store.TableEntry, "d", "5"))
			delete(want, "record c")
			want["table d"] = "5"
			wantContent(t, j, want)
			state = append(state[:2:2], set(store.TableEntry, "d", "5"))
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
		open(t, dir) // checks it
	})
}

// lockFile keeps the journal from opening its file.
func lockFile(t *testing.T, path string) *bbolt.DB {
	t.Helper()
	db, err := bbolt.Open(path, fileMode, &bbolt.Options{ReadOnly: true, Timeout: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Where the last transaction cannot be read when the file is opened again, the next try goes
// on from the one before the failure: the file is not said to be somebody else's.
func TestLastTransactionUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := open(t, t.TempDir())
		for range 3 {
			mustWrite(t, j, set(store.RecordEntry, "a", "1"))
		}
		j.file.Close() // as if the disk had gone
		if err := tryWrite(j, set(store.RecordEntry, "b", "2")); err == nil {
			t.Fatal("written")
		}
		if err := j.goOn(0, syscall.EIO); !errors.Is(err, syscall.EIO) || errors.Is(err, ErrReplaced) {
			t.Errorf("opened again: %v", err)
		}
		time.Sleep(2 * time.Second)
		if err := j.Failing(); err != nil {
			t.Errorf("still failing: %v", err)
		}
		mustWrite(t, j, set(store.RecordEntry, "b", "2"))
	})
}

// A page of the file that cannot be read when it is opened again ends neither the process
// nor the journal.
func TestFaultInLastTransaction(t *testing.T) {
	j := open(t, t.TempDir())
	mustWrite(t, j, set(store.RecordEntry, "a", "1"))
	whole, err := os.ReadFile(j.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(j.Path(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := j.lastTransaction(); !errors.Is(err, ErrCorrupt) || !errors.Is(err, syscall.EIO) || isFinal(err) {
		t.Errorf("the last transaction: %v", err)
	}
	j.release(true) // as fail does
	if err := os.WriteFile(j.Path(), whole, fileMode); err != nil {
		t.Fatal(err)
	}
}

// A file that was damaged while it could not be written ends the journal.
func TestDamagedDuringAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := open(t, t.TempDir())
		mustWrite(t, j, set(store.RecordEntry, "a", strings.Repeat("1", 100)))
		j.file.Close()
		if err := tryWrite(j, set(store.RecordEntry, "b", "2")); err == nil {
			t.Fatal("written")
		}
		data, err := os.ReadFile(j.Path())
		if err != nil {
			t.Fatal(err)
		}
		i := strings.Index(string(data), strings.Repeat("1", 100))
		for ; i >= 0; i = strings.Index(string(data), strings.Repeat("1", 100)) {
			data[i] = '2'
		}
		if err := os.WriteFile(j.Path(), data, fileMode); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if err := j.Err(); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), j.Path()) {
			t.Errorf("Err: %v", err)
		}
	})
}
