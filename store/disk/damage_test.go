package disk

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"kadmium/store"
)

func wantCorrupt(t *testing.T, dir, what string) {
	t.Helper()
	j, err := Open(dir)
	if err == nil {
		j.Close()
	}
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), filepath.Join(dir, FileName)) {
		t.Errorf("%s: %v", what, err)
	}
}

// sound makes an intact journal of some pages, with branches and pages with overflow, and
// returns its bytes and its content.
func sound(t testing.TB) (data []byte, want map[string]string) {
	t.Helper()
	dir := t.TempDir()
	j := open(t, dir)
	want = make(map[string]string)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		var changes []store.Change
		for range 100 {
			key, value := fmt.Sprintf("key %03d", rnd.IntN(150)), strings.Repeat("v", rnd.IntN(300))
			changes = append(changes, set(store.RecordEntry, key, value))
			want["record "+key] = value
		}
		long := strings.Repeat("table", 2000)
		changes = append(changes, set(store.TableEntry, "contacts", long), set(store.SequenceEntry, "r/v/a", "12345678"))
		want["table contacts"], want["sequence r/v/a"] = long, "12345678"
		mustWrite(t, j, changes...)
	}
	j.Close()
	data, err := os.ReadFile(j.Path())
	if err != nil {
		t.Fatal(err)
	}
	return data, want
}

// used is the number of bytes of a journal file that hold something.
func used(t testing.TB, data []byte) int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, pages, err := checkMetas(f, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return int(pages) * pageSize
}

// Cut short anywhere, the file is refused by name; if only bytes that were never
// used are gone, nothing is lost.
func TestTruncated(t *testing.T) {
	data, want := sound(t)
	end := used(t, data)
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	sizes := []int{0, 1, 15, 16, 79, 80, pageSize - 1, pageSize, 2*pageSize - 1, 2 * pageSize, end - 1, end, len(data)}
	for size := 512; size < len(data); size += 1777 {
		sizes = append(sizes, size)
	}
	for _, size := range sizes {
		if err := os.WriteFile(path, data[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		if size < end {
			wantCorrupt(t, dir, fmt.Sprintf("%d of %d bytes", size, end))
			continue
		}
		j, err := Open(dir)
		if err != nil {
			t.Fatalf("%d of %d bytes: %v", size, end, err)
		}
		wantContent(t, j, want)
		j.Close()
	}
}

// With any bit flipped the file is refused by name, or still holds exactly what it
// should, and takes more.
func TestFlippedBits(t *testing.T) {
	data, want := sound(t)
	end := used(t, data)
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	try := func(at int, bit byte) (refused bool) {
		data[at] ^= bit
		defer func() { data[at] ^= bit }()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := Open(dir)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), path) {
				t.Errorf("byte %d, bit %#x: %v", at, bit, err)
			}
			return true
		}
		defer j.Close()
		got, err := load(j)
		if err != nil || len(got) != len(want) {
			t.Fatalf("byte %d, bit %#x: %d entries of %d, %v", at, bit, len(got), len(want), err)
		}
		for k, v := range want {
			if got[k] != v {
				t.Fatalf("byte %d, bit %#x: %s differs", at, bit, k)
			}
		}
		return false
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	refused, tries := 0, 0
	flip := func(at int) {
		tries++
		if try(at, 1<<rnd.IntN(8)) {
			refused++
		}
	}
	for page := 0; page < end; page += pageSize { // damage to headers and elements is the most harmful
		for at := page; at < page+160; at += 1 + rnd.IntN(12) {
			flip(at)
		}
	}
	for range 200 {
		flip(rnd.IntN(end))
	}
	t.Logf("%d of %d flips were refused, the others hit nothing in use", refused, tries)
	if refused < tries/4 {
		t.Errorf("only %d of %d flips were noticed", refused, tries)
	}
}

// Every byte that a check reads counts: of a journal of few pages each is flipped,
// and a file that passes is the same to bbolt too.
func TestEveryByteOfASmallFile(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	mustWrite(t, j, set(store.RecordEntry, "a", "1"), set(store.TableEntry, "b", "2"))
	want, err := load(j)
	if err != nil {
		t.Fatal(err)
	}
	j.Close()
	path := j.Path()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for at := range used(t, data) {
		if _, err := f.WriteAt([]byte{data[at] ^ 0x10}, int64(at)); err != nil {
			t.Fatal(err)
		}
		if err := checkFile(f); err == nil && at%16 == 0 { // opening takes longer than checking
			j, err := Open(dir)
			if err != nil {
				t.Fatalf("byte %d: %v", at, err)
			}
			wantContent(t, j, want)
			j.Close()
		}
		if _, err := f.WriteAt(data[at:at+1], int64(at)); err != nil {
			t.Fatal(err)
		}
	}
}

