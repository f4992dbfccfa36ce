package sweep

import (
	"encoding/csv"
	"io"
	"strconv"

	"kadmium/sim"
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
	for _, run := range r.Runs {
		row := []string{run.ID}
		for _, name := range header[1:] {
			row = append(row, run.Params[name])
		}
		for _, m := range run.Report.Metrics() {
			if err := out.Write(append(row[:len(header):len(header)], m.Name, strconv.FormatFloat(m.Value, 'g', -1, 64))); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
