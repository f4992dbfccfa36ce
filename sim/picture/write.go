package picture

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// formats are the formats in which a page is written.
var formats = []struct {
	extension string
	encode    func(*page) ([]byte, error)
}{
	{"svg", svg},
	{"png", png},
}

// svg is a page as an SVG. Where Liberation Sans is not installed, a font of the same widths
// replaces it, so that the layout stays right.
func svg(p *page) ([]byte, error) {
	all, err := encoded(p, func(w, h vg.Length) vg.CanvasWriterTo { return vgsvg.New(w, h) })
	all = bytes.ReplaceAll(all, []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
	return all, err
}

// png is a page as a PNG of 96 dots an inch, as in browsers.
func png(p *page) ([]byte, error) {
	return encoded(p, func(w, h vg.Length) vg.CanvasWriterTo { return vgimg.PngCanvas{Canvas: vgimg.New(w, h)} })
}

func encoded(p *page, canvas func(w, h vg.Length) vg.CanvasWriterTo) ([]byte, error) {
	c := canvas(p.size())
	p.draw(c)
	var b bytes.Buffer
	_, err := c.WriteTo(&b)
	return b.Bytes(), err
}

// write draws a page's files into dir and returns their paths.
func (p *page) write(dir string) ([]string, error) {
	var files []string
	for _, f := range formats {
		path := filepath.Join(dir, p.file+"."+f.extension)
		data, err := f.encode(p)
		if err == nil {
			err = replace(path, data)
		}
		if err != nil {
			return files, fmt.Errorf("draw %s: %w", path, err)
		}
		files = append(files, path)
	}
	return files, nil
}

// replace writes a file under a temporary name and renames it, so that it is never seen
// in part.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return cause(err)
	}
	_, err = f.Write(data)
	if err == nil {
		_ = f.Chmod(0o644) // CreateTemp makes it 0600; FAT refuses, and has no modes
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return cause(err)
}

// cause is an error without the name of the temporary file.
func cause(err error) error {
	var onPath *fs.PathError
	var onLink *os.LinkError
	switch {
	case errors.As(err, &onPath):
		return onPath.Err
	case errors.As(err, &onLink):
		return onLink.Err
	}
	return err
}
