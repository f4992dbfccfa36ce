package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"kadmium/sim/report"
)

// A written is a text of an SVG and the rectangle that it takes up.
type written struct {
	text string
	vg.Rectangle
}

// texts are the level texts of a page. The upright ones, the y axes' labels, have
// the left edge for themselves.
func texts(t *testing.T, p *page) []written {
	t.Helper()
	data, err := svg(p)
	if err != nil {
		t.Fatal(err)
	}
	var all []written
	var open []bool // of the elements around: whether it turns what is in it
	turned := 0
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			attributes := make(map[string]string)
			for _, a := range e.Attr {
				attributes[a.Name.Local] = a.Value
			}
			turns := strings.Contains(attributes["transform"], "rotate")
			open = append(open, turns)
			if turns {
				turned++
			}
			if e.Name.Local == "text" && turned == 0 {
				all = append(all, placeOf(t, d, attributes))
				open = open[:len(open)-1] // its end is read
			}
		case xml.EndElement:
			if open[len(open)-1] {
				turned--
			}
			open = open[:len(open)-1]
		}
	}
}

func placeOf(t *testing.T, d *xml.Decoder, attributes map[string]string) written {
	t.Helper()
	var text string
	for {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := token.(xml.CharData); ok {
			text += string(data)
		} else {
			break
		}
	}
	x, errX := strconv.ParseFloat(attributes["x"], 64)
	y, errY := strconv.ParseFloat(attributes["y"], 64)
	_, rest, _ := strings.Cut(attributes["style"], "font-size:")
	digits, _, _ := strings.Cut(rest, "px")
	size, err := strconv.ParseFloat(digits, 64)
	if err != nil || errX != nil || errY != nil {
		t.Fatalf("%v: %v, %v, %v", attributes, err, errX, errY)
	}
	style := lettering(vg.Length(size), black)
	if strings.Contains(attributes["style"], "font-weight:bold") {
		style.Font.Weight = bold
	}
	low := vg.Point{X: vg.Length(x), Y: vg.Length(-y)}
	high := vg.Point{X: low.X + style.Width(text), Y: low.Y + vg.Length(size)*.72} // a capital's height
	return written{text, vg.Rectangle{Min: low, Max: high}}
}

// No text leaves the page or lies over another one, whatever is to be said.
func TestTextsApart(t *testing.T) {
	for name, reports := range map[string][]*report.Report{
		"full": {full()}, "sweep": sizes(), "crowded": crowded(), "odd": {odd()}, "tiny": {tiny()}, "two": {tiny(), odd()},
	} {
		for _, p := range pages(reports) {
			apart(t, name, p)
		}
	}
}

// apart checks that no text of a page leaves it or lies over another one.
func apart(t *testing.T, name string, p *page) {
	t.Helper()
	all := texts(t, p)
	if len(all) < 5 {
		t.Errorf("%s, %s: only %d texts found", name, p.file, len(all))
	}
	w, h := p.size()
	for i, a := range all {
		if a.Min.X < margin-1 || a.Min.Y < margin-1 || a.Max.X > w-margin+6 || a.Max.Y > h-margin+1 {
			t.Errorf("%s, %s: %q is cut off: %v", name, p.file, a.text, a.Rectangle)
		}
		for _, b := range all[:i] {
			if a.Min.X < b.Max.X+2 && b.Min.X < a.Max.X+2 && a.Min.Y < b.Max.Y && b.Min.Y < a.Max.Y {
				t.Errorf("%s, %s: %q lies over %q", name, p.file, a.text, b.text)
			}
		}
	}
}

// A title says what was measured, and several reports are told apart by what they
// differ in.
func TestNames(t *testing.T) {
	a, b := measurement(1000, 1), measurement(20000, 1)
	check := func(reports []*report.Report, wantShared string, want ...string) {
		t.Helper()
		got, shared := names(reports)
		if shared = strings.ReplaceAll(shared, "\u00a0", " "); shared != wantShared {
			t.Errorf("shared is %q, want %q", shared, wantShared)
		}
		if strings.Join(got, "; ") != strings.Join(want, "; ") {
			t.Errorf("names are %q, want %q", got, want)
		}
	}
	check([]*report.Report{a}, "1,000 nodes, k = 20, alpha = 3, latency world, seed 1", "")
	check([]*report.Report{a, b}, "k = 20, alpha = 3, latency world, seed 1", "1,000 nodes", "20,000 nodes")
	b.Config.Silent = .2
	check([]*report.Report{a, b, b}, "k = 20, alpha = 3, latency world, seed 1", "1,000 nodes, silent 0", "20,000 nodes, silent 0.2", "20,000 nodes, silent 0.2 (2)")
	check([]*report.Report{a, a}, "1,000 nodes, k = 20, alpha = 3, latency world, seed 1", "run", "run (2)")
	b.Kind, b.Partial = report.Bench, true
	check([]*report.Report{b}, "20,000 nodes, k = 20, alpha = 3, latency world, silent 0.2, seed 1, real sockets, interrupted", "")
	if got := fileName("20,000 nodes, silent 0.2 (2)"); got != "20000-nodes-silent-0.2-2" {
		t.Errorf("a file is named after it %q", got)
	}
}

// Each report has its files, however long its name is.
func TestFileNames(t *testing.T) {
	a, b := measurement(1000, 1), measurement(1000, 1)
	a.Config.Latency, b.Config.Latency = "fixed:80", "fixed-80"
	if got := strings.Join(fileNames([]*report.Report{a, b}), " "); got != "-latency-fixed-80 -report-2" {
		t.Errorf("files of names alike end in %q", got)
	}
	if got := strings.Join(fileNames([]*report.Report{tiny(), odd()}), " "); got != "-3-nodes-loss-0-duplicate-0-client-0-silent-0-lying-0-seed-1-simulated -report-2" {
		t.Errorf("files of long names end in %q", got)
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 3: "3", 2.774: "2.77", 12.34: "12.3", 100: "100", 1234.5: "1,234", .0341: "0.0341", -1234567: "-1,234,567"} {
		if got := report.Trimmed(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}
