package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"kadmium/sim"
)

// A Program is what made a report.
type Program struct {
	SHA256   string `json:"sha256"` // of the executable
	Go       string `json:"go"`
	Revision string `json:"revision,omitempty"` // of its source, with a + if that was changed
}

// ThisProgram is the program that runs.
func ThisProgram() (Program, error) {
	path, err := os.Executable()
	if err != nil {
		return Program{}, fmt.Errorf("finding this program: %w", err)
	}
	sum, err := hashFile(path)
	if err != nil {
		return Program{}, fmt.Errorf("reading this program: %w", err)
	}
	p := Program{SHA256: sum, Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				p.Revision = s.Value + p.Revision
			case s.Key == "vcs.modified" && s.Value == "true":
				p.Revision += "+"
			}
		}
	}
	return p, nil
}

// hashFile is the SHA-256 of a file, in hex.
func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// inputs are the hashes of the files that runs read, by path.
func inputs(configs []sim.Config) (map[string]string, error) {
	all := make(map[string]string)
	for i := range configs {
		path, isFile := strings.CutPrefix(configs[i].Latency.String(), "file:")
		if _, known := all[path]; known || !isFile {
			continue
		}
		sum, err := hashFile(path)
		if err != nil {
			return nil, err
		}
		all[path] = sum
	}
	return all, nil
}

// idLength is the length of the ID of a run, in hex digits.
const idLength = 16

// id identifies a run: its configuration, the contents of its files and the program.
func id(c *sim.Config, files map[string]string, p *Program) string {
	text := canonical(c) + p.SHA256
	if path, isFile := strings.CutPrefix(c.Latency.String(), "file:"); isFile {
		text += files[path]
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:idLength]
}
