package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	_ "image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kadmium/sim/report"
)

// drawn draws reports into a new directory and returns the names of the files.
func drawn(t *testing.T, reports ...*report.Report) (dir string, files []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "made", "on the way")
	paths, err := Draw(dir, reports)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		name, err := filepath.Rel(dir, p)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, name)
	}
	inDir(t, dir, files...)
	return dir, files
}

// inDir checks that a directory holds these files and nothing else.
func inDir(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("in the directory are %v, want %v", got, want)
	}
}

// both are the files of pictures.
func both(names ...string) []string {
	var files []string
	for _, n := range names {
		files = append(files, n+".svg", n+".png")
	}
	slices.Sort(files)
	return files
}

// A report with all data has all the pictures of one, each a PNG with something on
// it and a well-formed SVG.
func TestOneReport(t *testing.T) {
	dir, files := drawn(t, full())
	slices.Sort(files)
	if want := both("hops", "rpcs", "latency", "buckets", "series", "trace"); !slices.Equal(files, want) {
		t.Fatalf("drawn are %v, want %v", files, want)
	}
	for _, f := range files {
		if strings.HasSuffix(f, ".png") {
			height := 600
			if f == "series.png" {
				height = 689 // two panels need more
			}
			checkPNG(t, filepath.Join(dir, f), 960, height)
		} else {
			checkXML(t, filepath.Join(dir, f))
		}
	}
}

func checkPNG(t *testing.T, path string, width, height int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, format, err := image.Decode(f)
	if err != nil || format != "png" {
		t.Fatalf("%s: %s, %v", path, format, err)
	}
	if b := img.Bounds(); b.Dx() != width || b.Dy() != height {
		t.Errorf("%s is %d by %d pixels, want %d by %d", path, b.Dx(), b.Dy(), width, height)
	}
	const edge = 10
	inked, framed := 0, 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			if r == 0xFFFF && g == 0xFFFF && b == 0xFFFF {
				continue
			}
			inked++
			if x < edge || y < edge || x >= width-edge || y >= height-edge {
				framed++
			}
		}
	}
	if share := float64(inked) / float64(width*height); share < .015 || share > .75 {
		t.Errorf("%s: %.1f %% of it is not white", path, 100*share)
	}
	if framed > 0 {
		t.Errorf("%s: %d pixels of its margin are not white: something is cut off", path, framed)
	}
}

func checkXML(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	elements := 0
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if _, ok := token.(xml.StartElement); ok {
			elements++
		}
	}
	if elements < 20 {
		t.Errorf("%s has only %d elements", path, elements)
	}
}

// Several reports share the pictures of distributions, and have their own of what
// only one can show.
func TestSweep(t *testing.T) {
	reports := sizes()[:3]
	for i, hops := range []float64{2, 2.5, 3} {
		reports[i].Config.Nodes = []int{1000, 10000, 100000}[i]
		reports[i].Hops = report.NewDistribution([]float64{hops - 1, hops + 1})
	}
	reports[1].Series, reports[2].Trace = day(), walked()
	dir, files := drawn(t, reports...)
	slices.Sort(files)
	want := both("hops", "rpcs", "latency", "hops-by-nodes", "buckets-1000-nodes", "buckets-10000-nodes", "buckets-100000-nodes",
		"series-10000-nodes", "trace-100000-nodes")
	if !slices.Equal(files, want) {
		t.Fatalf("drawn are %v, want %v", files, want)
	}
	svg, err := os.ReadFile(filepath.Join(dir, "hops-by-nodes.svg"))
	if err != nil {
		t.Fatal(err)
	}
	if fit := ">hops = 0.50 + 0.50 log10 n<"; !bytes.Contains(svg, []byte(fit)) {
		t.Errorf("the legend does not say %q", fit)
	}
}

// The same report makes the same bytes.
func TestSameBytes(t *testing.T) {
	first, files := drawn(t, full())
	second, _ := drawn(t, full())
	for _, f := range files {
		a, errA := os.ReadFile(filepath.Join(first, f))
		b, errB := os.ReadFile(filepath.Join(second, f))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs (%v, %v)", f, errA, errB)
		}
	}
}

// What there is no data for is not drawn.
func TestMissingData(t *testing.T) {
	empty := func() *report.Report { return &report.Report{Kind: report.Sim} }
	hopsOnly := empty()
	hopsOnly.Hops = report.NewDistribution([]float64{1, 2})
	noTime := empty()
	noTime.Series, noTime.Trace = day()[:1], &report.Trace{}
	noContacts := empty()
	noContacts.Buckets = []report.Bucket{{Prefix: 0}, {Prefix: 1}}
	for _, c := range []struct {
		name    string
		reports []*report.Report
		want    []string
	}{
		{"no report", nil, nil},
		{"nothing", []*report.Report{empty()}, nil},
		{"only hops", []*report.Report{hopsOnly}, both("hops")},
		{"hops of one report of two", []*report.Report{hopsOnly, empty()}, both("hops")},
		{"the same number of nodes twice", []*report.Report{hopsOnly, hopsOnly}, both("hops")},
		{"one interval, and a trace without requests", []*report.Report{noTime}, nil},
		{"buckets without contacts", []*report.Report{noContacts}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, files := drawn(t, c.reports...)
			slices.Sort(files)
			if !slices.Equal(files, c.want) {
				t.Errorf("drawn are %v, want %v", files, c.want)
			}
		})
	}
}

// An error names what could not be written, and no part of it is left over.
func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if _, err := Draw(dir, []*report.Report{tiny()}); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("into %s: %v", dir, err)
		}
	}

	dir := t.TempDir()
	blocked := filepath.Join(dir, "latency.png")
	if err := os.MkdirAll(filepath.Join(blocked, "occupied"), 0o755); err != nil {
		t.Fatal(err)
	}
	files, err := Draw(dir, []*report.Report{tiny()})
	if err == nil || !strings.HasPrefix(err.Error(), "draw "+blocked+": ") {
		t.Errorf("over a directory: %v", err)
	}
	if len(files) != 3 {
		t.Errorf("written before are %v, want rpcs and latency.svg", files)
	}
	inDir(t, dir, "rpcs.svg", "rpcs.png", "latency.svg", "latency.png")
}

// Drawing again replaces what is there.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "rpcs.svg")
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Draw(dir, []*report.Report{tiny()}); err != nil {
		t.Fatal(err)
	}
	checkXML(t, old)
}
