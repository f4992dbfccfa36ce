package sweep

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Pictures has the manifest of a directory name the pictures that were drawn into it, with
// the hashes of their files. They go when a directory gets the manifest of other runs. A
// directory without a manifest is left as it is.
func Pictures(dir string, files []string) error {
	m, err := readManifest(dir)
	if errors.Is(err, ErrNotSweep) {
		return nil
	} else if err != nil {
		return err
	}
	if m.Pictures == nil {
		m.Pictures = make(map[string]string)
	}
	for _, path := range files {
		if m.Pictures[filepath.Base(path)], err = hashFile(path); err != nil {
			return err
		}
	}
	return m.write(dir)
}

// reviewPictures removes the pictures of a directory unless they are of all runs of the plan
// and of no others. One that was changed since it was drawn is somebody's own, and stays.
func (d *directory) reviewPictures(r *Results) error {
	var planned []string
	for _, run := range slices.Concat(r.Runs, r.Missing) {
		planned = append(planned, run.ID)
	}
	if slices.Sort(planned); slices.Equal(planned, d.drawnOf) {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(d.pictures)) {
		if err := removeUnchanged(filepath.Join(d.path, name), d.pictures[name]); err != nil {
			return err
		}
	}
	d.pictures, d.drawnOf = nil, planned
	return nil
}

// removeUnchanged removes a file whose contents have a hash.
func removeUnchanged(path, sum string) error {
	info, err := os.Lstat(path)
	if err == nil && info.Mode().IsRegular() {
		var now string
		if now, err = hashFile(path); err == nil && now == sum {
			err = os.Remove(path)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// isPicture reports whether a manifest may name a file as a picture: others are not removed.
func isPicture(name string) bool {
	return filepath.IsLocal(name) && filepath.Base(name) == name && slices.Contains([]string{".svg", ".png"}, filepath.Ext(name))
}
