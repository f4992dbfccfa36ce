package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func encoded(t testing.TB, r *Report) []byte {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadIsTheReportWritten(t *testing.T) {
	for name, fixture := range fixtures {
		want := fixture()
		got, err := Read(bytes.NewReader(append(encoded(t, want), "\n"...)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "nothing" { // it was never summarised: its histograms are null
			continue
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s comes back as %+v", name, got)
		}
	}
}

// Read takes whatever samples make.
func TestReadTakesAnyDistribution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Report{Kind: Bench, LatencyMS: NewDistribution(drawn(t))}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(bytes.NewReader(text))
		if err != nil || !reflect.DeepEqual(got.LatencyMS, want.LatencyMS) {
			t.Errorf("%s comes back as %+v, %v", text, got, err)
		}
	})
}

func TestReadRefuses(t *testing.T) {
	few := string(encoded(t, few()))
	for _, c := range []struct{ name, text, says string }{
		{"nothing", "", "empty"},
		{"blanks", " \n", "empty"},
		{"no JSON", "hops 2.4", "invalid character 'h'"},
		{"half a report", few[:len(few)/2], "breaks off"},
		{"a sweep", `{"sweep":[` + few + `,` + few + `]}`, "a sweep of 2 reports"},
		{"an empty sweep", `{"sweep":[]}`, "a sweep of 0 reports"},
		{"a list", `[` + few + `]`, "array"},
		{"null", `null`, `kind ""`},
		{"an object of no kind", `{}`, `kind ""`},
		{"another kind", `{"kind":"guess"}`, `kind "guess"`},
		{"an unknown field", strings.Replace(few, `"recall":`, `"recoil":1,"recall":`, 1), `unknown field "recoil"`},
		{"an unknown field further in", strings.Replace(few, `"alpha":`, `"beta":3,"alpha":`, 1), `unknown field "beta"`},
		{"a field twice", strings.Replace(few, `"recall":`, `"recall":1,"recall":`, 1), `the field "recall" twice`},
		{"a field twice, once in capitals", strings.Replace(few, `"recall":`, `"RECALL":1,"recall":`, 1), `the field "recall" twice`},
		{"a field twice, with the long s", strings.Replace(few, `"seed":`, `"\u017feed":1,"seed":`, 1), `the field "seed" twice`},
		{"a field twice further in", strings.Replace(few, `"alpha":`, `"alpha":3,"alpha":`, 1), `the field "alpha" twice`},
		{"a field twice in a list", `{"kind":"sim","work":[{"name":"a","count":1},{"name":"a","count":1,"count":2}]}`, `the field "count" twice`},
		{"a field twice, two lists between", `{"kind":"sim","work":[[],{"a":[]}],"kind":"bench"}`, `the field "kind" twice`},
		{"a failure", `{"error":"no","next":"try","exit":1}`, `unknown field "error"`},
		{"another type", `{"kind":"sim","lookups":"many"}`, "lookups"},
		{"a second report", few + few, "something follows"},
		{"a brace more", few + "}", "something follows"},
		{"more successes than lookups", `{"kind":"sim","lookups":1,"succeeded":2}`, "2 of 1 lookups"},
		{"more found than sought", `{"kind":"sim","values":{"gets":1,"found":2}}`, "2 of 1 gets"},
		{"a negative recall", `{"kind":"sim","recall":-1}`, "recall -1"},
		{"a negative deviation", `{"kind":"sim","hops":{"sd":-1}}`, "hops: -1 is out of range"},
		{"a histogram in disorder", `{"kind":"sim","rpcs":{"histogram":[{"value":2,"count":1},{"value":1,"count":1}]}}`, "rpcs: column 1 of the histogram out of order"},
		{"an empty column", `{"kind":"sim","rpcs":{"histogram":[{"value":2}]}}`, "column 2 of the histogram counts 0"},
		{"too many samples", `{"kind":"sim","rpcs":{"histogram":[{"value":1,"count":9000000000000000},{"value":2,"count":9000000000000000}]}}`, "column 2"},
		{"too much", strings.Repeat(" ", MaxSize) + few, "larger than 16 MiB"},
	} {
		_, err := Read(strings.NewReader(c.text))
		if !errors.Is(err, ErrNotReport) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want it to say %q", c.name, err, c.says)
		}
	}
}

// A reader that fails is no fault of the report.
func TestReadPassesOnErrors(t *testing.T) {
	_, err := Read(iotest.ErrReader(io.ErrClosedPipe))
	if !errors.Is(err, io.ErrClosedPipe) || errors.Is(err, ErrNotReport) {
		t.Error(err)
	}
}

// Whatever is read: nothing panics, what is taken is the same written and read
// again, fits the width of the text form, and differs from itself in nothing.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"kind":"bench","hops":{"histogram":[{"value":1.5,"count":3}]},"work":[],"values":{}}`))
	f.Add([]byte(`{"sweep":[]}`))
	for _, name := range []string{"few", "live", "nothing"} {
		f.Add(encoded(f, fixtures[name]()))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Read(bytes.NewReader(text))
		if err != nil {
			if !errors.Is(err, ErrNotReport) {
				t.Fatal(err)
			}
			return
		}
		once := encoded(t, r)
		again, err := Read(bytes.NewReader(once))
		if err != nil {
			t.Fatalf("%v: %s", err, once)
		}
		if twice := encoded(t, again); !bytes.Equal(once, twice) {
			t.Fatalf("%s\nbecomes\n%s", once, twice)
		}
		c := Compare(r, again)
		if _, err := json.Marshal(c); err != nil {
			t.Fatal(err)
		}
		for _, figure := range c.Figures {
			if figure.Difference != nil && *figure.Difference != 0 {
				t.Errorf("%s differs from itself", figure.Name)
			}
		}
		var b bytes.Buffer
		if err := errors.Join(r.Write(&b), c.Write(&b)); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if len([]rune(strings.TrimSuffix(line, "\n"))) > columns {
				t.Errorf("too wide: %s", line)
			}
		}
	})
}
