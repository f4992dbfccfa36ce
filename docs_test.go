package kadmium_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kadmium"
	"kadmium/engine"
	"kadmium/transport"
)

var ruleNumber = regexp.MustCompile(`\bR([1-9])\.([0-9]+)\b`)

// The rules of docs/design.md are numbered from 1 in each section, without a gap, so
// that a rule can be appended but none can be taken out or moved.
func TestDesignNumbersItsRules(t *testing.T) {
	want := 1
	section := ""
	for _, line := range strings.Split(readDoc(t, "docs/design.md"), "\n") {
		if number, ok := strings.CutPrefix(line, "## "); ok {
			section, _, _ = strings.Cut(number, ".")
			want = 1
		}
		if !strings.HasPrefix(line, "- **R") {
			continue
		}
		if !strings.HasPrefix(line, fmt.Sprintf("- **R%s.%d** ", section, want)) {
			t.Fatalf("docs/design.md has %q where rule R%s.%d should be", line, section, want)
		}
		want++
	}
}

// Every rule that a comment or a document cites exists.
func TestCitedRulesExist(t *testing.T) {
	exists := make(map[string]bool)
	for _, line := range strings.Split(readDoc(t, "docs/design.md"), "\n") {
		if strings.HasPrefix(line, "- **R") {
			exists[ruleNumber.FindString(line)] = true
		}
	}
	if len(exists) == 0 {
		t.Fatal("docs/design.md has no numbered rules")
	}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != ".":
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go" && filepath.Ext(path) != ".md":
			return nil
		}
		for i, line := range strings.Split(readDoc(t, path), "\n") {
			for _, rule := range ruleNumber.FindAllString(line, -1) {
				if !exists[rule] {
					t.Errorf("%s:%d cites %s, which docs/design.md does not have", path, i+1, rule)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readDoc(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// docs/operations.md names every figure of kad stats, and in its tables none that is
// not there.
func TestOperationsNamesEveryFigure(t *testing.T) {
	node, err := kadmium.New(kadmium.Config{Listen: []string{"/ip4/127.0.0.1/udp/0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	stats := node.Stats()
	wire := make(map[string]bool)
	for field := range reflect.TypeFor[transport.Stats]().Fields() {
		wire[field.Tag.Get("json")] = true
	}
	page := readDoc(t, "docs/operations.md")
	documents(t, page, "## Gauges", stats.Gauges)
	documents(t, page, "## Counters", stats.Counters)
	documents(t, page, "## Figures of the transport", wire)
}

// documents compares the first table of a section with the names that it should have.
func documents[V any](t *testing.T, page, title string, names map[string]V) {
	t.Helper()
	_, section, found := strings.Cut(page, title+"\n")
	if !found {
		t.Fatalf("no section %q", title)
	}
	_, table, _ := strings.Cut(section, "|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	documented := make(map[string]bool)
	for _, row := range strings.Split(table, "\n") {
		first, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
		for i, name := range strings.Split(first, "`") {
			if i%2 == 1 {
				documented[name] = true
			}
		}
	}
	for name := range names {
		if !documented[name] {
			t.Errorf("%s: %s is missing", title, name)
		}
	}
	for name := range documented {
		if _, ok := names[name]; !ok {
			t.Errorf("%s: there is no %s", title, name)
		}
	}
}

// Every file that docs/design.md names as the place of a rule exists.
func TestDesignNamesFiles(t *testing.T) {
	name := regexp.MustCompile("`([^`]+)`")
	_, table, found := strings.Cut(readDoc(t, "docs/design.md"), "| rule | file |\n|---|---|\n")
	if !found {
		t.Fatal("docs/design.md has no table of files")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range strings.Split(table, "\n") {
		cells := strings.Split(row, " | ")
		names := name.FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(names) < 2 || !strings.HasSuffix(names[0][1], "/") {
			t.Errorf("want a directory and its files: %s", row)
			continue
		}
		for _, file := range names[1:] {
			if _, err := os.Stat(filepath.Join(names[0][1], file[1])); err != nil {
				t.Errorf("docs/design.md: %v", err)
			}
		}
	}
}

// Every file that CONTRIBUTING.md names exists, and so does every file that a decision
// names with its directory.
func TestNamedFilesExist(t *testing.T) {
	pages, err := filepath.Glob("docs/decisions/*.md")
	if err != nil {
		t.Fatal(err)
	}
	file := regexp.MustCompile("`([a-z0-9_./-]+\\.(?:go|proto|txt)|[A-Za-z_/-]+\\.md)`")
	for _, page := range append(pages, "CONTRIBUTING.md") {
		for _, name := range file.FindAllStringSubmatch(readDoc(t, page), -1) {
			if page != "CONTRIBUTING.md" && !strings.Contains(name[1], "/") {
				continue // of another project
			}
			if _, err := os.Stat(name[1]); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// docs/design.md has the tasks of a node (R7.1), in the order of the schedule.
func TestDesignNamesTasks(t *testing.T) {
	node, err := kadmium.New(kadmium.Config{Listen: []string{"/ip4/127.0.0.1/udp/0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	_, table, _ := strings.Cut(readDoc(t, "docs/design.md"), "| task | what it does |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var documented, tasks []string
	for _, row := range strings.Split(table, "\n") {
		task, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
		documented = append(documented, task)
	}
	for _, task := range node.Stats().Tasks {
		tasks = append(tasks, task.Name)
	}
	if !slices.Equal(documented, tasks) {
		t.Errorf("docs/design.md has tasks %q, want %q", documented, tasks)
	}
}

// A link of a document to a file of the repository leads to one.
func TestLinksOfDocumentsLead(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#: ]+)(?:#[^)]*)?\)`)
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		pages, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			for _, found := range link.FindAllStringSubmatch(readDoc(t, page), -1) {
				if _, err := os.Stat(filepath.Join(filepath.Dir(page), found[1])); err != nil {
					t.Errorf("%s links to %s: %v", page, found[1], err)
				}
			}
		}
	}
}

// A page of docs/decisions has at most 40 lines and is in the index.
func TestDecisionsAreShortAndListed(t *testing.T) {
	pages, err := filepath.Glob("docs/decisions/[0-9]*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no decisions: %v", err)
	}
	index := readDoc(t, "docs/decisions/README.md")
	for _, page := range pages {
		if n := strings.Count(readDoc(t, page), "\n"); n > 40 {
			t.Errorf("%s has %d lines, more than 40", page, n)
		}
		if !strings.Contains(index, "]("+filepath.Base(page)+")") {
			t.Errorf("docs/decisions/README.md does not list %s", page)
		}
	}
}

// The documentation of Event lists the kinds of events that the engine has.
func TestEventKindsAreDocumented(t *testing.T) {
	_, comment, _ := strings.Cut(readDoc(t, "results.go"), "// An Event is")
	comment, _, _ = strings.Cut(comment, "\ntype ")
	comment = strings.Join(strings.Fields(strings.ReplaceAll(comment, "//", "")), " ")
	kinds := 0
	for k := engine.PeerAdded; k.String() != "unknown"; k++ {
		kinds++
		if !strings.Contains(comment, k.String()) {
			t.Errorf("the documentation of Event does not list %q", k)
		}
	}
	if kinds < 7 {
		t.Errorf("only %d kinds of events", kinds)
	}
}
