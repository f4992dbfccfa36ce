package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Each command has a page with its flags and examples.
func TestPages(t *testing.T) {
	help := exec.CommandContext(t.Context(), "go", "run", "./cmd/kad", "help", "--json")
	help.Dir = "../../.."
	out, err := help.Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "man")
	if err := write(dir, bytes.NewReader(out), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	for page, texts := range map[string][]string{
		"kad.1":         {"kad-node(1)", "A Kademlia DHT over UDP"},
		"kad-node.1":    {`\fBkad node`, "bootstrap", "KAD_LISTEN", "udp/4100", "SEE ALSO"},
		"kad-key-new.1": {`.TH "KAD-KEY-NEW" "1"`, `\fBkad key new`},
		"kad-put.1":     {"EXAMPLE", "--ttl"},
	} {
		b, err := os.ReadFile(filepath.Join(dir, page))
		if err != nil {
			t.Error(err)
			continue
		}
		plain := strings.ReplaceAll(string(b), `\-`, "-")
		for _, text := range texts {
			if !strings.Contains(plain, text) {
				t.Errorf("%s lacks %q:\n%s", page, text, b)
			}
		}
	}
}

func TestNoHelp(t *testing.T) {
	if err := write(t.TempDir(), strings.NewReader("kad: no such command"), time.Unix(0, 0)); err == nil {
		t.Error("pages of nothing")
	}
}
