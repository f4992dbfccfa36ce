package sweep

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"kadmium/sim"
	"kadmium/sim/report"
)

// lookupRows are the rows of a directory's table of lookups, the names of columns first.
func lookupRows(t *testing.T, dir string) [][]string {
	t.Helper()
	z, err := decompressed(bytes.NewReader(read(t, dir, LookupsFile)))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// The table has each lookup of each run, with the run's settings; the means of its columns
// are those of the reports. It does not depend on the number of cores.
func TestLookupsAreKept(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want []byte
	for _, cores := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(cores)
		dir := t.TempDir()
		results, stopped, err := Execute(t.Context(), small(t), Options{Dir: dir, Lookups: true})
		if err != nil || stopped || results.Rows != 6*20 || results.Again != 0 {
			t.Fatal(results, stopped, err)
		}
		table := read(t, dir, LookupsFile)
		if want == nil {
			want = table
		}
		if !bytes.Equal(table, want) {
			t.Errorf("on %d cores the table differs", cores)
		}
		rows := lookupRows(t, dir)
		if len(rows) != 1+6*20 {
			t.Fatalf("%d rows", len(rows))
		}
		column := func(name string) int { return slices.Index(rows[0], name) }
		for i, run := range results.Runs {
			hops, latency := 0.0, 0.0
			for number, row := range rows[1+20*i:][:20] {
				if row[0] != run.ID || row[column("alpha")] != run.Params["alpha"] || row[column("number")] != strconv.Itoa(number) || row[column("measures")] != "find" {
					t.Fatal(row)
				}
				h, err := strconv.ParseFloat(row[column("hops")], 64)
				l, err2 := strconv.ParseFloat(row[column("latency_ms")], 64)
				if err != nil || err2 != nil {
					t.Fatal(row)
				}
				hops, latency = hops+h/20, latency+l/20
			}
			if d := hops - run.Report.Hops.Mean; d < -1e-4 || d > 1e-4 {
				t.Errorf("hops %v, report %v", hops, run.Report.Hops.Mean)
			}
			if d := latency - run.Report.LatencyMS.Mean; d < -1e-2 || d > 1e-2 {
				t.Errorf("latency %v, report %v", latency, run.Report.LatencyMS.Mean)
			}
		}
	}
}

// A run that was kept without its lookups, or whose lookups are broken, is run again; what
// is whole is not. Without the lookups there is no table of other runs' lookups.
func TestLookupsAreMadeWhereTheyAreMissing(t *testing.T) {
	configs := small(t)
	dir := t.TempDir()
	execute(t, configs[:2], dir)
	results, _, err := Execute(t.Context(), configs, Options{Dir: dir, Lookups: true})
	if err != nil || results.Again != 2 || results.Rows != 120 {
		t.Fatal(results, err)
	}
	want := read(t, dir, LookupsFile)
	broken := filepath.Join(dir, filepath.FromSlash(lookupsFile(results.Runs[3].ID)))
	whole := read(t, broken)
	for _, text := range [][]byte{nil, []byte("x"), whole[:len(whole)/2]} {
		if err := os.WriteFile(broken, text, 0o600); err != nil {
			t.Fatal(err)
		}
		before := results.Runs[2].Report.Machine
		results, _, err = Execute(t.Context(), configs, Options{Dir: dir, Lookups: true})
		if err != nil || results.Again != 1 || !bytes.Equal(read(t, dir, LookupsFile), want) {
			t.Error(results, err)
		}
		if results.Runs[2].Report.Machine != before {
			t.Error("what was there was run again")
		}
	}
	execute(t, configs[:1], dir)
	if _, err := os.Stat(filepath.Join(dir, LookupsFile)); !os.IsNotExist(err) {
		t.Errorf("a table of other runs is left: %v", err)
	}
}

// Each lookup of a history is there too, in the order of the beginnings, and its row says of
// which workload it is one.
func TestLookupsOfAHistory(t *testing.T) {
	p := Plan{Base: sim.Defaults(), Axes: []Axis{{"nodes", []string{"60"}}, {"lookups", []string{"9"}}, {"workload", []string{"find", "mixed", "day"}}, {"tables", []string{"join"}}, {"duration", []string{"5m"}}}}
	configs, err := p.Configs(nil)
	if err != nil {
		t.Fatal(err)
	}
	configs[2].Lookups = 0 // nothing is measured
	dir := t.TempDir()
	results, _, err := Execute(t.Context(), configs, Options{Dir: dir, Lookups: true})
	if err != nil || results.Rows != 18 {
		t.Fatal(results, err)
	}
	rows := lookupRows(t, dir)
	measures, recall, started := slices.Index(rows[0], "measures"), slices.Index(rows[0], "recall"), slices.Index(rows[0], "started_ms")
	for i, row := range rows[1:] {
		want := report.WorkloadFind
		if i >= 9 {
			want = []string{report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide}[i%3]
		}
		if row[measures] != want || (row[recall] != "") != (want == report.WorkloadFind) || row[started] == "0" {
			t.Errorf("row %d: %v", i, row)
		}
	}
	if lines, err := readLookups(dir, results.Runs[2].ID, io.Discard, io.Discard); lines != 0 || err != nil {
		t.Errorf("%d lines of a run without lookups: %v", lines, err)
	}
}
