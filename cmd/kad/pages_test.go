package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A pageException is a command that is not run: how it begins, on one page or on any, and
// why.
type pageException struct{ page, begins, why string }

// checkedOnly are commands whose flags, arguments and files are checked, and no more.
var checkedOnly = []pageException{
	{"docs/measurements.md", "", "go run ./sim/measurements runs them, for an hour"},
	{"docs/rules.md", "for ", "networks of 10,000 to 100,000 nodes"},
	{"docs/rules.md", "kad sim --nodes 100000", "100,000 nodes join"},
	{"docs/rules.md", "kad sim --nodes 500", "20 runs in which nodes come and go"},
	{"kad sim --help", "kad sim --nodes 1000000", "a million nodes"},
	{"kad sim --help", "kad sim --nodes 1000,10000,100000", "100,000 nodes"},
	{"kad sim --help", "kad sim --alpha", "10,000 nodes"},
	{"kad sim --help", "kad sim --lookup", "10,000 nodes"},
	{"kad sim --help", "kad sim --workload day", "a day of 10,000 nodes takes ten minutes"},
	{"docs/measuring.md", "cat > plan.toml", "10,000 nodes"},
	{"docs/measuring.md", "kad sim --nodes 1000 ", "twenty runs of 1,000 nodes take seconds"},
	{"README.md", "go run ./cmd/kad demo --page", "serves until it is interrupted"},
	{"kad demo --help", "kad demo --page", "serves until it is interrupted"},
	{"kad view --help", "kad sim --nodes 1000 --json > a.json; kad view", "serves until it is interrupted"},
	{"kad bench --help", "kad bench", "a thousand lookups take seconds, and package bench's own tests run it"},
	{"", "kad node", "runs until it is interrupted"},
	{"docs/cluster.md", "kubectl ", "needs a cluster"},
	{"docs/cluster.md", "docker ", "deploy/check builds the image"},
	{"kad put --help", "kad put --cas", "there is no earlier sequence"},
}

// leftOut are commands of which nothing is checked.
var leftOut = []pageException{
	{"README.md", "kad ", "TestReadmeShowsTwoNodes runs them, and go run ./sim/measurements the simulation"},
	{"README.md", "git clone", "it does not say from where"},
	{"README.md", "go mod", "changes the module of the reader"},
	{"CONTRIBUTING.md", "git ls-files", "renames the module"},
	{"docs/rules.md", "go mod", "TestRuleOfAnotherModule of sim does it"},
	{"docs/rules.md", "cp ../kadmium", "TestRuleOfAnotherModule of sim does it"},
	{"docs/rules.md", "go build -mod=mod", "TestRuleOfAnotherModule of sim does it"},
	{"docs/rules.md", "./everysecond", "TestRuleOfAnotherModule of sim does it"},
	{"docs/cluster.md", "for pod in", "needs a cluster"},
	{"docs/cluster.md", "install ", "needs root"},
	{"docs/cluster.md", "echo KAD_BOOTSTRAP", "needs root"},
	{"docs/cluster.md", "systemctl ", "needs root"},
	{"docs/operations.md", "curl -H @header", "needs the token of a node; package api tests it"},
}

// before is what is typed before the commands of a page: what its reader has.
var before = map[string]string{
	"CONTRIBUTING.md":       "kad sim --nodes 100 --lookups 100 --json > after.json",
	"docs/api.md":           "echo hello > hello.txt",
	"docs/operations.md":    "echo hello > hello.txt",
	"docs/cluster.md":       "for i in 1 2; do kad bench --bootstrap 127.0.0.1:4100 --lookups 10 --seed $i --json > kad-bench-$i.json; done",
	"docs/measuring.md":     "for alpha in 3 5; do kad sim --nodes 100 --lookups 100 --alpha $alpha --seed 1..5 --out alpha$alpha; done",
	"kad bench --help":      "for i in a b c; do kad bench --bootstrap 127.0.0.1:4100 --lookups 10 --seed $((16#$i)) --json > $i.json; done",
	"kad completion --help": "mkdir -p ~/.config/fish/completions",
	"kad get --help":        "kad put /v/hello world",
	"kad key show --help":   "kad key new node.pem",
	"kad providers --help":  "kad provide /v/hello",
	"kad put --help":        "kad key new me.pem",
	"kad sim --help":        "for alpha in 3 10; do kad sim --nodes 100 --lookups 100 --alpha $alpha --seed 1..5 --out alpha$alpha; done",
	"kad unpublish --help":  "kad put /v/hello world",
}

// pagePrograms are what commands of pages may use besides kad, go, kubectl and docker.
var pagePrograms = []string{"bash", "sh", "basename", "cat", "cp", "curl", "date", "find", "mkdir"}

// A pageReader runs the commands of pages as somebody does who has two nodes running.
type pageReader struct {
	dir       string            // HOME
	programs  string            // PATH
	sources   string            // the root of the sources
	standsFor *strings.Replacer // what a reader puts in the place of what pages name
	network   sync.Mutex        // the nodes of one page at a time
}

