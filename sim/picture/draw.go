package picture

import (
	"fmt"
	"os"

	"kadmium/sim/report"
)

// Draw draws what reports say into dir, which it makes if there is none, and
// returns the files it wrote. Pictures of distributions and of hops against the
// number of nodes are of all reports together; of a table, a run and a trace each
// report has its own, named after what it differs in from the others if there are
// others. What no report has data for is not drawn. An error names the file that
// could not be written; there is no half of it.
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
	all := []*page{hopsPage(reports), rpcsPage(reports), latencyPage(reports), scalingPage(reports)}
	suffixes := fileNames(reports)
	for i, r := range reports {
		_, settings := names(reports[i : i+1])
		for _, p := range []*page{bucketsPage(r), seriesPage(r), tracePage(r)} {
			if p == nil {
				continue
			}
			p.lines = append([]string{settings}, p.lines...)
			p.file += suffixes[i]
			all = append(all, p)
		}
	}
	drawn := all[:0]
	for _, p := range all {
		if p != nil {
			drawn = append(drawn, p)
		}
	}
	return drawn
}
