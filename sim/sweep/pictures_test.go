package sweep

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kadmium/sim"
)

// The pictures of an earlier plan do not stay in a directory, and nobody else's file is
// removed: neither one that was never drawn, nor one that was changed since.
func TestPicturesOfAnEarlierPlan(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	put := func(names ...string) (files []string) {
		for _, name := range names {
			if err := os.WriteFile(path(name), []byte("drawn as "+name), 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, path(name))
		}
		return files
	}
	drawn := func(names ...string) {
		t.Helper()
		if err := Pictures(dir, put(names...)); err != nil {
			t.Fatal(err)
		}
	}
	check := func(noted []string, there ...string) {
		t.Helper()
		m, err := readManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(maps.Keys(m.Pictures)); !slices.Equal(got, noted) {
			t.Errorf("the manifest names %v, want %v", got, noted)
		}
		var got []string
		for _, pattern := range []string{"*.svg", "*.png"} {
			files, err := filepath.Glob(path(pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				got = append(got, filepath.Base(f))
			}
		}
		if slices.Sort(got); !slices.Equal(got, there) {
			t.Errorf("there are %v, want %v", got, there)
		}
	}
	if err := Pictures(dir, put("of-no-sweep.svg")); err != nil {
		t.Error(err)
	}
	execute(t, small(t)[:2], dir)
	put("mine.svg")
	drawn("hops.svg", "hops.png", "rpcs.svg")
	execute(t, small(t)[:2], dir) // as with another --plot
	drawn("latency.svg")
	check([]string{"hops.png", "hops.svg", "latency.svg", "rpcs.svg"}, "hops.png", "hops.svg", "latency.svg", "mine.svg", "of-no-sweep.svg", "rpcs.svg")
	if err := os.WriteFile(path("rpcs.svg"), []byte("changed by hand"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path("latency.svg")); err != nil {
		t.Fatal(err)
	}
	execute(t, small(t)[2:4], dir) // another plan
	check(nil, "mine.svg", "of-no-sweep.svg", "rpcs.svg")
	drawn("hops.svg")
	check([]string{"hops.svg"}, "hops.svg", "mine.svg", "of-no-sweep.svg", "rpcs.svg")
	c := sim.Defaults()
	c.Nodes, c.Lookups = 60, 20
	single(t, dir, c, false, nothing)
	check(nil, "mine.svg", "of-no-sweep.svg", "rpcs.svg")
}

// A manifest that names other files than pictures of its directory is refused: nobody has
// them removed by sending one.
func TestManifestNamesPicturesOnly(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"../hops.svg", "notes.txt", "/hops.svg", "reports/hops.svg", ""} {
		if err := os.WriteFile(filepath.Join(dir, ManifestFile), []byte(`{"version":2,"pictures":{"`+name+`":"00"}}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readManifest(dir); !errors.Is(err, ErrNotSweep) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
