package check

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var dist = flag.String("dist", "", "the directory in which goreleaser made a release")

// targets are the systems that releases are made for.
var targets = []string{
	"darwin_amd64.tar.gz", "darwin_arm64.tar.gz", "freebsd_amd64.tar.gz", "freebsd_arm64.tar.gz",
	"linux_amd64.tar.gz", "linux_arm64.tar.gz", "windows_amd64.zip", "windows_arm64.zip",
}

// What goreleaser made has an archive for each system, with all that belongs to the program,
// and the checksum of each.
func TestRelease(t *testing.T) {
	if *dist == "" {
		t.Skip("no release: go run github.com/goreleaser/goreleaser/v2@v2.16.0 release --config deploy/goreleaser.yaml --snapshot --clean --skip=sbom, then go test . -dist ../../dist")
	}
	sums := checksums(t)
	for _, target := range targets {
		found, err := filepath.Glob(filepath.Join(*dist, "kad_*_"+target))
		if err != nil || len(found) != 1 {
			t.Errorf("%s: archives %q, %v", target, found, err)
			continue
		}
		content, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); sums[filepath.Base(found[0])] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: another checksum than that of checksums.txt", found[0])
		}
		program := "kad"
		if strings.HasPrefix(target, "windows") {
			program = "kad.exe"
		}
		names := contents(t, found[0])
		for _, want := range []string{
			program, "LICENSE", "README.md", "CHANGELOG.md", "docs/operations.md", "deploy/kad.service",
			"completions/kad.bash", "completions/_kad", "completions/kad.fish", "completions/kad.ps1",
			"man/kad.1", "man/kad-node.1",
		} {
			if !slices.Contains(names, want) {
				t.Errorf("%s lacks %s: it has %q", found[0], want, names)
			}
		}
	}
	if len(sums) < len(targets) {
		t.Errorf("checksums.txt has %d lines", len(sums))
	}
}

// checksums reads what checksums.txt says of each file.
func checksums(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(*dist, "checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	sums := make(map[string]string)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		sum, name, _ := strings.Cut(lines.Text(), "  ")
		sums[name] = sum
	}
	return sums
}

// contents are the names of the files in an archive.
func contents(t *testing.T, archive string) (names []string) {
	t.Helper()
	if strings.HasSuffix(archive, ".zip") {
		z, err := zip.OpenReader(archive)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = z.Close() }()
		for _, f := range z.File {
			names = append(names, f.Name)
		}
		return names
	}
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(plain); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
	}
}
