package sweep

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/klauspost/compress/zstd"

	"kadmium/sim"
	"kadmium/sim/report"
)

// LookupsFile is the table of lookups, a row each. The rows of one run are kept in a file of
// its own below lookupsDir, of which LookupsFile is made.
const (
	LookupsFile = "lookups.csv.zst"
	lookupsDir  = "lookups"
)

func lookupsFile(id string) string { return lookupsDir + "/" + id + ".csv.zst" }

// lookupColumns are those of a lookup, after the run and its settings. A cell is empty where
// there is nothing to say.
var lookupColumns = []struct {
	name string
	of   func(*sim.Config, *report.Sample) string
}{
	{"number", func(_ *sim.Config, s *report.Sample) string { return strconv.Itoa(s.Number) }},
	{"measures", func(c *sim.Config, s *report.Sample) string { return c.Measures(s.Number) }},
	{"started_ms", func(_ *sim.Config, s *report.Sample) string { return decimal(report.Milliseconds(s.Started)) }},
	{"succeeded", func(_ *sim.Config, s *report.Sample) string { return strconv.FormatBool(s.Succeeded) }},
	{"hops", func(_ *sim.Config, s *report.Sample) string { return unless(s.Hops == 0, s.Hops) }},
	{"first_replica_hops", func(_ *sim.Config, s *report.Sample) string {
		return unless(s.FirstReplicaHops == 0, s.FirstReplicaHops)
	}},
	{"rounds", func(_ *sim.Config, s *report.Sample) string { return strconv.Itoa(s.Rounds) }},
	{"rounds_after_closest", func(_ *sim.Config, s *report.Sample) string { return unless(s.Hops == 0, s.RoundsAfterClosest) }},
	{"rpcs", func(_ *sim.Config, s *report.Sample) string { return strconv.Itoa(s.RPCs) }},
	{"latency_ms", func(_ *sim.Config, s *report.Sample) string { return decimal(report.Milliseconds(s.Latency)) }},
	{"bytes", func(_ *sim.Config, s *report.Sample) string { return strconv.FormatUint(s.Bytes, 10) }},
	{"recall", func(_ *sim.Config, s *report.Sample) string {
		if !s.Found {
			return ""
		}
		return decimal(s.Recall)
	}},
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func unless(nothing bool, v int) string {
	if nothing {
		return ""
	}
	return strconv.Itoa(v)
}

// compressed is a writer of zstd. The same bytes give the same bytes, and it has memory for
// a MiB of them.
func compressed(w io.Writer) (*zstd.Encoder, error) {
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
}

func decompressed(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
}

// writeCompressed replaces a file of a directory by what write writes, compressed, or leaves
// it.
func writeCompressed(dir, name string, write func(io.Writer) error) (err error) {
	path := filepath.Join(dir, filepath.FromSlash(name))
	f, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buffered := bufio.NewWriterSize(f, 1<<16)
	z, err := compressed(buffered)
	if err != nil {
		return err
	}
	if err := errors.Join(write(z), z.Close(), buffered.Flush()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// writeLookups keeps the lookups of a run: a line of column names, then one for each.
func writeLookups(dir, id string, c *sim.Config, samples []report.Sample) error {
	return writeCompressed(dir, lookupsFile(id), func(w io.Writer) error {
		out := csv.NewWriter(w)
		header, row := []string{"run"}, []string{id}
		for _, s := range c.Settings() {
			header, row = append(header, s.Name), append(row, s.Value)
		}
		for _, column := range lookupColumns {
			header = append(header, column.name)
		}
		if err := out.Write(header); err != nil {
			return err
		}
		shared := len(row)
		for i := range samples {
			row = row[:shared]
			for _, column := range lookupColumns {
				row = append(row, column.of(c, &samples[i]))
			}
			if err := out.Write(row); err != nil {
				return err
			}
		}
		out.Flush()
		return out.Error()
	})
}

// readLookups copies the lines of a run's lookups, without the first. It returns how many
// there are.
func readLookups(dir, id string, to io.Writer, header io.Writer) (lines int, err error) {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(lookupsFile(id))))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	z, err := decompressed(f)
	if err != nil {
		return 0, err
	}
	defer z.Close()
	in := bufio.NewReaderSize(z, 1<<16)
	first, err := in.ReadBytes('\n')
	if err != nil {
		return 0, err
	}
	if _, err := header.Write(first); err != nil {
		return 0, err
	}
	count := new(lineCounter)
	_, err = in.WriteTo(io.MultiWriter(to, count))
	return count.lines, err
}

// A lineCounter counts the lines that are written to it.
type lineCounter struct{ lines int }

func (c *lineCounter) Write(b []byte) (int, error) {
	c.lines += bytes.Count(b, []byte{'\n'})
	return len(b), nil
}

// hasLookups reports whether the directory has all lookups of a run.
func hasLookups(dir, id string, r *report.Report) bool {
	lines, err := readLookups(dir, id, io.Discard, io.Discard)
	return err == nil && lines == r.Lookups
}

// collectLookups makes the table of the lookups of all runs, a run at a time, and returns
// how many there are.
func (r *Results) collectLookups(dir string) (rows int, err error) {
	err = writeCompressed(dir, LookupsFile, func(w io.Writer) error {
		for i, run := range r.Runs {
			header := io.Discard
			if i == 0 {
				header = w
			}
			lines, err := readLookups(dir, run.ID, w, header)
			if err != nil {
				return fmt.Errorf("%s: %w", lookupsFile(run.ID), err)
			}
			rows += lines
		}
		return nil
	})
	return rows, err
}
