package picture

import (
	"bytes"
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"kadmium/sim"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// swept are the results of a sweep over all combinations of values, with figures that
// depend on them about as in a network.
func swept(t *testing.T, seeds int, axes ...sweep.Axis) *sweep.Results {
	t.Helper()
	var all []string
	for i := range seeds {
		all = append(all, strconv.Itoa(i+1))
	}
	p := sweep.Plan{Base: sim.Defaults(), Axes: append(axes, sweep.Axis{Name: "seed", Values: all})}
	configs, err := p.Configs(nil)
	if err != nil {
		t.Fatal(err)
	}
	results := &sweep.Results{}
	for _, s := range p.Base.Settings() {
		if slices.ContainsFunc(p.Axes, func(a sweep.Axis) bool { return a.Name == s.Name && len(a.Values) > 1 }) {
			results.Varied = append(results.Varied, s.Name)
		}
	}
	for i := range configs {
		c := &configs[i]
		params := make(map[string]string)
		for _, s := range c.Settings() {
			params[s.Name] = s.Value
		}
		results.Runs = append(results.Runs, sweep.Run{ID: strconv.Itoa(i), Params: params, Report: ran(c)})
	}
	return results
}

func ran(c *sim.Config) *report.Report {
	random := rand.New(rand.NewPCG(c.Seed, uint64(c.Nodes+1000*c.Alpha+7*c.K)))
	r := &report.Report{Kind: report.Sim, Lookups: 1000, Succeeded: 1000 - int(200*c.Loss), Config: report.Config{Nodes: c.Nodes, Lookups: 1000, K: c.K, Alpha: c.Alpha, Seed: c.Seed,
		Tables: c.Tables, Latency: c.Latency.String(), Loss: c.Loss, Workload: c.Workload, Targets: c.Targets}}
	hops := math.Log10(float64(c.Nodes))*2.2/math.Log2(float64(c.K+1)) - .1*math.Log(float64(c.Alpha)) + .03*random.NormFloat64()
	requests := float64(c.K) + 2*float64(c.Alpha) + random.NormFloat64()
	r.Hops = report.NewDistribution([]float64{hops, hops})
	r.RPCs = report.NewDistribution([]float64{requests, requests})
	r.LatencyMS = report.NewDistribution([]float64{50 * hops * (1 + 2*c.Loss), 50 * hops * (1 + 20*c.Loss)})
	r.RPCTotal = uint64(requests * float64(c.Nodes))
	return r
}

func axis(name string, values ...string) sweep.Axis { return sweep.Axis{Name: name, Values: values} }

// pagesOf are the pages of one picture of a sweep.
func pagesOf(t *testing.T, r *sweep.Results, text string) []*page {
	t.Helper()
	p, err := sweep.ParsePlot(text)
	if err != nil {
		t.Fatal(err)
	}
	charts, err := r.Charts(p)
	if err != nil {
		t.Fatal(err)
	}
	var all []*page
	for i := range charts {
		all = append(all, chartPage(&charts[i]))
	}
	return all
}

// said are all texts of a page, one a line.
func said(t *testing.T, p *page) string {
	var all []string
	for _, w := range texts(t, p) {
		all = append(all, strings.ReplaceAll(w.text, "\u00a0", " "))
	}
	return "\n" + strings.Join(all, "\n") + "\n"
}

// Every kind of picture of a sweep has its title, what is measured, a legend and captions,
// none of which are cut off or lie over another, and as many bands and marks as there are
// lines and points. There is no interval of fewer than 5 seeds.
func TestSweepPictures(t *testing.T) {
	nodes := axis("nodes", "1000", "10000", "1000000")
	for _, c := range []struct {
		name  string
		of    *sweep.Results
		plot  string
		pages int
		file  string
		says  []string
		bands int
	}{
		{"one line", swept(t, 5, axis("alpha", "1", "3", "5")), "rpcs.mean:alpha", 1, "rpcs.mean-by-alpha",
			[]string{"Requests of a lookup, mean, against alpha", "10,000 nodes, k = 20, latency const:50ms", "Each point is the mean over 5 seeds; bands are 95 % intervals (Student's t). The y axis does not begin at 0.", "alpha", "1", "3", "5"}, 1},
		{"few seeds", swept(t, 4, nodes, axis("alpha", "1", "3")), "latency_ms.p50:nodes:alpha", 1, "latency-ms.p50-by-nodes-alpha",
			[]string{"Latency of a lookup (ms), median, against nodes, by alpha", "Each point is the mean over 4 seeds; no intervals: they are made of at least 5 seeds.", "alpha = 1", "alpha = 3", "nodes (logarithmic)", "1,000,000"}, 0},
		{"small multiples", swept(t, 5, nodes, axis("alpha", "1", "3"), axis("k", "4", "8", "12", "16", "20")), "hops.mean:nodes:alpha:k", 1, "hops.mean-by-nodes-alpha-k",
			[]string{"Hops of a lookup, mean, against nodes, by alpha and k", "k = 4", "k = 20"}, 10},
		{"what is not named", swept(t, 1, nodes, axis("alpha", "1", "3"), axis("k", "4", "8"), axis("loss", "0", "0.1")), "rpc_total:nodes", 2, "rpc-total-by-nodes-k-alpha-loss-0",
			[]string{"Requests of all nodes, against nodes, by k and alpha, at loss 0", "Each point is one run; no intervals: they are made of at least 5 seeds."}, 0},
		{"no numbers", swept(t, 5, axis("latency", "world", "const:50ms", "exp:80ms"), axis("k", "8", "20")), "hops.mean:latency:k", 1, "hops.mean-by-latency-k",
			[]string{"Each point is the mean over 5 seeds; bars are 95 % intervals (Student's t). The y axis does not begin at 0.", "exp:80ms"}, 0},
		{"times", swept(t, 5, axis("latency", "const:500ms", "const:20ms")), "hops.mean:latency", 1, "hops.mean-by-latency", []string{"latency const (logarithmic)", "20ms", "500ms"}, 1},
		{"from 0", swept(t, 5, axis("loss", "0", "0.1", "0.001")), "succeeded:loss", 1, "succeeded-by-loss", []string{"Lookups that succeeded, against loss", "loss", "0", "0.1", "98.0 %", "100.0 %", "Each point is the mean over 5 seeds; bands are 95 % intervals (Student's t). The y axis does not begin at 0."}, 1},
		{"heat map", swept(t, 5, axis("alpha", "1", "3"), nodes), "heat:rpcs.mean:alpha:nodes", 1, "heat-rpcs.mean-by-alpha-nodes",
			[]string{"Requests of a lookup, mean, against alpha and nodes", "Each number is the mean over 5 seeds; ± is half of the 95 % interval (Student's t)."}, 0},
		{"heat maps", swept(t, 2, axis("k", "4", "20"), nodes, axis("alpha", "1", "10")), "heat:hops.mean:nodes:k", 1, "heat-hops.mean-by-nodes-k-alpha",
			[]string{"Hops of a lookup, mean, against nodes and k, by alpha", "alpha = 10", "Each number is the mean over 2 seeds; no intervals: they are made of at least 5 seeds."}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := pagesOf(t, c.of, c.plot)
			if len(all) != c.pages || all[0].file != c.file {
				t.Fatalf("%d pages, the first %s", len(all), all[0].file)
			}
			apart(t, c.name, all[0])
			text := said(t, all[0])
			for _, part := range c.says {
				if !strings.Contains(text, "\n"+part+"\n") {
					t.Errorf("it does not say %q:%s", part, text)
				}
			}
			if hasIntervals := strings.Contains(text, "\n±"); hasIntervals != (c.name == "heat map") {
				t.Errorf("intervals in cells: %v", hasIntervals)
			}
			data, err := svg(all[0])
			if err != nil {
				t.Fatal(err)
			}
			marks := len(all[0].legend) // that show a band too
			if got := bytes.Count(data, []byte("fill-opacity:0.18")); c.bands == 0 && got > 0 || c.bands > 0 && got != c.bands+marks {
				t.Errorf("%d bands, want %d and those of %d entries of the legend", got, c.bands, marks)
			}
		})
	}
}

