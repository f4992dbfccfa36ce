package sweep

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"kadmium/sim/report"
)

// A directory is one that a plan is run in. It is used by one goroutine at a time, but for
// writeReport and the files of lookups.
type directory struct {
	path    string
	program Program
	inputs  map[string]string
	lookups bool // it keeps those of each run, too

	sums    map[string]string // SHA-256 of the reports in it, by the ID of their run
	changed int               // reports that were found to be others
	next    time.Time         // the manifest is not written again before

	pictures map[string]string // as in Manifest
	drawnOf  []string          // the IDs of the runs that they are of, in order
}

// openDirectory makes a directory, or goes on with one. A report that no manifest lists is not
// known: it counts as not there. The error is ErrNotSweep where a file that would be replaced
// may be somebody's own, or that of reading and writing.
func openDirectory(path string, p Program, inputs map[string]string, lookups bool) (*directory, error) {
	m, err := replaceable(path)
	if err != nil {
		return nil, err
	}
	d := &directory{path: path, program: p, inputs: inputs, lookups: lookups, sums: make(map[string]string)}
	if lookups {
		if err := os.MkdirAll(filepath.Join(path, lookupsDir), 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(filepath.Join(path, reportsDir), 0o755); err != nil {
		return nil, err
	}
	if m == nil {
		return d, nil
	}
	maps.Copy(d.sums, m.Others)
	d.pictures = m.Pictures
	for _, e := range m.Runs {
		d.sums[e.ID] = e.SHA256
		d.drawnOf = append(d.drawnOf, e.ID)
	}
	slices.Sort(d.drawnOf)
	return d, nil
}

// replaceable returns the manifest of a directory, or nil if there is none, and then no file of
// a name that a plan writes either: without a manifest nothing says whose that is. Its error is
// ErrNotSweep, or that of reading the files.
func replaceable(path string) (*Manifest, error) {
	m, err := readManifest(path)
	if !errors.Is(err, errNoManifest) {
		return m, err
	}
	for _, table := range []string{ResultsFile, LookupsFile} {
		if _, err := os.Lstat(filepath.Join(path, table)); err == nil {
			return nil, notSweep(path, "it has %s and no %s, which says that kad wrote it", table, ManifestFile)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return nil, nil
}

// kept is the report of a run that the directory has as it kept it; otherwise nil, and the
// directory does not list it any more.
func (d *directory) kept(id string) *report.Report {
	sum, listed := d.sums[id]
	if !listed {
		return nil
	}
	r, err := readKept(filepath.Join(d.path, filepath.FromSlash(reportFile(id))), sum)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.changed++
	}
	if err != nil || r.Partial {
		delete(d.sums, id)
		return nil
	}
	return r
}

// readKept reads a report that has a SHA-256, or any if sum is empty. Its error names the
// file, and is ErrChanged, report.ErrNotReport, or that of reading it.
func readKept(path, sum string) (*report.Report, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, report.MaxSize+1))
	if err != nil {
		return nil, err
	}
	if sum != "" && sumOf(text) != sum {
		return nil, fmt.Errorf("%s: %w: its SHA-256 is another than in %s", path, ErrChanged, ManifestFile)
	}
	r, err := report.Read(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// writeReport keeps the report of a run, and returns its SHA-256.
func writeReport(dir, id string, r *report.Report) (sum string, err error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	text = append(text, '\n')
	return sumOf(text), writeFile(dir, reportFile(id), text)
}

// begin writes the manifest of a plan of which runs are to be made, and removes the tables
// and pictures of the plan before. A process that is killed then leaves a directory that says so.
func (d *directory) begin(g *grid) error {
	for _, table := range []string{ResultsFile, LookupsFile} {
		if err := d.remove(table); err != nil {
			return err
		}
	}
	r := g.results()
	if err := d.reviewPictures(r); err != nil {
		return err
	}
	return d.writeManifest(r)
}

// ended notes a run that has ended, whose report is in the directory. It writes the manifest,
// but takes at most a twentieth of the time for that: a process that is killed may leave
// reports of its last moments that are not listed, and are made again.
func (d *directory) ended(g *grid, id, sum string) error {
	d.sums[id] = sum
	began := time.Now()
	if began.Before(d.next) {
		return nil
	}
	err := d.writeManifest(g.results())
	d.next = time.Now().Add(20 * time.Since(began))
	return err
}

// finish writes the manifest of the runs that have ended, and then the tables, so that none is
// there without a manifest. A table of lookups that is not wanted is one of other runs, and
// removed.
func (d *directory) finish(r *Results) (err error) {
	r.Kept, r.Changed = true, d.changed
	if err := d.reviewPictures(r); err != nil {
		return err
	}
	if err := d.writeManifest(r); err != nil {
		return err
	}
	if d.lookups {
		r.Rows, err = r.collectLookups(d.path)
	} else {
		err = d.remove(LookupsFile)
	}
	if err != nil {
		return err
	}
	var table bytes.Buffer
	if err := r.WriteTable(&table); err != nil {
		return err
	}
	return writeFile(d.path, ResultsFile, table.Bytes())
}

// writeManifest lists a missing run among the others while its report is there: it is one that
// was kept without the lookups that are wanted now.
func (d *directory) writeManifest(r *Results) error {
	m := Manifest{Version: version, Program: d.program, Inputs: d.inputs, Columns: r.columns, Varied: r.Varied,
		Planned: len(r.Runs) + len(r.Missing), Missing: []Missing{}, Runs: []Entry{}, Others: maps.Clone(d.sums), Pictures: d.pictures}
	for _, run := range r.Runs {
		m.Runs = append(m.Runs, Entry{run.ID, run.Params, reportFile(run.ID), d.sums[run.ID], run.Report.Machine.WallSeconds})
		delete(m.Others, run.ID)
	}
	for _, run := range r.Missing {
		m.Missing = append(m.Missing, Missing{run.ID, run.Params})
	}
	return m.write(d.path)
}

// remove removes a file, if it is there.
func (d *directory) remove(name string) error {
	err := os.Remove(filepath.Join(d.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
