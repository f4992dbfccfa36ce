package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"

	"kadmium/sim/report"
)

// A result is what one command brought, as far as it is kept.
type result struct {
	Command    string         `json:"command"`
	Date       string         `json:"date"`
	PeakMemory float64        `json:"peak_memory"` // bytes; 0: not known
	Same       string         `json:"same"`        // SHA-256 of all of the report but machine
	HopShares  []float64      `json:"hop_shares"`  // of lookups, by hops: of at most 1, 2, ...
	Report     *report.Report `json:"report"`      // without histograms, series, buckets and trace
}

// newResult reads what the command printed.
func newResult(line string, output []byte) (*result, error) {
	whole, err := report.Read(bytes.NewReader(output))
	if err != nil {
		return nil, err
	}
	if whole.Partial {
		return nil, errors.New("it ended before its end")
	}
	r := &result{Command: line, HopShares: hopShares(&whole.Hops), Report: whole}
	machine := whole.Machine
	whole.Machine = report.Machine{}
	text, err := json.Marshal(whole)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	r.Same = hex.EncodeToString(sum[:])
	whole.Machine = machine
	whole.Series, whole.Buckets, whole.Trace = nil, nil, nil
	for _, d := range []*report.Distribution{&whole.Hops, &whole.FirstReplicaHops, &whole.Rounds, &whole.RoundsAfterClosest,
		&whole.RPCs, &whole.LatencyMS, &whole.Bytes} {
		d.Histogram = nil
	}
	return r, nil
}

// hopShares is the distribution function of hops, at 1, 2, ... to the most.
func hopShares(d *report.Distribution) []float64 {
	shares := make([]float64, int(d.Max))
	for _, p := range d.CDF() {
		for i := range shares {
			if float64(i+1) >= p.Value {
				shares[i] = math.Round(p.Share*1e6) / 1e6
			}
		}
	}
	return shares
}

// kept is the results there are, in the order of their commands.
type kept struct {
	Results []*result `json:"results"`
}

// result is that of a command, nil if it was not run as it is now.
func (k *kept) result(c command) *result {
	line := c.line()
	for _, r := range k.Results {
		if r.Command == line {
			return r
		}
	}
	return nil
}

// keep takes in a result, in place of an older one of the same command.
func (k *kept) keep(r *result) {
	k.Results = slices.DeleteFunc(k.Results, func(old *result) bool { return old.Command == r.Command })
	k.Results = append(k.Results, r)
}

// only drops the results of all other commands, and puts the rest in their order.
func (k *kept) only(commands []command) {
	var results []*result
	for _, c := range commands {
		if r := k.result(c); r != nil {
			results = append(results, r)
		}
	}
	k.Results = results
}

// load reads the results; without a file there are none.
func load(path string) (*kept, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return new(kept), nil
	}
	if err != nil {
		return nil, err
	}
	k := new(kept)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(k); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, r := range k.Results {
		if r == nil || r.Report == nil {
			return nil, fmt.Errorf("%s: a result without a report", path)
		}
	}
	return k, nil
}

// save writes the results, one a line.
func (k *kept) save(path string) error {
	var b bytes.Buffer
	b.WriteString("{\"results\": [")
	for i, r := range k.Results {
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(text)
	}
	b.WriteString("\n]}\n")
	return replace(path, b.Bytes())
}

// replace writes a file in one go: whoever reads it sees the old or the new one.
func replace(path string, text []byte) error {
	if err := os.WriteFile(path+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
