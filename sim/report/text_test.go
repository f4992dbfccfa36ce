package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cockroachdb/datadriven"
)

// testdata/write.txt: what people see of the fixtures. testdata/compare.txt: of
// two. testdata/encode.txt: what programs see. go test -rewrite renews them.
func TestGolden(t *testing.T) {
	for _, path := range []string{"testdata/write.txt", "testdata/compare.txt", "testdata/encode.txt"} {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var reports []*Report
			for _, arg := range d.CmdArgs {
				fixture := fixtures[arg.Key]
				if fixture == nil {
					d.Fatalf(t, "unknown fixture %s", arg.Key)
				}
				reports = append(reports, fixture())
			}
			var b bytes.Buffer
			var err error
			switch {
			case d.Cmd == "write" && len(reports) == 1:
				err = reports[0].Write(&b)
			case d.Cmd == "compare" && len(reports) == 2:
				err = Compare(reports[0], reports[1]).Write(&b)
			case d.Cmd == "encode" && len(reports) == 1:
				err = indented(&b, reports[0])
			case d.Cmd == "encode" && len(reports) == 2:
				c := Compare(reports[0], reports[1])
				c.Figures = c.Figures[:6]
				err = indented(&b, c)
			default:
				d.Fatalf(t, "unknown command %s", d.Cmd)
			}
			if err != nil {
				d.Fatalf(t, "%v", err)
			}
			if d.Cmd != "encode" {
				fits(t, b.String())
			}
			return b.String()
		})
	}
}

func indented(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetIndent("", " ")
	return e.Encode(v)
}

// fits fails unless all lines are at most so wide as promised, without blanks at
// their ends.
func fits(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > columns {
			t.Errorf("%d columns: %s", n, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("ends in blanks: %q", line)
		}
	}
}

func TestPartialSaysSoFirst(t *testing.T) {
	var b bytes.Buffer
	if err := fixtures["partial"]().Write(&b); err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(b.String(), "\n"); !strings.HasPrefix(first, "partial") {
		t.Errorf("the first line is %q", first)
	}
}

// What a report from elsewhere says does not reach the terminal as commands to it.
func TestTextHarmsNoTerminal(t *testing.T) {
	r := day()
	evil := "\x1b[2J\n\u202e" + strings.Repeat("x", 500)
	r.Kind, r.Config.Latency, r.Config.Workload, r.Work[0].Name, r.Machine.Go = evil, evil, evil, evil, evil
	var b bytes.Buffer
	if err := errors.Join(r.Write(&b), Compare(r, day()).Write(&b)); err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(b.String(), func(c rune) bool { return c < ' ' && c != '\n' || c == '\u202e' }); i >= 0 {
		t.Errorf("%q", b.String()[i:])
	}
	fits(t, b.String())
}

type fullDisk struct{}

var errFull = errors.New("disk full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWriteReportsErrors(t *testing.T) {
	if err := day().Write(fullDisk{}); !errors.Is(err, errFull) {
		t.Errorf("a report: %v", err)
	}
	if err := Compare(day(), day()).Write(fullDisk{}); !errors.Is(err, errFull) {
		t.Errorf("a comparison: %v", err)
	}
}
