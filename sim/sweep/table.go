package sweep

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"kadmium/sim"
	"kadmium/sim/report"
)

// A Metric is a figure of a report, by the name that a comparison of reports gives it.
type Metric struct {
	Name  string
	Value float64
}

// Metrics are the figures of a report that depend on its Config alone.
func Metrics(r *report.Report) []Metric {
	var all []Metric
	for _, f := range report.Compare(r, r).Figures {
		if f.A != nil && !strings.HasPrefix(f.Name, "machine.") {
			all = append(all, Metric{f.Name, *f.A})
		}
	}
	return all
}

// WriteTable writes a table in CSV: a row for each run and metric, and a column for each
// setting. The same runs give the same bytes.
func (r *Results) WriteTable(w io.Writer) error {
	out := csv.NewWriter(w)
	base := sim.Defaults()
	header := []string{"run"}
	for _, s := range base.Settings() {
		header = append(header, s.Name)
	}
	if err := out.Write(append(header, "metric", "value")); err != nil {
		return err
	}
	for _, run := range r.Runs {
		row := []string{run.ID}
		for _, name := range header[1:] {
			row = append(row, run.Params[name])
		}
		for _, m := range Metrics(run.Report) {
			if err := out.Write(append(row[:len(header):len(header)], m.Name, strconv.FormatFloat(m.Value, 'g', -1, 64))); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
