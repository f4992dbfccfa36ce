package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrNotReport reports input that is no report. The error says what is wrong with it.
var ErrNotReport = errors.New("not a report")

// MaxSize bounds the input of Read, in bytes. The size of a report depends on the number of
// intervals and of histogram bins, not on the number of nodes or lookups.
const MaxSize = 16 << 20

// Read reads one report in JSON. Unknown fields are an error that names the first of them,
// so that a report of another version is not taken for one of this, and so is a field that
// stands there twice. Its error is ErrNotReport, or that of r.
func Read(r io.Reader) (*Report, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading a report: %w", err)
	}
	if len(text) > MaxSize {
		return nil, notReport("larger than %d MiB", MaxSize>>20)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, notReport("empty")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	var whole json.RawMessage
	if err := d.Decode(&whole); err != nil {
		return nil, notReport("%s", plain(err))
	}
	if rest := bytes.TrimSpace(text[d.InputOffset():]); len(rest) > 0 {
		return nil, notReport("something follows its end: %q", rest[:min(len(rest), 20)])
	}
	var sweep struct {
		Sweep []json.RawMessage `json:"sweep"`
	}
	if json.Unmarshal(whole, &sweep) == nil && sweep.Sweep != nil {
		return nil, notReport("a sweep of %d reports, where one is wanted: take one out, as jq '.sweep[0]' does", len(sweep.Sweep))
	}
	if name, twice := duplicate(whole); twice {
		return nil, notReport("the field %q twice in one object", name)
	}
	strict := json.NewDecoder(bytes.NewReader(whole))
	strict.DisallowUnknownFields()
	var report Report
	if err := strict.Decode(&report); err != nil {
		return nil, notReport("%s", plain(err))
	}
	if err := report.check(); err != nil {
		return nil, err
	}
	return &report, nil
}

func notReport(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotReport, fmt.Sprintf(format, args...))
}

// plain is an error of encoding/json without the prefix "json: ".
func plain(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "it breaks off"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// check rejects figures that no measurement can have, so that callers need not check them.
func (r *Report) check() error {
	if r.Kind != Sim && r.Kind != Bench {
		return notReport("kind %q, want %q or %q", r.Kind, Sim, Bench)
	}
	if r.Lookups < 0 || r.Succeeded < 0 || r.Succeeded > r.Lookups {
		return notReport("%d of %d lookups succeeded", r.Succeeded, r.Lookups)
	}
	if r.RecallOf < 0 || r.Recall < 0 || r.RecallSD < 0 {
		return notReport("recall %v, sd %v, of %d", r.Recall, r.RecallSD, r.RecallOf)
	}
	if v := r.Values; v != nil && (v.Found < 0 || v.Found > v.Gets || v.Confirmed < 0 || v.Confirmed > v.Puts) {
		return notReport("%d of %d puts confirmed, %d of %d gets found", v.Confirmed, v.Puts, v.Found, v.Gets)
	}
	for _, d := range r.distributions() {
		if err := d.check(); err != nil {
			return notReport("%s: %v", d.name, err)
		}
	}
	return nil
}

func (d *Distribution) check() error {
	const most = 1 << 53 // more than any count; sums up to it are exact
	for _, v := range d.figures() {
		if v < 0 || v > most {
			return fmt.Errorf("%v is out of range", v)
		}
	}
	n := 0
	for i, b := range d.Histogram {
		switch {
		case b.Value < 0 || b.Value > most || i > 0 && b.Value <= d.Histogram[i-1].Value:
			return fmt.Errorf("column %v of the histogram out of order", b.Value)
		case b.Count < 1 || b.Count > most-n:
			return fmt.Errorf("column %v of the histogram counts %d", b.Value, b.Count)
		}
		n += b.Count
	}
	return nil
}
