package kadmium_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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
