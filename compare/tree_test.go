package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"testing"

	"kadmium/compare/report"
)

// A report names the revision, and whether anything but its own files has changed since.
func TestTree(t *testing.T) {
	dir := t.TempDir()
	within := filepath.Join(dir, "compare")
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("compare/go.mod", "module kadmium/compare\n")
	if got := ofGit(within); got != (report.Tree{}) {
		t.Errorf("outside of a repository: %+v", got)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "all"}} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Skipf("git %q: %v: %s (needs git)", args, err, out)
		}
	}
	clean := ofGit(within)
	if len(clean.Revision) < 40 || clean.Dirty {
		t.Errorf("just committed: %+v", clean)
	}
	write("docs/"+report.Name+".md", "a page")
	if got := ofGit(within); got != clean {
		t.Errorf("with a new page: %+v, want %+v", got, clean)
	}
	write("lookup/alpha.go", "package lookup\n")
	if got := ofGit(within); got.Revision != clean.Revision || !got.Dirty {
		t.Errorf("with a new file: %+v, want it dirty", got)
	}
	t.Chdir(within)
	if got := tree(); got.Revision != clean.Revision {
		t.Errorf("in the directory compare: %+v", got)
	}
	t.Chdir(dir)
	if got := tree(); got != (report.Tree{}) {
		t.Errorf("in a directory that is not compare's: %+v", got)
	}
	if got := stamped([]debug.BuildSetting{{Key: "vcs.revision", Value: "ab"}, {Key: "vcs.modified", Value: "true"}}); got != (report.Tree{Revision: "ab", Dirty: true}) {
		t.Errorf("stamped: %+v", got)
	}
}
