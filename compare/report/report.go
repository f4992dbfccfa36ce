// Package report is the report of a comparison: its JSON, its page and its pictures.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// A Report is one run. Its JSON is what --json prints.
type Report struct {
	Versions  map[string]string `json:"versions"` // of Go and of the modules compared
	Tree      Tree              `json:"tree"`     // of kadmium
	Config    Config            `json:"config"`
	Costs     []Cost            `json:"costs"`
	Depths    []Depth           `json:"hops"`
	Behaviour []Row             `json:"behaviour"`
	Missing   []Missing         `json:"missing,omitempty"`
}

// A Tree is the state of this repository that was measured.
type Tree struct {
	Revision string `json:"revision"` // empty: not known
	Dirty    bool   `json:"dirty"`    // it had changes that were not committed
}

// String is the tree in words.
func (t Tree) String() string {
	switch {
	case t.Revision == "":
		return "of a tree that was not noted"
	case t.Dirty:
		return "of revision " + t.Revision + " with changes that were not committed"
	}
	return "of revision " + t.Revision
}

// A Config says how the run was made.
type Config struct {
	Nodes     int    `json:"nodes"`
	Lookups   int    `json:"lookups"`
	Runs      int    `json:"runs"`      // of the costs
	Profile   string `json:"profile"`   // matched, defaults
	Link      string `json:"link"`      // delay of a packet, one way
	Transport string `json:"transport"` // of libp2p: quic, tcp
	K         int    `json:"k"`
	Alpha     []int  `json:"alpha"`   // those measured, one network each; none: as shipped
	Beta      string `json:"beta"`    // how each side ends a lookup
	Command   string `json:"command"` // that made the report
	Date      string `json:"date"`
	Machine   string `json:"machine"`
}

// A Cost is one figure of both sides. It is null for a side that does not have it.
type Cost struct {
	Operation string   `json:"operation"`
	Metric    string   `json:"metric"` // with its unit
	Libp2p    *float64 `json:"libp2p"`
	Kadmium   *float64 `json:"kadmium"`
	Ratio     *float64 `json:"ratio"` // kadmium's by libp2p's
	Margin    *Margin  `json:"margin_95,omitempty"`
}

// A Margin is half the width of the 95 % intervals of a cost over runs, of which there are
// LeastRuns at least.
type Margin struct {
	Libp2p     *float64 `json:"libp2p"`
	Kadmium    *float64 `json:"kadmium"`
	Difference *float64 `json:"difference"` // kadmium's less libp2p's, paired by run
}

// The verdicts.
const (
	Same    = "same"
	Differs = "differs on purpose"
)

// A Row is one case of the behaviour table.
type Row struct {
	Case    string `json:"case"`
	Libp2p  string `json:"libp2p"`
	Kadmium string `json:"kadmium"`
	Verdict string `json:"verdict"`
	Why     string `json:"why"`
}

// LibraryBetter begins the Why of a case in which libp2p does better.
const LibraryBetter = "libp2p is better:"

// A Series has the values of one metric of both sides, lookup by lookup. Pictures are drawn
// from series.
type Series struct {
	Operation string    `json:"operation"`
	Metric    string    `json:"metric"`
	Libp2p    []float64 `json:"libp2p"`
	Kadmium   []float64 `json:"kadmium"`
}

// JSON is the report as one object. Empty lists are [] and not null.
func (r *Report) JSON() ([]byte, error) {
	whole := *r
	if whole.Versions == nil {
		whole.Versions = map[string]string{}
	}
	if whole.Config.Alpha == nil {
		whole.Config.Alpha = []int{}
	}
	if whole.Costs == nil {
		whole.Costs = []Cost{}
	}
	if whole.Depths == nil {
		whole.Depths = []Depth{}
	}
	if whole.Behaviour == nil {
		whole.Behaviour = []Row{}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(&whole)
	return b.Bytes(), err
}

// Read reads a report that Write wrote.
func Read(path string) (*Report, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Report)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}
