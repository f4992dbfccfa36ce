package kadmium

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kadmium/identity"
	"kadmium/store"
	"kadmium/store/disk"
)

func TestDataDirKeepsIdentityAndRecords(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "for", "it")
	first := start(t, Config{DataDir: dir})
	id := first.ID()
	stored, err := first.Put(t.Context(), "/v/kept", []byte("value"), PutOptions{})
	if err != nil || stored.Holders != 1 {
		t.Fatalf("Put: %+v, %v", stored, err)
	}
	if _, err := first.Provide(t.Context(), "song"); err != nil {
		t.Fatalf("Provide: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	again := start(t, Config{DataDir: dir})
	if again.ID() != id {
		t.Errorf("identity: %v, want %v", again.ID(), id)
	}
	got, err := again.Get(t.Context(), "/v/kept", GetOptions{})
	if err != nil || string(got.Value) != "value" || got.From != id {
		t.Errorf("Get: %+v, %v", got, err)
	}
	if stats := again.Stats(); stats.Published != 2 || stats.Providers != 1 {
		t.Errorf("%d published, %d providers; want 2 and 1", stats.Published, stats.Providers)
	}
	// The sequence goes on where it was.
	if stored, err = again.Put(t.Context(), "/v/kept", []byte("newer"), PutOptions{}); err != nil || stored.Sequence != 2 {
		t.Errorf("Put again: %+v, %v", stored, err)
	}
}

// refused checks that the data directory is refused with an error that has all texts.
func refused(t *testing.T, cfg Config, want error, texts ...string) {
	t.Helper()
	n, err := New(cfg)
	if err == nil {
		n.Close()
	}
	if !errors.Is(err, want) {
		t.Fatalf("New: %v, want %v", err, want)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error lacks %q: %v", text, err)
		}
	}
}

// A data directory belongs to one network: another neither serves its records nor
// loses its table.
func TestDataDirOfAnotherNetwork(t *testing.T) {
	dir := t.TempDir()
	seed := start(t, Config{Network: "first"})
	first := start(t, Config{DataDir: dir, Network: "first"}, seed)
	if _, err := first.Put(t.Context(), "/v/kept", []byte("value"), PutOptions{}); err != nil {
		t.Fatal(err)
	}
	first.Close()
	refused(t, Config{DataDir: dir, Network: "second"}, ErrOtherNetwork, filepath.Join(dir, disk.FileName), `"first"`, `"second"`)
	again := start(t, Config{DataDir: dir, Network: "first"})
	if !knows(again, seed.ID()) {
		t.Error("the table is lost")
	}
	if got, err := again.Get(t.Context(), "/v/kept", GetOptions{}); err != nil || string(got.Value) != "value" {
		t.Errorf("Get: %+v, %v", got, err)
	}
}

