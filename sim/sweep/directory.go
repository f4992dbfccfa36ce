package sweep

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"kadmium/sim"
	"kadmium/sim/report"
)

// What is wrong with a directory. The errors say what it is.
var (
	ErrNotSweep = errors.New("no directory of a sweep")
	ErrChanged  = errors.New("not the report that was kept")
)

// The files of a directory.
const (
	ManifestFile = "manifest.json"
	ResultsFile  = "results.csv"
	reportsDir   = "reports"
	version      = 2
)

// A Manifest says what the runs of a directory are.
type Manifest struct {
	Version int               `json:"version"`
	Program Program           `json:"program"`
	Inputs  map[string]string `json:"inputs"`            // SHA-256 of the files that runs read, by path
	Columns []string          `json:"columns,omitempty"` // the settings of a measurement, in their order; of simulations those of sim.Config
	Varied  []string          `json:"varied"`            // the settings that differ between runs
	Planned int               `json:"planned"`           // runs of the plan
	Missing []Missing         `json:"missing"`           // those of them that have not ended
	Runs    []Entry           `json:"runs"`              // those that have
	Others  map[string]string `json:"others,omitempty"`  // SHA-256 of the reports of other plans, and of missing runs that were kept without their lookups, by the ID of their run

	Pictures map[string]string `json:"pictures,omitempty"` // SHA-256 of what was drawn of the runs, by the name of its file
}

// An Entry is a run in a Manifest.
type Entry struct {
	ID          string            `json:"id"`
	Params      map[string]string `json:"params"` // all settings, by the names of their flags
	Report      string            `json:"report"` // its file
	SHA256      string            `json:"sha256"` // of its report
	WallSeconds float64           `json:"wall_seconds"`
}

// A Missing is a run in a Manifest that has not ended.
type Missing struct {
	ID     string            `json:"id"`
	Params map[string]string `json:"params"`
}

// A Run is one run of a sweep, with its report.
type Run struct {
	ID     string
	Params map[string]string
	Report *report.Report
}

// Results are the runs of a sweep, in the order of its plan.
type Results struct {
	Varied  []string // the settings that differ between runs
	Runs    []Run    // those that have ended
	Missing []Run    // those that have not, without a report
	Kept    bool     // in a directory
	Again   int      // runs that the directory had without the lookups that were wanted
	Changed int      // runs whose reports there were not those that it kept
	Rows    int      // lookups in LookupsFile

	columns []string // as in Manifest
}

// A grid is all runs of a plan; those that have not ended have no report.
type grid struct {
	runs    []Run
	varied  []string
	columns []string
}

// results are those of the runs that have ended.
func (g *grid) results() *Results {
	r := &Results{Varied: g.varied, columns: g.columns}
	for _, run := range g.runs {
		if run.Report == nil {
			r.Missing = append(r.Missing, run)
		} else {
			r.Runs = append(r.Runs, run)
		}
	}
	return r
}

func params(c *sim.Config) map[string]string { return byName(c.Settings()) }

func byName(settings []sim.Setting) map[string]string {
	all := make(map[string]string)
	for _, s := range settings {
		all[s.Name] = s.Value
	}
	return all
}

// varied are the settings that differ between runs, in their order.
func varied(configs []sim.Config) []string {
	all := make([][]sim.Setting, len(configs))
	for i := range configs {
		all[i] = configs[i].Settings()
	}
	return variedOf(all)
}

func variedOf(runs [][]sim.Setting) []string {
	differ := []string{}
	for i, first := range runs[0] {
		for j := range runs {
			if runs[j][i].Value != first.Value {
				differ = append(differ, first.Name)
				break
			}
		}
	}
	return differ
}

func reportFile(id string) string { return reportsDir + "/" + id + ".json" }

// writeFile replaces a file of a directory whole, or leaves it.
func writeFile(dir, name string, content []byte) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	temporary := path + ".new"
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// errNoManifest is an ErrNotSweep.
var errNoManifest = fmt.Errorf("%w", ErrNotSweep)

// maxManifest bounds a manifest, in bytes.
const maxManifest = 256 << 20

// readManifest reads the manifest of a directory. Its error is ErrNotSweep, or that of
// reading the file.
func readManifest(dir string) (*Manifest, error) {
	path := filepath.Join(dir, ManifestFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s: it has no %s", errNoManifest, dir, ManifestFile)
	} else if err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, notSweep(dir, "%s is no regular file", ManifestFile)
	} else if info.Size() > maxManifest {
		return nil, notSweep(dir, "%s is larger than %d MiB", ManifestFile, maxManifest>>20)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, notSweep(dir, "%s: %v", ManifestFile, err)
	}
	if m.Version > 0 && m.Version < version {
		return nil, notSweep(dir, "%s is of version %d, want %d: an earlier kad made it, and its runs are to be made again in another directory", ManifestFile, m.Version, version)
	}
	if m.Version != version {
		return nil, notSweep(dir, "%s is of version %d, want %d", ManifestFile, m.Version, version)
	}
	for _, e := range m.Runs {
		if len(e.ID) != idLength || e.Report != reportFile(e.ID) || !filepath.IsLocal(e.Report) {
			return nil, notSweep(dir, "%s: a run %q with the report %q", ManifestFile, e.ID, e.Report)
		}
		if len(e.SHA256) != 2*sha256.Size {
			return nil, notSweep(dir, "%s: a run %q without the SHA-256 of its report", ManifestFile, e.ID)
		}
	}
	if m.Planned != len(m.Runs)+len(m.Missing) {
		return nil, notSweep(dir, "%s: %d runs planned, %d ended and %d missing", ManifestFile, m.Planned, len(m.Runs), len(m.Missing))
	}
	for name := range m.Pictures {
		if !isPicture(name) {
			return nil, notSweep(dir, "%s: a picture %q", ManifestFile, name)
		}
	}
	return &m, nil
}

func (m *Manifest) write(dir string) error {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return writeFile(dir, ManifestFile, append(text, '\n'))
}

func notSweep(dir, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrNotSweep, dir, fmt.Sprintf(format, args...))
}
