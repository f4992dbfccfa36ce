package sweep

import "path/filepath"

// open reads the runs of the plan that was run last in a directory. Its error is
// ErrNotSweep, ErrChanged, or that of reading a file.
func open(dir string) (*Results, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	results := &Results{Varied: m.Varied, Kept: true, columns: m.Columns}
	for _, e := range m.Runs {
		l := Listed{filepath.Join(dir, filepath.FromSlash(e.Report)), e.Params, e.SHA256}
		r, err := l.Read()
		if err != nil {
			return nil, err
		}
		results.Runs = append(results.Runs, Run{e.ID, e.Params, r})
	}
	for _, missing := range m.Missing {
		results.Missing = append(results.Missing, Run{ID: missing.ID, Params: missing.Params})
	}
	return results, nil
}
