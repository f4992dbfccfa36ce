package sweep

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"kadmium/sim/interval"
	"kadmium/sim/report"
)

// shown are the metrics of the table for people.
var shown = []string{"succeeded", "hops.mean", "rounds.mean", "rpcs.mean", "latency_ms.p50", "latency_ms.p99"}

// A Group is the runs of one configuration, which differ in their seeds only.
type Group struct {
	Params map[string]string // without the seed
	Runs   []Run
}

// Groups are the runs by configuration, in the order of the plan.
func (r *Results) Groups() []Group {
	var all []Group
	at := make(map[string]int)
	for _, run := range r.Runs {
		of := make([]string, 0, len(r.Varied))
		for _, name := range r.Varied {
			if name != "seed" {
				of = append(of, run.Params[name])
			}
		}
		key := strings.Join(of, "\n")
		i, known := at[key]
		if !known {
			i = len(all)
			at[key] = i
			all = append(all, Group{Params: run.Params})
		}
		all[i].Runs = append(all[i].Runs, run)
	}
	return all
}

// Values are a metric's values, one a run; those runs that lack it are left out.
func (g *Group) Values(metric string) []float64 {
	var all []float64
	for i := range g.Runs {
		for _, m := range g.Runs[i].Report.Metrics() {
			if m.Name == metric {
				all = append(all, m.Value)
			}
		}
	}
	return all
}

// Write writes the runs as a table for people: a row for each configuration, whose figures
// are means over its seeds.
func (r *Results) Write(w io.Writer) error {
	var b bytes.Buffer
	names := slices.DeleteFunc(slices.Clone(r.Varied), func(name string) bool { return name == "seed" })
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, name := range names {
		fmt.Fprintf(tw, "%s\t", name)
	}
	fmt.Fprintf(tw, "runs\t%s\t\n", strings.Join(shown, "\t"))
	groups := r.Groups()
	for _, g := range groups {
		for _, name := range names {
			fmt.Fprintf(tw, "%s\t", g.Params[name])
		}
		fmt.Fprintf(tw, "%d\t", len(g.Runs))
		for _, metric := range shown {
			fmt.Fprintf(tw, "%s\t", mean(g.Values(metric)))
		}
		fmt.Fprintln(tw)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	most := 0
	for _, g := range groups {
		most = max(most, len(g.Runs))
	}
	if most >= interval.Least {
		b.WriteString("means over seeds, with 95 % intervals by Student's t\n")
	} else {
		fmt.Fprintf(&b, "no intervals: they are made of at least %d seeds, as --seed 1..%d\n", interval.Least, interval.Least)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// mean is the mean of values as text, with half of its interval if there are enough.
func mean(values []float64) string {
	if len(values) == 0 {
		return "-"
	}
	if m, err := interval.OfMean(values); err == nil {
		return report.Number(m.Mean) + " ±" + report.Number((m.High-m.Low)/2)
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return report.Number(sum / float64(len(values)))
}