// newPageReader makes the programs that pages find, and starts two nodes.
func newPageReader(t *testing.T) *pageReader {
	t.Helper()
	u := newUser(t)
	r := &pageReader{dir: u.dir, programs: filepath.Join(u.dir, "bin")}
	self, err := os.Executable()
	if err == nil {
		r.sources, err = filepath.Abs("../..")
	}
	if err == nil {
		err = os.Mkdir(r.programs, 0o700)
	}
	for _, tool := range []string{"kad", "go", "kubectl", "docker"} {
		script := fmt.Sprintf("#!/bin/sh\n%s=%s exec %s \"$@\"\n", pageTool, tool, self)
		err = cmp.Or(err, os.WriteFile(filepath.Join(r.programs, tool), []byte(script), 0o700))
	}
	for _, program := range pagePrograms {
		if path, lookErr := exec.LookPath(program); lookErr == nil {
			err = cmp.Or(err, os.Symlink(path, filepath.Join(r.programs, program)))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(u.dir, ".kad")
	one := u.node("--data", data, "--mode", "server", "--http", "0")
	other := u.node("--mode", "server", "--control", filepath.Join(u.dir, "other.sock"), "--bootstrap", one.address())
	address := regexp.MustCompile(`^/ip4/(.*)/udp/(.*)/p2p/.*`).ReplaceAllString(one.address(), "$1:$2")
	r.standsFor = strings.NewReplacer(
		"/var/lib/kad", data,
		"seed.example:4100", address, "127.0.0.1:4100", address, "kad:4100", address, "/ip4/127.0.0.1/udp/4100", one.address(),
		"12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS", other.ready.Peer.String(),
	)
	return r
}

// desk is a directory that has what the root of the sources has.
func (r *pageReader) desk(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(r.dir, "desk")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(r.sources)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := os.Symlink(filepath.Join(r.sources, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var (
	// outside is how commands write to files outside their directory and home.
	outside = regexp.MustCompile(`>>? *[/.]`)
	// script is a command that is a file of the sources.
	script = regexp.MustCompile(`^(\.ci/run|docs/model/check)\b`)
)

// types runs a command by the shell, or has it checked only.
func (r *pageReader) types(t *testing.T, dir, text string, run bool) {
	t.Helper()
	if name := script.FindString(text); name != "" { // takes long, whatever it is told
		if _, err := os.Stat(filepath.Join(r.sources, name)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		return
	}
	if outside.MatchString(text) {
		t.Errorf("%s: it writes outside its directory: leave it out", text)
		return
	}
	if program, _, _ := strings.Cut(text, " "); program == "curl" {
		if _, err := exec.LookPath(program); err != nil {
			t.Logf("%s: %v", text, err)
			return
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(r.programs, "bash"), "-euc", r.standsFor.Replace(text))
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + r.programs, "HOME=" + r.dir, "XDG_RUNTIME_DIR=" + r.dir, pageSources + "=" + r.sources, "GORACE=atexit_sleep_ms=0"}
	if run {
		cmd.Env = append(cmd.Env, pageRuns+"="+binary)
	}
	out, err := cmd.CombinedOutput()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Errorf("%s: %v\n%s", text, cmp.Or(ctx.Err(), err), out)
	}
}

// Every command that a page, a help text or a package's comment shows can be typed as it
// stands there. What takes long or needs what a test has not is checked only.
func TestPagesShowCommandsThatRun(t *testing.T) {
	withoutRaceDetector(t)
	r := newPageReader(t)
	pages := pagesOf(t)
	used := make(map[pageException]bool)
	listed := func(list []pageException, page, text string) bool {
		i := slices.IndexFunc(list, func(e pageException) bool {
			return (e.page == "" || e.page == page) && strings.HasPrefix(text, e.begins)
		})
		if i >= 0 {
			used[list[i]] = true
		}
		return i >= 0
	}
	type job struct {
		text string
		run  bool
	}
	all := make(map[string][]job)
	for page, commands := range pages {
		for _, c := range commands {
			switch {
			case listed(leftOut, page, c.text):
			case c.isMention():
				checkMention(t, c.text)
			default:
				j := job{c.text, !listed(checkedOnly, page, c.text) && !c.inText}
				if !slices.Contains(all[page], j) || j.run {
					all[page] = append(all[page], j)
				}
			}
		}
	}
	for _, l := range slices.Concat(checkedOnly, leftOut) {
		if !used[l] {
			t.Errorf("no page shows any more what is listed as %q (%s): take it off the list", l.begins, l.page)
		}
	}
	for page := range before {
		if all[page] == nil {
			t.Errorf("there is no page %s any more: take it off the list", page)
		}
	}
	for _, page := range slices.Sorted(maps.Keys(all)) {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			if !slices.ContainsFunc(all[page], func(j job) bool { return strings.Contains(j.text, "kad sim") }) {
				r.network.Lock() // what one page puts another unpublishes
				defer r.network.Unlock()
			}
			dir := r.desk(t)
			if module := filepath.Join(r.sources, filepath.Dir(page), "go.mod"); strings.HasSuffix(page, ".go") {
				if _, err := os.Stat(module); err == nil {
					dir = filepath.Dir(module)
				}
			}
			if text := before[page]; text != "" {
				r.types(t, dir, text, true)
			}
			for _, j := range all[page] {
				r.types(t, dir, j.text, j.run)
			}
		})
	}
}
