package sweep

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
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
	path := "/proc/self/exe" // also where its file was replaced since it began
	if runtime.GOOS != "linux" {
		var err error
		if path, err = os.Executable(); err != nil {
			return Program{}, fmt.Errorf("finding this program: %w", err)
		}
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
func inputs(configs []sim.Config) map[string]string {
	all := make(map[string]string)
	for i := range configs {
		if path, sum := configs[i].Latency.File(); path != "" {
			all[path] = sum
		}
	}
	return all
}

// idLength is the length of the ID of a run, in hex digits.
const idLength = 16

// id identifies a run: its configuration, the contents of its files and the program.
func id(c *sim.Config, p *Program) string {
	_, sum := c.Latency.File()
	return shortHash(canonical(c) + p.SHA256 + sum)
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:idLength]
}

// Changed says what is not as it was when a report in a directory of a sweep was made: the
// report itself, the program and the files that the run read. It knows nothing of a report that lies elsewhere.
func Changed(reportPath string) []string {
	changed := []string{}
	dir := filepath.Dir(filepath.Dir(reportPath))
	m, err := readManifest(dir)
	if err != nil {
		return changed
	}
	name := filepath.Base(reportPath)
	at := slices.IndexFunc(m.Runs, func(e Entry) bool { return e.Report == reportsDir+"/"+name })
	if at < 0 {
		return changed
	}
	if now, err := hashFile(reportPath); err == nil && now != m.Runs[at].SHA256 {
		changed = append(changed, fmt.Sprintf("it was changed since it was kept: its SHA-256 is another than in %s", ManifestFile))
	}
	if now, err := ThisProgram(); err == nil && now.SHA256 != m.Program.SHA256 {
		changed = append(changed, fmt.Sprintf("it was made by another program: %s, revision %s", m.Program.Go, cmp.Or(m.Program.Revision, "unknown")))
	}
	if path, isFile := strings.CutPrefix(m.Runs[at].Params["latency"], "file:"); isFile {
		if now, err := hashFile(path); err == nil && now != m.Inputs[path] {
			changed = append(changed, path+" was another when it was made")
		}
	}
	return changed
}
