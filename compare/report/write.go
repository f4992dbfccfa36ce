package report

import (
	"os"
	"path/filepath"
)

// Write writes the page of the report, its JSON and its pictures into a directory, which it
// makes if needed. The pictures are drawn from measured.
func (r *Report) Write(dir string, measured []Series) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := r.JSON()
	if err != nil {
		return err
	}
	if err := r.draw(dir, measured); err != nil {
		return err
	}
	if err := replace(filepath.Join(dir, Name+".json"), text); err != nil {
		return err
	}
	return replace(filepath.Join(dir, Name+".md"), []byte(r.Page()))
}

// replace writes a file under another name and renames it, so that the old file stays
// until the new one is complete.
func replace(path string, text []byte) error {
	err := os.WriteFile(path+".new", text, 0o644)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		_ = os.Remove(path + ".new")
	}
	return err
}