// Runs that are missing leave gaps, in a heat map cells that say so.
func TestSweepWithGaps(t *testing.T) {
	r := swept(t, 5, axis("nodes", "1000", "10000", "100000"), axis("alpha", "1", "3"))
	r.Runs = slices.DeleteFunc(r.Runs, func(run sweep.Run) bool {
		return run.Params["nodes"] == "10000" && run.Params["alpha"] == "3" || run.ID == "0"
	})
	text := said(t, pagesOf(t, r, "heat:hops.mean:nodes:alpha")[0])
	if strings.Count(text, "±") != 5 || !strings.Contains(text, "not measured") || !strings.Contains(text, "over 4 to 5 seeds; ± is half of the 95 % interval (Student's t), where there are 5 seeds.") {
		t.Error(text)
	}
	p := pagesOf(t, r, "hops.mean:nodes:alpha")[0]
	data, err := svg(p)
	if bands := bytes.Count(data, []byte("fill-opacity:0.18")); err != nil || bands != 1+len(p.legend) {
		t.Errorf("%d bands, want that of alpha 1 where it has 5 seeds, and 2 in the legend: %v", bands, err)
	}
	for i := range r.Runs {
		r.Runs[i].Report.Hops = report.Distribution{}
	}
	if _, err := DrawSweep(t.TempDir(), r, []sweep.Plot{{Metric: "hops.mean", X: "nodes"}}); err == nil {
		t.Error("a picture of nothing")
	}
}

