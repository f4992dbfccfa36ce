package disk

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"kadmium/identity"
	"kadmium/store"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == writerArgument {
		writeUntilKilled(os.Args[2])
		return
	}
	if len(os.Args) == 3 && os.Args[1] == swapperArgument {
		swapUntilKilled(os.Args[2])
		return
	}
	if len(os.Args) == 3 && os.Args[1] == openerArgument {
		_, err := Open(os.Args[2])
		fmt.Print(err)
		if errors.Is(err, ErrUnwritable) {
			os.Exit(3)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, dir string) *Journal {
	t.Helper()
	j, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// mustWrite waits until the changes are on disk.
func mustWrite(t testing.TB, j *Journal, changes ...store.Change) {
	t.Helper()
	if err := tryWrite(j, changes...); err != nil {
		t.Fatal(err)
	}
}

func tryWrite(j *Journal, changes ...store.Change) error {
	done := make(chan error, 1)
	j.Write(changes, func(err error) { done <- err })
	return <-done
}

func set(kind store.EntryKind, key, value string) store.Change {
	return store.Change{Kind: kind, Key: []byte(key), Value: []byte(value)}
}

func deletion(kind store.EntryKind, key string) store.Change {
	return store.Change{Kind: kind, Key: []byte(key)}
}

// load is all that the journal holds, by kind and key.
func load(j *Journal) (map[string]string, error) {
	got := make(map[string]string)
	err := j.Load(func(c store.Change) error {
		got[c.Kind.String()+" "+string(c.Key)] = string(c.Value)
		return nil
	})
	return got, err
}

func wantContent(t testing.TB, j *Journal, want map[string]string) {
	t.Helper()
	got, err := load(j)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d entries, want %d", len(got), len(want))
	}
	for k, v := range want {
		if got[k] != v {
			t.Fatalf("%s: %.40q, want %.40q", k, got[k], v)
		}
	}
}

func TestWriteCloseOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on the way")
	j := open(t, dir)
	wantContent(t, j, nil)
	mustWrite(t, j, set(store.RecordEntry, "a", "1"), set(store.RecordEntry, "b", "2"), set(store.TableEntry, "a", ""))
	mustWrite(t, j, set(store.RecordEntry, "a", "3"), deletion(store.RecordEntry, "b"), deletion(store.RecordEntry, "never"))
	mustWrite(t, j)
	want := map[string]string{"record a": "3", "table a": ""}
	wantContent(t, j, want)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	j.Write([]store.Change{set(store.RecordEntry, "late", "x")}, func(error) { t.Error("called after Close") })
	wantContent(t, open(t, dir), want)
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 1 || names[0] != j.Path() {
		t.Errorf("in the directory: %v", names)
	}
	for path, want := range map[string]os.FileMode{dir: dirMode, j.Path(): fileMode} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// What is written is loaded in order, and an error of the function ends the loading.
func TestLoadIsOrderedAndStops(t *testing.T) {
	j := open(t, t.TempDir())
	mustWrite(t, j, set(store.TableEntry, "a", "1"), set(store.RecordEntry, "b", "2"), set(store.RecordEntry, "a", "3"))
	var got []string
	stop := errors.New("stop")
	err := j.Load(func(c store.Change) error {
		got = append(got, string(c.Value))
		if len(got) == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || strings.Join(got, "") != "32" {
		t.Errorf("%v, %v", got, err)
	}
}

// The writes of many goroutines share few transactions; each goroutine is told when its own
// write is on disk.
func TestGroupCommit(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	first := transaction(t, j)
	var wg sync.WaitGroup
	want := make(map[string]string)
	for i := range 500 {
		key := fmt.Sprintf("key %03d", i)
		want["record "+key] = key
		wg.Add(1)
		j.Write([]store.Change{set(store.RecordEntry, key, key)}, func(err error) {
			if err != nil {
				t.Error(err)
			}
			wg.Done()
		})
	}
	wg.Wait()
	if n := transaction(t, j) - first; n > 250 {
		t.Errorf("%d transactions for 500 writes", n)
	}
	wantContent(t, j, want)
}

func transaction(t *testing.T, j *Journal) int {
	t.Helper()
	var id int
	if err := j.db.View(func(tx *bbolt.Tx) error { id = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return id
}

// Close writes what is waiting, and callbacks come in order.
func TestCloseFlushes(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	var order []int
	for i := range 100 {
		j.Write([]store.Change{set(store.RecordEntry, fmt.Sprint(i), "x")}, func(err error) { order = append(order, i) })
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if i >= len(order) || order[i] != i {
			t.Fatalf("callbacks in order %v", order)
		}
	}
	got, err := load(open(t, dir))
	if len(got) != 100 || err != nil {
		t.Errorf("%d of 100 entries, %v", len(got), err)
	}
}

// Writes over the limit are refused, and not kept in memory.
func TestTooMuchWaiting(t *testing.T) {
	j := open(t, t.TempDir())
	release := make(chan struct{})
	j.Write(nil, func(error) { <-release }) // holds the goroutine up
	big := make([]store.Change, MaxWaiting)
	for i := range big {
		big[i] = deletion(store.RecordEntry, "never")
	}
	results := make(chan error, 3)
	for _, changes := range [][]store.Change{{big[0]}, big, {big[0]}} {
		j.Write(changes, func(err error) { results <- err })
	}
	close(release)
	for i, busy := range []bool{false, true, false} {
		if err := <-results; errors.Is(err, ErrBusy) != busy {
			t.Errorf("write %d: %v", i, err)
		}
	}
}

// A change of an unknown kind of entry is a bug; no part of its batch is written.
func TestAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	if err := tryWrite(j, set(store.RecordEntry, "a", "1"), set(store.EntryKind(99), "b", "2")); err == nil {
		t.Fatal("written")
	}
	j.Close()
	wantContent(t, open(t, dir), nil)
}

// What is in the file is what the totals say, after any sequence of changes.
func TestTotalsFollow(t *testing.T) {
	dir := t.TempDir()
	for round := range 5 {
		j := open(t, dir) // checks them
		for i := range 25 {
			mustWrite(t, j, set(store.RecordEntry, fmt.Sprint(i%(20+round)), strings.Repeat("v", i*17)),
				deletion(store.RecordEntry, fmt.Sprint((i*7)%30)), set(store.ProviderEntry, fmt.Sprint(i), "p"))
		}
		j.Close()
	}
}

func TestChecksum(t *testing.T) {
	stored := addChecksum([]byte("record"), []byte("ab"), []byte("c"))
	if v, err := checkChecksum([]byte("record"), []byte("ab"), stored); err != nil || !bytes.Equal(v, []byte("c")) {
		t.Errorf("%q, %v", v, err)
	}
	for _, c := range []struct{ bucket, key, value string }{{"record", "a", "bc"}, {"recor", "dab", "c"}, {"record", "ab", "d"}, {"record", "ab", ""}} {
		moved := append(bytes.Clone(stored[:checksumSize]), c.value...)
		if _, err := checkChecksum([]byte(c.bucket), []byte(c.key), moved); !errors.Is(err, errChecksum) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if _, err := checkChecksum([]byte("record"), []byte("ab"), nil); !errors.Is(err, errChecksum) {
		t.Error(err)
	}
}

// Files of earlier versions have no owner: they open, and get one.
func TestOwner(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	mustWrite(t, j, set(store.RecordEntry, "a", "1"))
	if o, err := j.Owner(); err != nil || o != (Owner{}) {
		t.Errorf("without an owner: %+v, %v", o, err)
	}
	want := Owner{Network: "net", Identity: identity.ID{1, 2, 3}}
	if err := j.SetOwner(want); err != nil {
		t.Fatal(err)
	}
	j.Close()
	j = open(t, dir)
	defer j.Close()
	if o, err := j.Owner(); err != nil || o != want {
		t.Errorf("read back %+v, %v", o, err)
	}
	if held, err := load(j); err != nil || len(held) != 1 {
		t.Errorf("entries: %v, %v", held, err)
	}
}
