package main

import (
	"os"
	"os/exec"
	"runtime/debug"
	"strings"

	"kadmium/compare/report"
)

// tree is the tree that is measured: the one that this program was built from. go run leaves
// it out of the program, so that git is asked in the directory of this module.
func tree() report.Tree {
	if info, ok := debug.ReadBuildInfo(); ok {
		if t := stamped(info.Settings); t.Revision != "" {
			return t
		}
	}
	text, err := os.ReadFile("go.mod")
	if err != nil || !strings.HasPrefix(string(text), "module kadmium/compare\n") {
		return report.Tree{} // elsewhere, perhaps in another repository
	}
	return ofGit(".")
}

// stamped is the tree that the go command noted in a program.
func stamped(settings []debug.BuildSetting) (t report.Tree) {
	for _, s := range settings {
		switch s.Key {
		case "vcs.revision":
			t.Revision = s.Value
		case "vcs.modified":
			t.Dirty = s.Value == "true"
		}
	}
	return t
}

// ofGit is the tree that a directory is in; zero if git does not say. The files that this
// program writes itself do not count: no figure depends on them.
func ofGit(dir string) report.Tree {
	git := func(args ...string) (string, error) {
		out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	revision, err := git("rev-parse", "HEAD")
	if err != nil {
		return report.Tree{}
	}
	changed, err := git("status", "--porcelain", "--", ":/", ":(top,exclude)docs/"+report.Name+"*")
	return report.Tree{Revision: revision, Dirty: err != nil || changed != ""}
}
