package picture

import (
	"fmt"
	"os"

	"kadmium/sim/report"
)

// Draw draws reports into files in dir, and returns the files. It makes dir if needed.
//
// Distributions and hops against the number of nodes have one picture of all reports.
// Tables, series and traces have one of each report; the file name tells the settings in
// which the report differs from the others. Reports that differ in whose trace they have
// alone are told apart by their traces, and otherwise drawn once. Pictures without data are
// left out. An error names the file that could not be written; no file is written in part.
func Draw(dir string, reports []*report.Report) (files []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("draw %s: %w", dir, cause(err))
	}
	for _, p := range pages(reports) {
		written, err := p.write(dir)
		files = append(files, written...)
		if err != nil {
			return files, err
		}
	}
	return files, nil
}

// pages are the pictures that reports have data for.
func pages(reports []*report.Report) []*page {
	if len(reports) == 0 {
		return nil
	}
	once := measuredOnce(reports)
	all := []*page{hopsPage(once), rpcsPage(once), latencyPage(once), scalingPage(once)}
	all = append(all, ofEach(once, bucketsPage, seriesPage)...)
	all = append(all, ofEach(reports, tracePage)...)
	drawn := all[:0]
	for _, p := range all {
		if p != nil {
			drawn = append(drawn, p)
		}
	}
	return drawn
}

// ofEach are the pages of each report.
func ofEach(reports []*report.Report, makes ...func(*report.Report) *page) (all []*page) {
	suffixes := fileNames(reports)
	for i, r := range reports {
		_, settings := names(reports[i : i+1])
		for _, made := range makes {
			if p := made(r); p != nil {
				p.lines = append([]string{settings}, p.lines...)
				p.file += suffixes[i]
				all = append(all, p)
			}
		}
	}
	return all
}