// The pictures of a sweep are an SVG and a PNG each, and the same runs make the same bytes.
func TestSweepFiles(t *testing.T) {
	r := swept(t, 5, axis("nodes", "1000", "10000"), axis("alpha", "1", "3"))
	plots := []sweep.Plot{{Metric: "hops.mean", X: "nodes", Panel: "alpha"}, {Metric: "rpcs.mean", X: "nodes", Y: "alpha"}}
	var first []byte
	for range 2 {
		dir := t.TempDir()
		files, err := DrawSweep(dir, r, plots)
		if err != nil || len(files) != 4 {
			t.Fatal(files, err)
		}
		inDir(t, dir, both("hops.mean-by-nodes-alpha", "heat-rpcs.mean-by-nodes-alpha")...)
		var all []byte
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		if first == nil {
			first = all
			checkPNG(t, filepath.Join(dir, "hops.mean-by-nodes-alpha.png"), 960, 600)
			checkPNG(t, filepath.Join(dir, "heat-rpcs.mean-by-nodes-alpha.png"), 960, 600)
		}
		if !bytes.Equal(first, all) {
			t.Error("the second time the bytes are others")
		}
	}
}

// An interval that reaches beyond an axis, as that of a share beyond 100 %, ends there.
func TestIntervalsStayInTheirPanel(t *testing.T) {
	r := swept(t, 5, axis("loss", "0", "0.1"), axis("alpha", "1", "3"))
	for i := range r.Runs {
		r.Runs[i].Report.Succeeded = 1000 - i%5/4*40 // one seed of five is worse: the interval is wide
	}
	p := pagesOf(t, r, "succeeded:loss:alpha")[0]
	drawn, s := p.panels[0], strand{}
	if low, high := s.span(drawn, &sweep.Point{Low: -1, High: 1.2}); low != drawn.Y.Min || high != drawn.Y.Max || high > 1.01 {
		t.Errorf("-100 to 120 %% is drawn from %v to %v, the axis from %v to %v", low, high, drawn.Y.Min, drawn.Y.Max)
	}
}

// No two lines of a picture have the same mark and dash, nor the same colour.
func TestStrandsDiffer(t *testing.T) {
	values := []string{"1", "2", "3", "4", "5", "6", "7", "8"}
	for _, amounts := range [][]float64{nil, {1, 2, 3, 4, 5, 6, 7, 8}} {
		c := &sweep.Chart{Xs: sweep.Scale{Amounts: []float64{1}}, Lines: sweep.Scale{Values: values, Amounts: amounts}}
		seen := make(map[any]bool)
		for i := range sweep.MaxLines {
			s := strandOf(c, i)
			if seen[s.ink] || seen[s.mark] {
				t.Errorf("line %d looks like another", i)
			}
			seen[s.ink], seen[s.mark] = true, true
		}
	}
	if len(values) != sweep.MaxLines || len(corners)*2 < sweep.MaxLines || len(kinds) < sweep.MaxLines {
		t.Error("there are fewer marks or colours than lines")
	}
}

