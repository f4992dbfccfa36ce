package sweep

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"kadmium/sim"
	"kadmium/sim/report"
)

// ErrNotSweep reports a directory that holds no sweep. The error says what is wrong with it.
var ErrNotSweep = errors.New("no directory of a sweep")

// The files of a directory.
const (
	ManifestFile = "manifest.json"
	ResultsFile  = "results.csv"
	reportsDir   = "reports"
	version      = 1
)

// A Manifest says what the runs of a directory are.
type Manifest struct {
	Version int               `json:"version"`
	Program Program           `json:"program"`
	Inputs  map[string]string `json:"inputs"`            // SHA-256 of the files that runs read, by path
	Columns []string          `json:"columns,omitempty"` // the settings of a measurement, in their order; of simulations those of sim.Config
	Varied  []string          `json:"varied"`            // the settings that differ between runs
	Runs    []Entry           `json:"runs"`
}

// An Entry is a run in a Manifest.
type Entry struct {
	ID          string            `json:"id"`
	Params      map[string]string `json:"params"` // all settings, by the names of their flags
	Report      string            `json:"report"` // its file
	WallSeconds float64           `json:"wall_seconds"`
}

// A Run is one run of a sweep, with its report.
type Run struct {
	ID     string
	Params map[string]string
	Report *report.Report
}

// Results are the runs of a sweep, in the order of its plan.
type Results struct {
	Varied []string // the settings that differ between runs
	Runs   []Run
	Again  int // runs that the directory had without the lookups that were wanted
	Rows   int // lookups in LookupsFile

	columns []string // as in Manifest
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

// writeReport keeps the report of a run.
func writeReport(dir, id string, r *report.Report) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return writeFile(dir, reportFile(id), append(text, '\n'))
}

// kept is the report of a run that the directory has; nil if it has none that is whole.
func kept(dir, id string) *report.Report {
	r, err := readReport(filepath.Join(dir, filepath.FromSlash(reportFile(id))))
	if err != nil || r.Partial {
		return nil
	}
	return r
}

func readReport(path string) (*report.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return report.Read(f)
}

// write writes the tables and the manifest of the runs that have ended. A table of lookups
// that is not wanted is one of other runs, and removed.
func (r *Results) write(dir string, p Program, files map[string]string, lookups bool) (err error) {
	if !lookups {
		if err = os.Remove(filepath.Join(dir, LookupsFile)); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	} else {
		r.Rows, err = r.collectLookups(dir)
	}
	if err != nil {
		return err
	}
	var table bytes.Buffer
	if err := r.WriteTable(&table); err != nil {
		return err
	}
	if err := writeFile(dir, ResultsFile, table.Bytes()); err != nil {
		return err
	}
	m := Manifest{Version: version, Program: p, Inputs: files, Columns: r.columns, Varied: r.Varied, Runs: []Entry{}}
	for _, run := range r.Runs {
		m.Runs = append(m.Runs, Entry{run.ID, run.Params, reportFile(run.ID), run.Report.Machine.WallSeconds})
	}
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return writeFile(dir, ManifestFile, append(text, '\n'))
}

// maxManifest bounds a manifest, in bytes.
const maxManifest = 256 << 20

// readManifest reads the manifest of a directory. Its error is ErrNotSweep, or that of
// reading the file.
func readManifest(dir string) (*Manifest, error) {
	path := filepath.Join(dir, ManifestFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notSweep(dir, "it has no %s", ManifestFile)
	} else if err != nil {
		return nil, err
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
	if m.Version != version {
		return nil, notSweep(dir, "%s is of version %d, want %d", ManifestFile, m.Version, version)
	}
	for _, e := range m.Runs {
		if len(e.ID) != idLength || e.Report != reportFile(e.ID) || !filepath.IsLocal(e.Report) {
			return nil, notSweep(dir, "%s: a run %q with the report %q", ManifestFile, e.ID, e.Report)
		}
	}
	return &m, nil
}

func notSweep(dir, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrNotSweep, dir, fmt.Sprintf(format, args...))
}

// Reports are the files of the reports in a directory: of a sweep those of the plan that was
// run last, and others is how many lie there that are of other plans. In a directory without
// a manifest they are all NAME.json of its subdirectory reports, if it has one, otherwise its
// own. The error is ErrNotSweep, or that of reading the directory.
func Reports(dir string) (files []string, others int, err error) {
	in := filepath.Join(dir, reportsDir)
	if info, err := os.Stat(in); err != nil || !info.IsDir() {
		in = dir
	}
	entries, err := os.ReadDir(in)
	if err != nil {
		return nil, 0, err
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".json" {
			files = append(files, filepath.Join(in, e.Name()))
		}
	}
	if _, err := os.Stat(filepath.Join(dir, ManifestFile)); errors.Is(err, fs.ErrNotExist) {
		return files, 0, nil
	}
	m, err := readManifest(dir)
	if err != nil {
		return nil, 0, err
	}
	of := make([]string, len(m.Runs))
	for i, e := range m.Runs {
		of[i] = filepath.Join(dir, filepath.FromSlash(e.Report))
	}
	return of, max(0, len(files)-len(of)), nil
}

// Open reads the runs of the plan that was run last in a directory. Its error is
// ErrNotSweep, or that of reading a file.
func Open(dir string) (*Results, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	results := &Results{Varied: m.Varied, columns: m.Columns}
	for _, e := range m.Runs {
		r, err := readReport(filepath.Join(dir, filepath.FromSlash(e.Report)))
		if err != nil {
			return nil, notSweep(dir, "%s: %v", e.Report, err)
		}
		results.Runs = append(results.Runs, Run{e.ID, e.Params, r})
	}
	return results, nil
}
