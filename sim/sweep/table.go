package sweep

import (
	"encoding/csv"
	"io"
	"strconv"

	"kadmium/sim"
	"kadmium/sim/report"
)

// WriteTable writes a table in CSV: a row for each run and metric, and a column for each
// setting. The same runs give the same bytes.
func (r *Results) WriteTable(w io.Writer) error {
	out := csv.NewWriter(w)
	header := append([]string{"run"}, r.columns...)
	if r.columns == nil {
		base := sim.Defaults()
		for _, s := range base.Settings() {
			header = append(header, s.Name)
		}
	}
	if err := out.Write(append(header, "metric", "value")); err != nil {
		return err
	}
	metrics := r.metrics()
	for i, run := range r.Runs {
		row := []string{run.ID}
		for _, name := range header[1:] {
			row = append(row, run.Params[name])
		}
		for _, m := range metrics[i] {
			if err := out.Write(append(row[:len(header):len(header)], m.Name, strconv.FormatFloat(m.Value, 'g', -1, 64))); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// metrics are those of the runs, with 0 of work that only others did (design R11.7), and of
// that named also.
func (r *Results) metrics(also ...string) [][]report.Metric {
	reports := make([]*report.Report, len(r.Runs))
	for i := range r.Runs {
		reports[i] = r.Runs[i].Report
	}
	return report.MetricsOf(reports, also...)
}

// valuesOf are a metric's values, one a run; those runs that lack it are left out.
func valuesOf(metrics [][]report.Metric, name string) []float64 {
	var all []float64
	for _, run := range metrics {
		for _, m := range run {
			if m.Name == name {
				all = append(all, m.Value)
			}
		}
	}
	return all
}
