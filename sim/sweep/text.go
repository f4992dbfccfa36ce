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

// theoryHops is the metric of the hops that theory expects.
const theoryHops = "theory.hops"

// shown are the metrics of the table for people; recall is left out where it is 1 in all runs,
// and theory where it covers none.
var shown = []string{"succeeded", "recall", "hops.mean", theoryHops, "rounds.mean", "rpcs.mean", "latency_ms.p50", "latency_ms.p99"}

// A Group is the runs of one configuration, which differ in their seeds only.
type Group struct {
	Params  map[string]string // without the seed
	Runs    []Run             // those that have ended
	Planned int               // also those that have not

	metrics [][]report.Metric // of the runs
}

// Groups are the runs by configuration, in the order of the plan; a configuration of which no
// run has ended is none.
func (r *Results) Groups() []Group {
	var all []Group
	at := make(map[string]int)
	names := r.withoutSeed()
	metrics := r.metrics()
	for i, run := range r.Runs {
		of := key(run.Params, names)
		g, known := at[of]
		if !known {
			g = len(all)
			at[of] = g
			all = append(all, Group{Params: run.Params})
		}
		all[g].Runs = append(all[g].Runs, run)
		all[g].metrics = append(all[g].metrics, metrics[i])
		all[g].Planned++
	}
	for _, run := range r.Missing {
		if i, known := at[key(run.Params, names)]; known {
			all[i].Planned++
		}
	}
	return all
}

// withoutSeed are the settings that vary, but for the seed.
func (r *Results) withoutSeed() []string {
	return slices.DeleteFunc(slices.Clone(r.Varied), func(name string) bool { return name == "seed" })
}

// Values are a metric's values, one a run; those runs that lack it are left out. Work that only
// other runs of the sweep did is 0 (design R11.7).
func (g *Group) Values(metric string) []float64 { return valuesOf(g.metrics, metric) }

// Write writes the runs as a table for people: a row for each configuration, whose figures
// are means over its seeds. Of an interrupted sweep it says so first, and each row how many
// of its runs have ended.
func (r *Results) Write(w io.Writer) error {
	var b bytes.Buffer
	groups := r.Groups()
	if len(r.Missing) > 0 {
		r.writeInterrupted(&b, groups)
	}
	if len(groups) > 0 {
		if err := r.writeGroups(&b, groups); err != nil {
			return err
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeInterrupted says how much of the plan is there, and what goes on from there.
func (r *Results) writeInterrupted(b *bytes.Buffer, groups []Group) {
	next := "nothing is kept without --out DIR"
	if r.Kept {
		next = "the same command goes on"
	}
	fmt.Fprintf(b, "%d of %d runs, interrupted: %s\n", len(r.Runs), len(r.Runs)+len(r.Missing), next)
	names, begun, none := r.withoutSeed(), make(map[string]bool), make(map[string]bool)
	for _, g := range groups {
		begun[key(g.Params, names)] = true
	}
	for _, run := range r.Missing {
		if of := key(run.Params, names); !begun[of] {
			none[of] = true
		}
	}
	if len(none) > 0 && len(groups) > 0 {
		fmt.Fprintf(b, "not in the table: %s of which no run has ended\n", report.Count(len(none), "configuration"))
	}
}

func (r *Results) writeGroups(b *bytes.Buffer, groups []Group) error {
	names := r.withoutSeed()
	metrics := r.shown()
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, name := range names {
		fmt.Fprintf(tw, "%s\t", name)
	}
	fmt.Fprintf(tw, "runs\t%s\t\n", strings.Replace(strings.Join(metrics, "\t"), theoryHops, "theory", 1))
	most, planned, equal := 0, 0, false
	for _, g := range groups {
		most, planned = max(most, len(g.Runs)), max(planned, g.Planned)
		for _, name := range names {
			fmt.Fprintf(tw, "%s\t", g.Params[name])
		}
		if len(g.Runs) < g.Planned {
			fmt.Fprintf(tw, "%d of %d\t", len(g.Runs), g.Planned)
		} else {
			fmt.Fprintf(tw, "%d\t", len(g.Runs))
		}
		for _, metric := range metrics {
			text, same := mean(g.Values(metric))
			if metric == theoryHops {
				text, same = expected(g.Values(metric)), false
			}
			equal = equal || same
			fmt.Fprintf(tw, "%s\t", text)
		}
		fmt.Fprintln(tw)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	switch {
	case most >= interval.Least:
		b.WriteString("means over seeds, with 95 % intervals by Student's t\n")
	case planned >= interval.Least:
		fmt.Fprintf(b, "no intervals yet: they are made of at least %d runs of a configuration\n", interval.Least)
	default:
		fmt.Fprintf(b, "no intervals: they are made of at least %d seeds, as --seed 1..%d\n", interval.Least, interval.Least)
	}
	if equal {
		b.WriteString("equal: the same in all seeds, of which no interval can be made\n")
	}
	return nil
}

// shown are the metrics of the table.
func (r *Results) shown() []string {
	metrics := r.metrics()
	complete := !slices.ContainsFunc(valuesOf(metrics, "recall"), func(v float64) bool { return v != 1 })
	covered := len(valuesOf(metrics, theoryHops)) > 0
	return slices.DeleteFunc(slices.Clone(shown), func(metric string) bool {
		return metric == "recall" && complete || metric == theoryHops && !covered
	})
}

// expected is what theory expects of a configuration, which is the same for all seeds.
func expected(values []float64) string {
	if len(values) == 0 {
		return "-"
	}
	return report.Number(values[0])
}

// mean is the mean of values as text, with half of its interval if there are enough. Values
// that are all the same have none: Student's would have no width, as if the mean were known
// exactly, where the figure is only coarser than its chance (design R11.6).
func mean(values []float64) (text string, equal bool) {
	if len(values) == 0 {
		return "-", false
	}
	if m, err := interval.OfMean(values); err == nil {
		if m.Low == m.High {
			return report.Number(m.Mean) + " equal", true
		}
		return report.Number(m.Mean) + " ±" + report.Number((m.High-m.Low)/2), false
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return report.Number(sum / float64(len(values))), false
}
