package transport

import (
	"os"
	"strings"
	"testing"
)

// docs/operations.md explains every reason for which a datagram is dropped, in the
// order of the reasons.
func TestReasonsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| reason | what it means |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")
	if len(rows) != len(reasonNames) {
		t.Fatalf("%d reasons documented of %d", len(rows), len(reasonNames))
	}
	for i, name := range reasonNames {
		if !strings.HasPrefix(rows[i], "| `"+name+"` | ") {
			t.Errorf("docs/operations.md has %q where %q should be", rows[i], name)
		}
	}
}