// Cells of a heat map that differ have figures that do, shares in per cent, and so has the
// legend. What differs by chance only needs no more digits, and there is room for them.
func TestHeatFigures(t *testing.T) {
	heat := func(metric string, half float64, values ...float64) *sweep.Chart {
		c := &sweep.Chart{Plot: sweep.Plot{Metric: metric, X: "nodes", Y: "alpha"}, Lines: sweep.Scale{Values: []string{"1"}}, Panels: sweep.Scale{Values: []string{""}}, Points: make(map[sweep.At]sweep.Point)}
		for i, v := range values {
			c.Xs.Values = append(c.Xs.Values, strconv.Itoa(i))
			c.Points[sweep.At{X: i}] = sweep.Point{Runs: 5, Mean: v, Low: v - half, High: v + half, Band: half > 0}
		}
		return c
	}
	byMean := func(a, b sweep.Point) int { return cmp.Compare(a.Mean, b.Mean) }
	for _, c := range []struct {
		of    *sweep.Chart
		wants string
	}{
		{heat("recall", 0, 1, .9994, .9998), "100.00 % 99.94 % 99.98 %"},
		{heat("recall", .001, 1, .9994, .9998), "100.0 % 99.9 % 99.9 %"}, // no further apart than by chance; only all is 100 %
		{heat("succeeded", 0, 1, 1), "100 % 100 %"},
		{heat("succeeded", .0002, .9931, .9986), "99.31 % 99.86 %"}, // ±0.02 %
		{heat("succeeded", 0, 1, .98, .5), "100 % 98 % 50 %"},
		{heat("values.found", 0, .534, .531, .77), "53.4 % 53.1 % 77.0 %"},
		{heat("succeeded", 0, 1, .999999), "100.0000 % 99.9999 %"},
		{heat("hops.mean", 0, 2.4312, 2.4341, 2.9), "2.431 2.434 2.900"},
		{heat("hops.mean", .02, 2.4312, 2.4341, 2.9), "2.43 2.43 2.90"},
		{heat("latency_ms.p99", 0, 217.31, 217.32, 900), "217 217 900"},
		{heat("rpc_total", 0, 12341, 12342, 12399), "12,341 12,342 12,399"},
	} {
		p := &page{}
		heatPanels(p, c.of)
		f := figuresOf(c.of, 60)
		var got []string
		for i := range c.of.Xs.Values {
			got = append(got, f.mean(c.of.Points[sweep.At{X: i}].Mean))
		}
		if strings.Join(got, " ") != c.wants {
			t.Errorf("%s: %q, want %q", c.of.Metric, got, c.wants)
		}
		least, greatest := slices.MinFunc(slices.Collect(maps.Values(c.of.Points)), byMean), slices.MaxFunc(slices.Collect(maps.Values(c.of.Points)), byMean)
		if want := f.mean(least.Mean) + " (palest) to " + f.mean(greatest.Mean) + " (darkest)"; !strings.HasPrefix(p.legend[0].text, want) {
			t.Errorf("%s: the legend has %q", c.of.Metric, p.legend[0].text)
		}
	}
	if f := figuresOf(heat("recall", 0, 1, .9994, .9998), 34); f.mean(.9994) != "99.9 %" { // or there would be no figure
		t.Errorf("%q in a narrow cell", f.mean(.9994))
	}
	if half := (figures{share: true}).half(sweep.Point{Low: .9991, High: .9997}); half != "±0.03 %" {
		t.Error(half)
	}
}

// Every metric has words.
func TestMetricTexts(t *testing.T) {
	seen := make(map[string]string)
	for _, metric := range sim.Metrics() {
		title, axis := metricText(metric)
		for _, text := range []string{title, axis} {
			if field := strings.ToLower(text) == text && strings.Contains(text, "_"); field || strings.Contains(text, ".") || text == "" {
				t.Errorf("%s is called %q", metric, text)
			}
		}
		if other := seen[title]; other != "" {
			t.Errorf("%s and %s are both called %q", other, metric, title)
		}
		seen[title] = metric
	}
	for metric, want := range map[string]string{"work.datagrams.lost": "datagrams that were lost", "work.requests.FIND_NODE": "FIND_NODE requests", "work.own_counter": "own counter"} {
		if title, _ := metricText(metric); title != want {
			t.Errorf("%s is called %q, want %q", metric, title, want)
		}
	}
}

