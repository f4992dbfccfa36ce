package report

import (
	"os"
	"path/filepath"
)

// Write writes the report's page, its JSON and its pictures into a directory, which
// it makes if there is none. Measured is what the pictures are drawn from.
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
	if err := os.WriteFile(filepath.Join(dir, Name+".json"), text, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, Name+".md"), []byte(r.Page()), 0o644)
}
