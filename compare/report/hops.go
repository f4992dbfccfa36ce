package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"kadmium/sim/report"
	"kadmium/sim/theory"
)

// A Depth is how far lookups of the closest nodes go in one network, beside theory.
type Depth struct {
	Nodes   int      `json:"nodes"`
	K       int      `json:"k"`
	Alpha   int      `json:"alpha"`
	Lookups int      `json:"lookups"` // of a run
	Runs    int      `json:"runs"`
	Theory  *float64 `json:"theory"` // hops expected on ideal tables; null: not covered by theory
	Costs   []Cost   `json:"costs"`
}

// depthMetrics are the metrics of a Depth.
var depthMetrics = []string{"hops, mean", "hops, p95", "rounds, mean", "requests, mean", "requests, p95"}

// NewDepth is the Depth of a network from what its runs measured. It is false if that has no
// hops.
func NewDepth(nodes, k, alpha, lookups int, runs [][]Series) (Depth, bool) {
	d := Depth{Nodes: nodes, K: k, Alpha: alpha, Lookups: lookups, Runs: len(runs)}
	// The searcher is one of the nodes; theory leaves it out. It asks the alpha closest, kadmium
	// none but the k closest.
	if expected, err := theory.Hops(theory.Params{Nodes: nodes - 1, K: k, Alpha: alpha, Bits: 1}); err == nil && alpha <= k {
		d.Theory = new(math.Round(expected.Mean()*1000) / 1000) // further digits are not exact
	}
	for _, c := range Costs(runs) {
		if base, _, _ := strings.Cut(c.Operation, ", alpha"); base == Closest && slices.Contains(depthMetrics, c.Metric) {
			c.Operation = Closest
			d.Costs = append(d.Costs, c)
		}
	}
	return d, d.cost(depthMetrics[0]) != nil
}

func (d *Depth) cost(metric string) *Cost {
	for i := range d.Costs {
		if d.Costs[i].Metric == metric {
			return &d.Costs[i]
		}
	}
	return nil
}

// setting is the network of a Depth.
func (d *Depth) setting() string {
	return fmt.Sprintf("%s, k %d, alpha %d", report.GroupedCount(d.Nodes, "node"), d.K, d.Alpha)
}

// rows are the rows of the table of hops, under depthHead.
func (r *Report) depthRows() [][]string {
	var rows [][]string
	for _, d := range r.Depths {
		for i, metric := range depthMetrics {
			c := d.cost(metric)
			if c == nil {
				continue
			}
			setting, expected := "", "-"
			if i == 0 {
				setting, expected = d.setting(), figure(d.Theory)
			}
			f := c.figures()
			rows = append(rows, []string{setting, metric, expected, f[0], f[1], c.difference()})
		}
	}
	return rows
}

var depthHead = []string{"network", "", "theory", "libp2p", "kadmium", "kadmium - libp2p"}

// difference is kadmium's figure less libp2p's.
func (c *Cost) difference() string {
	if c.Libp2p == nil || c.Kadmium == nil {
		return "-"
	}
	v := *c.Kadmium - *c.Libp2p
	var within *float64
	if c.Margin != nil {
		within = c.Margin.Difference
	}
	return ranged(&v, within)
}

func (r *Report) writeDepths(b *strings.Builder) {
	b.WriteString("\n## Hops\n\n")
	if len(r.Depths) == 0 {
		b.WriteString(notMeasuredHops + "\n")
		return
	}
	fmt.Fprintf(b, "| %s |\n|---|---|---|---|---|---|\n", strings.Join(depthHead, " | "))
	for _, row := range r.depthRows() {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	b.WriteString("\n" + r.depthNotes() + depthMeaning)
}

const notMeasuredHops = "Not measured in this run (`--only hops`)."

// depthNotes says how many runs and lookups the rows are of, and what their margins are.
func (r *Report) depthNotes() string {
	var b strings.Builder
	for _, d := range r.Depths {
		fmt.Fprintf(&b, "- %s: %s of %s; %s.\n", d.setting(), report.GroupedCount(d.Runs, "run"), report.GroupedCount(d.Lookups, "lookup"), intervals(d.Runs))
	}
	return b.String()
}

const depthMeaning = `- Both sides' hops are of the closest node returned: a peer of the searcher's own table is at hop 1, one first named by a peer at hop h at h + 1.
  kadmium counts them itself; libp2p's are those that its lookup events tell.
- Rounds are the longest chain of requests each of which waited for the outcome of the one before.
  libp2p ends a lookup by asking those of the k nearest that have not answered: a round of its own.
- Theory is that of package sim/theory: tables whose buckets are full of random members of their range, alpha asked in step, the closest of all answers kept.
  Real tables have what joining, and ten lookups a node, brought.
- The last column pairs the two sides by run: the hosts and keys of a run are the same on both.
`