// Of a sweep whose runs differ in whose trace they have too, no picture counts a run twice,
// and each trace has one that says whose it is.
func TestTracesOfASweep(t *testing.T) {
	r := swept(t, 5, axis("alpha", "1", "3"), axis("trace-of", "typical", "worst", "7"))
	for i := range r.Runs {
		run := &r.Runs[i]
		run.Report.Trace = walked().Of(run.Params["trace-of"], 7)
		if of := run.Params["trace-of"]; of != report.TraceTypical {
			run.Report.Config.TraceOf = of
		}
	}
	var plots []string
	for _, p := range r.UsualPlots() {
		plots = append(plots, p.String())
	}
	if got := strings.Join(plots, " "); got != "hops.mean:alpha rpcs.mean:alpha latency_ms.p50:alpha latency_ms.p99:alpha" {
		t.Error(got)
	}
	if text := said(t, pagesOf(t, r, "hops.mean:alpha")[0]); !strings.Contains(text, "the mean over 5 seeds;") || strings.Contains(text, "trace") {
		t.Error(text)
	}
	var one []*report.Report
	for _, g := range r.Groups() {
		one = append(one, g.Runs[0].Report)
	}
	titles := make(map[string]string)
	for _, p := range pages(one) {
		titles[p.file] = p.title
		if strings.HasPrefix(p.file, "trace") {
			continue
		}
		if text := said(t, p); len(p.legend) > 2 || strings.Contains(text, "typical") || strings.Contains(text, "worst") {
			t.Errorf("%s:%s", p.file, text)
		}
	}
	for file, title := range map[string]string{"trace-alpha-3-typical-lookup": "A typical lookup (lookup 7): ", "trace-alpha-3-worst-lookup": "The slowest lookup of the most hops (lookup 7): ", "trace-alpha-1-lookup-7": "Lookup 7: ", "hops": "Hops of a lookup"} {
		if !strings.HasPrefix(titles[file], title) {
			t.Errorf("%s has the title %q, want %q; there are %v", file, titles[file], title, titles)
		}
	}
	if _, ok := titles["trace"]; ok || len(titles) != 6+3 {
		t.Errorf("%d pictures: %v", len(titles), titles)
	}
}

// A y axis begins at 0, or its picture says that it does not.
func TestAxesFromZero(t *testing.T) {
	for _, c := range []struct{ low, high, from float64 }{{0, 0, 0}, {1, 10, 0}, {5, 10, 0}, {-1, 1, -2}, {6, 10, 6}, {10, 10, 10}} {
		from, to := metricRange(c.low, c.high)
		if ok := from <= c.low && to >= c.high && to > from; !ok || (from > 0) != (c.from > 0) {
			t.Errorf("%v to %v: from %v to %v", c.low, c.high, from, to)
		}
	}
	r := full()
	page := seriesPage(r) // nodes up around 6,600, success around 98 %
	for _, drawn := range page.panels {
		if !strings.HasSuffix(drawn.Y.Label.Text, " (not from 0)") || drawn.Y.Min <= 0 {
			t.Errorf("%q begins at %v", drawn.Y.Label.Text, drawn.Y.Min)
		}
	}
	r.Series[3].NodesUp, r.Series[3].Succeeded = 100, 1
	for _, drawn := range seriesPage(r).panels {
		if strings.Contains(drawn.Y.Label.Text, "from") || drawn.Y.Min != 0 {
			t.Errorf("%q begins at %v", drawn.Y.Label.Text, drawn.Y.Min)
		}
	}
	for _, p := range append(pages(sizes()), pages([]*report.Report{full()})...) {
		for _, drawn := range p.panels {
			if drawn.Y.Min > 0 && !strings.Contains(drawn.Y.Label.Text, "(not from 0)") {
				t.Errorf("%s: %q begins at %v", p.file, drawn.Y.Label.Text, drawn.Y.Min)
			}
			style := lettering(textSize, inkSoft)
			if room := p.least / vg.Length(len(p.panels)); p.least > 0 && style.Width(drawn.Y.Label.Text) > room-20 {
				t.Errorf("%s: %q has no room in %v", p.file, drawn.Y.Label.Text, room)
			}
		}
	}
}

// Labels of values do not run into one another; the ends and powers of ten come first.
func TestValueTicks(t *testing.T) {
	at := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 40, 64}
	labels := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "20", "40", "64"}
	if got := labelled(valueTicks{at, labels, 200, plot.LogScale{}}.Ticks(1, 64)); got != "1 2 3 4 6 10 20 40 64" {
		t.Error(got)
	}
	long := []string{"1,000", "10,000", "100,000", "1,000,000"}
	if got := labelled(valueTicks{[]float64{0, 1, 2, 3}, long, 150, plot.LinearScale{}}.Ticks(-.5, 3.5)); got != "1k 10k 100k 1M" {
		t.Error(got)
	}
}