// A data directory belongs to one identity: any one flipped bit of the key file, its
// loss, or another key is an error, or changes nothing.
func TestDataDirOfAnotherIdentity(t *testing.T) {
	dir := t.TempDir()
	journal, keyFile := filepath.Join(dir, disk.FileName), filepath.Join(dir, KeyFile)
	owner := start(t, Config{DataDir: dir})
	id := owner.ID()
	owner.Close()
	pem, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		if err := os.WriteFile(keyFile, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	others := 0
	for i := range pem {
		flipped := bytes.Clone(pem)
		flipped[i] ^= 1 << (i % 7)
		write(flipped)
		n, err := New(Config{DataDir: dir, Listen: []string{"127.0.0.1:0"}})
		switch {
		case err == nil:
			if n.ID() != id {
				t.Errorf("byte %d flipped: silently another node", i)
			}
			n.Close()
		case errors.Is(err, ErrOtherIdentity):
			others++
			if text := err.Error(); !strings.Contains(text, keyFile) || !strings.Contains(text, journal) || !strings.Contains(text, id.String()) {
				t.Errorf("byte %d flipped: %v", i, err)
			}
		case !errors.Is(err, identity.ErrBadKeyFile):
			t.Errorf("byte %d flipped: %v", i, err)
		}
	}
	if others == 0 {
		t.Error("no flip made another key")
	}
	write(nil) // as a crash would leave it, but this directory had a key
	refused(t, Config{DataDir: dir}, ErrOtherIdentity, journal, keyFile, id.String())
	os.Remove(keyFile)
	refused(t, Config{DataDir: dir}, ErrOtherIdentity, journal, keyFile, id.String())
	key := identity.KeyFromSeed([32]byte{1})
	refused(t, Config{DataDir: dir, Key: key}, ErrOtherIdentity, journal, id.String(), key.ID().String())
	write(pem)
	if again := start(t, Config{DataDir: dir}); again.ID() != id {
		t.Errorf("with its key again: %v", again.ID())
	}
}

// A key of the Config's own is used, and not written down; the directory is its.
func TestDataDirWithKeyGiven(t *testing.T) {
	dir, key := t.TempDir(), identity.KeyFromSeed([32]byte{1})
	for range 2 {
		n := start(t, Config{DataDir: dir, Key: key})
		if n.ID() != key.ID() {
			t.Errorf("with a key in the Config: %v", n.ID())
		}
		n.Close()
	}
	refused(t, Config{DataDir: dir}, ErrOtherIdentity, disk.FileName, key.ID().String())
	if _, err := os.Stat(filepath.Join(dir, KeyFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the key file: %v", err)
	}
}

// In a directory that is nobody's yet, what a crash left of a key is replaced.
func TestDataDirWithEmptyKeyFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, KeyFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n := start(t, Config{DataDir: dir})
	if kept, err := identity.LoadKey(filepath.Join(dir, KeyFile)); err != nil || kept.ID() != n.ID() {
		t.Errorf("the key file: %v, %v", kept, err)
	}
}

func TestDataDirTableIsTheWayBack(t *testing.T) {
	dir := t.TempDir()
	seed := start(t, Config{})
	first := start(t, Config{DataDir: dir}, seed)
	if !knows(first, seed.ID()) {
		t.Fatal("not joined")
	}
	first.Close()
	again := start(t, Config{DataDir: dir})
	if !knows(again, seed.ID()) {
		t.Error("after a restart without bootstrap the peer of before is not known")
	}
}

// The other process is this test binary, which finds KADMIUM_TEST_DATA set.
func TestSecondProcessIsRefused(t *testing.T) {
	if dir := os.Getenv("KADMIUM_TEST_DATA"); dir != "" {
		n, err := New(Config{DataDir: dir, Listen: []string{"127.0.0.1:0"}})
		if err == nil {
			n.Close()
		}
		fmt.Printf("in use: %v, named: %v\n", errors.Is(err, ErrInUse), strings.Contains(fmt.Sprint(err), dir))
		return
	}
	dir := t.TempDir()
	start(t, Config{DataDir: dir})
	if _, err := New(Config{DataDir: dir}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("in one process: %v", err)
	}
	other := exec.Command(os.Args[0], "-test.run=^TestSecondProcessIsRefused$", "-test.v")
	other.Env = append(os.Environ(), "KADMIUM_TEST_DATA="+dir)
	out, err := other.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("in use: true, named: true")) {
		t.Errorf("the other process: %v\n%s", err, out)
	}
}

func TestDamagedDataDirIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		file   string
		damage func(path string) error
		want   error
	}{
		"truncated journal": {disk.FileName, func(p string) error { return os.Truncate(p, 4096) }, ErrCorrupt},
		"journal of text":   {disk.FileName, func(p string) error { return os.WriteFile(p, []byte("text"), 0o600) }, ErrCorrupt},
		"entries of another version": {disk.FileName, func(p string) error {
			j, err := disk.Open(filepath.Dir(p))
			if err != nil {
				return err
			}
			j.Write([]store.Change{{Kind: store.TableEntry, Key: []byte("contacts"), Value: []byte{9}}}, nil)
			return j.Close()
		}, ErrVersion},
		"key of text": {KeyFile, func(p string) error { return os.WriteFile(p, []byte("text"), 0o600) }, identity.ErrBadKeyFile},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			start(t, Config{DataDir: dir}).Close()
			path := filepath.Join(dir, c.file)
			if err := c.damage(path); err != nil {
				t.Fatal(err)
			}
			for range 2 { // a refusal leaves nothing open
				if _, err := New(Config{DataDir: dir}); !errors.Is(err, c.want) || !strings.Contains(err.Error(), path) {
					t.Errorf("New: %v, want %v with %s", err, c.want, path)
				}
			}
		})
	}
}

func TestDataDirThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{DataDir: filepath.Join(file, "dir")}); !errors.Is(err, ErrUnwritable) {
		t.Errorf("New: %v", err)
	}
}

// Without a data directory nothing touches the disk: with every directory a
// program might choose by itself empty, they stay empty.
func TestNoDataDirTouchesNoDisk(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"HOME", "TMPDIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"} {
		t.Setenv(name, dir)
	}
	one := start(t, Config{})
	two := start(t, Config{}, one)
	if _, err := two.Put(t.Context(), "/v/k", []byte("v"), PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Get(t.Context(), "/v/k", GetOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, f := range openFiles(t) {
		if strings.HasPrefix(f, dir) {
			t.Errorf("open: %s", f)
		}
	}
	two.Close()
	one.Close()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if path != dir {
			t.Errorf("made: %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// openFiles are the files this process has open, where the system tells.
func openFiles(t *testing.T) []string {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil
	}
	var files []string
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil {
			files = append(files, target)
		}
	}
	return files
}