// bbolt would go on with the other meta page, and lose the last transaction.
func TestALostMetaPageIsNoticed(t *testing.T) {
	data, _ := sound(t)
	dir := t.TempDir()
	for i := range 2 {
		broken := append([]byte(nil), data...)
		clear(broken[i*pageSize : (i+1)*pageSize])
		if err := os.WriteFile(filepath.Join(dir, FileName), broken, 0o600); err != nil {
			t.Fatal(err)
		}
		wantCorrupt(t, dir, fmt.Sprintf("meta page %d", i))
	}
}

// Entries that disappear or reappear, each with a correct checksum, are noticed by the
// totals.
func TestTotalsNoticeWhatIsMissing(t *testing.T) {
	for what, change := range map[string]func(*bbolt.Tx) error{
		"an entry is gone": func(tx *bbolt.Tx) error { return tx.Bucket([]byte("record")).Delete([]byte("a")) },
		"an entry is back": func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("record")).Put([]byte("c"), addChecksum([]byte("record"), []byte("c"), nil))
		},
		"an old value is back": func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("record")).Put([]byte("a"), addChecksum([]byte("record"), []byte("a"), []byte("0")))
		},
		"a bucket is gone":     func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("table")) },
		"the totals are gone":  func(tx *bbolt.Tx) error { return tx.Bucket([]byte(metaBucket)).Delete([]byte(totalsKey)) },
		"the format is gone":   func(tx *bbolt.Tx) error { return tx.Bucket([]byte(metaBucket)).Delete([]byte(formatKey)) },
		"a bucket too many":    func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("x")); return err },
		"a bucket in a bucket": func(tx *bbolt.Tx) error { _, err := tx.Bucket([]byte("record")).CreateBucket([]byte("x")); return err },
	} {
		dir := t.TempDir()
		j := open(t, dir)
		mustWrite(t, j, set(store.RecordEntry, "a", "1"), set(store.RecordEntry, "b", "2"))
		if err := j.db.Update(change); err != nil {
			t.Fatal(err)
		}
		j.Close()
		wantCorrupt(t, dir, what)
	}
}

func TestAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	if err := j.db.Update(func(tx *bbolt.Tx) error { return putMeta(tx, formatKey, []byte{NotesFormat + 1}) }); err != nil {
		t.Fatal(err)
	}
	j.Close()
	if _, err := Open(dir); !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), j.Path()) {
		t.Errorf("%v", err)
	}
}

// A file of another program is refused, whatever it contains.
func TestAnotherProgramsFile(t *testing.T) {
	dir := t.TempDir()
	db, err := bbolt.Open(filepath.Join(dir, FileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	wantCorrupt(t, dir, "an empty bbolt file")
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(strings.Repeat("not a journal\n", 10000)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantCorrupt(t, dir, "a text file")
}

// A page that cannot be read after the file was checked is an error, and does not end the
// process.
func TestTruncatedWhileOpen(t *testing.T) {
	data, _ := sound(t)
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	j := open(t, dir)
	if err := os.Truncate(path, 2*pageSize); err != nil {
		t.Fatal(err)
	}
	if _, err := load(j); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), path) {
		t.Errorf("load: %v", err)
	}
	if err := tryWrite(j, set(store.RecordEntry, "key 001", "x")); !errors.Is(err, ErrCorrupt) {
		t.Errorf("write: %v", err)
	}
	if err := j.Close(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("close: %v", err)
	}
}

// Whatever bytes the file has, the check ends with a result.
func FuzzCheckFile(f *testing.F) {
	data, _ := sound(f)
	end := used(f, data)
	f.Add(uint32(0), []byte{1})
	f.Add(uint32(end/2), []byte("garbage"))
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		broken := append([]byte(nil), data[:end]...)
		copy(broken[int(at)%end:], patch)
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		_ = checkFile(file)
	})
}
