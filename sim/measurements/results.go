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

// A result is the result of one command, without the large parts of its report.
type result struct {
	Command    string  `json:"command"`
	Date       string  `json:"date"`
	PeakMemory float64 `json:"peak_memory"` // bytes; 0: not known
	Same       string  `json:"same"`        // SHA-256 of the report without machine
	// Runs has the figures of each run by metric, if the command had several seeds.
	Runs      map[string][]float64 `json:"runs,omitempty"`
	HopShares []float64            `json:"hop_shares"` // shares of lookups with at most 1, 2, ... hops
	Report    *report.Report       `json:"report"`     // of the first seed, without histograms, series, buckets and trace
}

// newResult reads the output of a command.
func newResult(line string, output []byte) (*result, error) {
	first, runs, err := runsOf(output)
	if err != nil {
		return nil, err
	}
	whole, err := report.Read(bytes.NewReader(first))
	if err != nil {
		return nil, err
	}
	if whole.Partial {
		return nil, errors.New("it ended before its end")
	}
	r := &result{Command: line, Runs: runs, HopShares: hopShares(&whole.Hops), Report: whole}
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

// hopShares is the distribution function of hops, at 1, 2, ... up to the maximum.
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

// kept are the results of docs/measurements.json, in the order of their commands.
type kept struct {
	Results []*result `json:"results"`
}

// result is the result of a command, or nil.
func (k *kept) result(c command) *result {
	line := c.line()
	for _, r := range k.Results {
		if r.Command == line {
			return r
		}
	}
	return nil
}

// keep adds a result. It replaces an older one of the same command.
func (k *kept) keep(r *result) {
	k.Results = slices.DeleteFunc(k.Results, func(old *result) bool { return old.Command == r.Command })
	k.Results = append(k.Results, r)
}

// only keeps the results of the given commands, and puts them into their order.
func (k *kept) only(commands []command) {
	var results []*result
	for _, c := range commands {
		if r := k.result(c); r != nil {
			results = append(results, r)
		}
	}
	k.Results = results
}

// load reads the results. Without a file there are none.
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

// save writes the results, one on each line.
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

// replace replaces a file at once: a reader sees either the old or the new content.
func replace(path string, text []byte) error {
	if err := os.WriteFile(path+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
