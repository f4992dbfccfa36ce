package sweep

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"kadmium/sim/report"
)

// ErrNoneChosen reports a choice of runs that is none. The error says what there is.
var ErrNoneChosen = errors.New("no such runs")

// A Listing is the reports of a directory.
type Listing struct {
	Dir     string
	Reports []Listed  // of a sweep those of the plan that was run last
	Missing []Missing // runs of that plan that have not ended
	Others  int       // reports that lie there and are of no run of that plan

	isSweep bool // there is a manifest
}

// A Listed is a report of a Listing.
type Listed struct {
	Path   string
	params map[string]string
	sum    string // its SHA-256; empty: there is no manifest
}

// Reports lists the reports in a directory. Without a manifest they are all NAME.json of its
// subdirectory reports, if it has one, otherwise its own. The error is ErrNotSweep, or that
// of reading the directory.
func Reports(dir string) (*Listing, error) {
	in := filepath.Join(dir, reportsDir)
	if info, err := os.Stat(in); err != nil || !info.IsDir() {
		in = dir
	}
	entries, err := os.ReadDir(in)
	if err != nil {
		return nil, err
	}
	l := &Listing{Dir: dir}
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".json" {
			l.Reports = append(l.Reports, Listed{Path: filepath.Join(in, e.Name())})
		}
	}
	if _, err := os.Stat(filepath.Join(dir, ManifestFile)); errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	all := l.Reports
	l.Reports, l.Missing, l.isSweep = nil, m.Missing, true
	listed := make(map[string]bool) // reports of the plan
	for _, e := range m.Runs {
		path := filepath.Join(dir, filepath.FromSlash(e.Report))
		l.Reports = append(l.Reports, Listed{path, e.Params, e.SHA256})
		listed[path] = true
	}
	for _, missing := range m.Missing {
		listed[filepath.Join(dir, filepath.FromSlash(reportFile(missing.ID)))] = true
	}
	for _, r := range all {
		if !listed[r.Path] {
			l.Others++
		}
	}
	return l, nil
}

// Read reads a report. Its error names the file, and is ErrChanged if it is not the one that
// the manifest lists, report.ErrNotReport, or that of reading it.
func (l *Listed) Read() (*report.Report, error) {
	r, err := readKept(l.Path, l.sum)
	if l.sum != "" && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: %s lists it, and it is not there", l.Path, ErrChanged, ManifestFile)
	}
	return r, err
}

// chosen is the beginning of each part of a choice: a setting and its value.
var chosen = regexp.MustCompile(`(?:^|,)([a-z][a-z-]*)=`)

// Choose keeps the runs with some values: alpha=3 or alpha=3,latency=exp:80ms. Its error is
// ErrNoneChosen.
func (l *Listing) Choose(text string) error {
	none := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s:%s: %s", ErrNoneChosen, l.Dir, text, fmt.Sprintf(format, args...))
	}
	if !l.isSweep {
		return none("the directory has no %s, which says what runs are", ManifestFile)
	}
	parts := chosen.FindAllStringSubmatchIndex(text, -1)
	if len(parts) == 0 || parts[0][0] != 0 {
		return none("want NAME=VALUE or NAME=VALUE,NAME=VALUE")
	}
	for i, at := range parts {
		end := len(text)
		if i+1 < len(parts) {
			end = parts[i+1][0]
		}
		name, value := text[at[2]:at[3]], text[at[1]:end]
		runs := l.params()
		if len(runs) > 0 && !has(runs[0], name) {
			return none("runs have no %q; they have %s", name, strings.Join(slices.Sorted(maps.Keys(runs[0])), ", "))
		}
		l.Reports = slices.DeleteFunc(l.Reports, func(r Listed) bool { return !sameValue(r.params[name], value) })
		l.Missing = slices.DeleteFunc(l.Missing, func(m Missing) bool { return !sameValue(m.Params[name], value) })
		if len(l.Reports)+len(l.Missing) == 0 {
			return none("no run has %s %s; there is %s", name, value, inFew(valuesIn(runs, name)))
		}
	}
	l.Others = 0 // to leave runs out is what was asked for
	return nil
}

func has(params map[string]string, name string) bool {
	_, known := params[name]
	return known
}

// params are the settings of the runs, also of those that have not ended.
func (l *Listing) params() []map[string]string {
	var all []map[string]string
	for i := range l.Reports {
		all = append(all, l.Reports[i].params)
	}
	for i := range l.Missing {
		all = append(all, l.Missing[i].Params)
	}
	return all
}

// sameValue reports whether two texts are one value: 0.5 and .5, 1h and 60m.
func sameValue(a, b string) bool {
	of, ok := amounts([]string{a, b})
	return a == b || ok && of[0] == of[1]
}

// inFew lists the first of some values.
func inFew(values []string) string {
	const most = 10
	if len(values) > most {
		values = append(values[:most:most], fmt.Sprintf("%d more", len(values)-most))
	}
	return strings.Join(values, ", ")
}
