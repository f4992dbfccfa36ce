package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// ErrNotMerged reports reports that cannot be made one. The error says which, and why.
var ErrNotMerged = errors.New("reports cannot be merged")

// MaxMerged bounds the reports that are merged.
const MaxMerged = 4096

// Merge makes one report of those of several clients that measured one live network beside
// each other with the same settings. Counts are sums. Means and standard deviations are
// those of all lookups, and percentiles those of their histograms, whose columns have three
// significant digits. Its error is ErrNotMerged.
func Merge(reports []*Report) (*Report, error) {
	if len(reports) < 2 || len(reports) > MaxMerged {
		return nil, fmt.Errorf("%w: %d, want 2 to %d", ErrNotMerged, len(reports), MaxMerged)
	}
	for i, r := range reports {
		if err := r.mergeable(reports[0]); err != nil {
			return nil, fmt.Errorf("%w: the %s of them: %w", ErrNotMerged, ordinal(i+1), err)
		}
	}
	m := &Report{Kind: Bench, Config: mergedConfig(reports)}
	for _, r := range reports {
		m.Partial = m.Partial || r.Partial
		m.Lookups += r.Lookups
		m.Succeeded += r.Succeeded
		m.Abandoned += r.Abandoned
		m.NodesUp += r.NodesUp
		m.RPCTotal += r.RPCTotal
		m.Events += r.Events
		m.VirtualSeconds = max(m.VirtualSeconds, r.VirtualSeconds)
	}
	m.mergeDistributions(reports)
	m.mergeTraces(reports)
	m.mergeRates(reports)
	m.Values, m.Work = mergedValues(reports), mergedWork(reports)
	m.Buckets, m.Series = mergedBuckets(reports), mergedSeries(reports)
	return m, nil
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		suffix = cmp.Or(map[int]string{1: "st", 2: "nd", 3: "rd"}[n%10], suffix)
	}
	return fmt.Sprintf("%d%s", n, suffix)
}

// mergeable says why a report cannot be merged with the first.
func (r *Report) mergeable(first *Report) error {
	if r.Kind != Bench || r.Config.Bootstrap == "" {
		return errors.New("it is not of a client of a live network: kad bench --bootstrap makes such")
	}
	others := first.Config.settings()
	for i, s := range r.Config.settings() {
		if !slices.Contains([]string{"nodes", "lookups", "seed", "bootstrap"}, s.name) && !s.value.Equal(others[i].value) {
			return fmt.Errorf("%s is %v, and %v of the first", s.name, s.value, others[i].value)
		}
	}
	for _, d := range r.distributions() {
		whole := d.name == "rounds" || d.name == "rpcs" || d.name == "latency_ms" || d.name == "bytes"
		if n := d.N(); n > r.Lookups || whole && n < r.Lookups || n == 0 && d.Max > 0 {
			return fmt.Errorf("the histogram of %s counts %d of %d lookups", d.name, n, r.Lookups)
		}
	}
	return nil
}

// mergedConfig is what was measured by all.
func mergedConfig(reports []*Report) Config {
	c := reports[0].Config
	c.Nodes, c.Lookups = 0, 0
	var bootstrap []string
	for _, r := range reports {
		c.Nodes += r.Config.Nodes
		c.Lookups += r.Config.Lookups
		bootstrap = append(bootstrap, strings.Split(r.Config.Bootstrap, ", ")...)
	}
	slices.Sort(bootstrap)
	c.Bootstrap = strings.Join(slices.Compact(bootstrap), ", ")
	return c
}

// mergeTraces takes the trace of one of the reports: the nearest to the medians of all.
// Its number is that in its own report.
func (r *Report) mergeTraces(reports []*Report) {
	away := func(t *Trace) (hops, time float64) {
		return math.Abs(float64(t.Hops) - r.Hops.P50), math.Abs(t.EndMS - r.LatencyMS.P50)
	}
	for _, other := range reports {
		if other.Trace == nil {
			continue
		}
		if r.Trace == nil {
			r.Trace = other.Trace
			continue
		}
		hops, time := away(other.Trace)
		if leastHops, leastTime := away(r.Trace); hops < leastHops || hops == leastHops && time < leastTime {
			r.Trace = other.Trace
		}
	}
}

// mergeDistributions merges all distributions, and the recall.
func (r *Report) mergeDistributions(reports []*Report) {
	for i, d := range r.distributions() {
		parts := make([]*Distribution, len(reports))
		for j, other := range reports {
			parts[j] = other.distributions()[i].Distribution
		}
		*d.Distribution = mergedDistribution(parts)
	}
	var recall moments
	for _, other := range reports {
		recall.add(other.RecallOf, other.Recall, other.RecallSD)
	}
	r.Recall, r.RecallSD, r.RecallOf = rounded(recall.mean), rounded(recall.sd()), int(recall.n)
}

// moments are the number of samples, their mean, and the sum of the squares of their
// distances from it.
type moments struct{ n, mean, squares float64 }

// add adds samples by their number, mean and standard deviation.
func (m *moments) add(count int, mean, sd float64) {
	if count == 0 {
		return
	}
	n := float64(count)
	apart, sum := mean-m.mean, m.n+n
	m.squares += sd*sd*(n-1) + apart*apart*m.n*n/sum
	m.mean += apart * n / sum
	m.n = sum
}

func (m *moments) sd() float64 {
	if m.n < 2 {
		return 0
	}
	return math.Sqrt(m.squares / (m.n - 1))
}

// mergedDistribution is the distribution of all samples.
func mergedDistribution(parts []*Distribution) Distribution {
	var all moments
	counts := make(map[float64]int)
	d := Distribution{Histogram: []Bin{}}
	for _, p := range parts {
		all.add(p.N(), p.Mean, p.SD)
		d.Max = max(d.Max, p.Max)
		for _, b := range p.Histogram {
			counts[b.Value] += b.Count
		}
	}
	n := int(all.n)
	if n == 0 {
		return d
	}
	for _, value := range slices.Sorted(maps.Keys(counts)) {
		d.Histogram = append(d.Histogram, Bin{value, counts[value]})
	}
	d.Mean, d.SD = rounded(all.mean), rounded(all.sd())
	rank := func(percent int) float64 {
		below := 0
		for _, b := range d.Histogram {
			if below += b.Count; below >= (n*percent+99)/100 {
				return min(b.Value, d.Max)
			}
		}
		return d.Max
	}
	d.P50, d.P90, d.P95, d.P99 = rank(50), rank(90), rank(95), rank(99)
	return d
}

// mergeRates merges what is counted for each node, and the machines.
func (r *Report) mergeRates(reports []*Report) {
	var bytes, nodeSeconds, memory float64
	var versions []string
	for _, other := range reports {
		span := other.NodesUp * other.VirtualSeconds
		bytes += other.BytesPerNodeSecond * span
		nodeSeconds += span
		memory += other.Machine.MemoryBytesPerNode * other.NodesUp
		r.Machine.WallSeconds = max(r.Machine.WallSeconds, other.Machine.WallSeconds)
		r.Machine.CPUs += other.Machine.CPUs
		versions = append(versions, strings.Split(other.Machine.Go, ", ")...)
	}
	slices.Sort(versions)
	r.Machine.Go = strings.Join(slices.Compact(versions), ", ")
	r.BytesPerNodeSecond = ratio(bytes, nodeSeconds)
	r.Machine.MemoryBytesPerNode = ratio(memory, r.NodesUp)
	r.Machine.RPCsPerSecond = ratio(float64(r.RPCTotal), r.Machine.WallSeconds)
}

// ratio is 0 where there is nothing to divide by.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return rounded(a / b)
}

func mergedValues(reports []*Report) *Values {
	var m Values
	var holders float64
	stored := false
	for _, r := range reports {
		if v := r.Values; v != nil {
			stored = true
			m.Puts += v.Puts
			m.Confirmed += v.Confirmed
			m.Gets += v.Gets
			m.Found += v.Found
			m.Lost += v.Lost
			holders += v.Holders * float64(v.Confirmed)
		}
	}
	if !stored {
		return nil
	}
	m.Holders = ratio(holders, float64(m.Confirmed))
	return &m
}

func mergedWork(reports []*Report) []Work {
	counts := make(map[string]uint64)
	for _, r := range reports {
		for _, w := range r.Work {
			counts[w.Name] += w.Count
		}
	}
	var work []Work
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		work = append(work, Work{name, counts[name]})
	}
	return work
}

// mergedBuckets is the occupancy averaged over the tables of all.
func mergedBuckets(reports []*Report) []Bucket {
	var list []Bucket
	var nodes float64
	for _, r := range reports {
		nodes += r.NodesUp
		for _, b := range r.Buckets {
			i, found := slices.BinarySearchFunc(list, b.Prefix, func(b Bucket, prefix int) int { return cmp.Compare(b.Prefix, prefix) })
			if !found {
				list = slices.Insert(list, i, Bucket{Prefix: b.Prefix})
			}
			list[i].Contacts += b.Contacts * r.NodesUp
			list[i].Waiting += b.Waiting * r.NodesUp
			list[i].Dead += b.Dead * r.NodesUp
		}
	}
	for i := range list {
		b := &list[i]
		b.Contacts, b.Waiting, b.Dead = ratio(b.Contacts, nodes), ratio(b.Waiting, nodes), ratio(b.Dead, nodes)
	}
	return list
}

// mergedSeries has the first intervals of all in its first, and so on. Each begins with the
// earliest of them, counted from the start of its own run.
func mergedSeries(reports []*Report) []Interval {
	var list []Interval
	for _, r := range reports {
		for i, v := range r.Series {
			if i == len(list) {
				list = append(list, Interval{Start: v.Start})
			}
			sum := &list[i]
			sum.Start = min(sum.Start, v.Start)
			sum.NodesUp += v.NodesUp
			sum.Lookups += v.Lookups
			sum.Succeeded += v.Succeeded
			sum.LatencyMS += v.LatencyMS * float64(v.Lookups)
			sum.RPCs += v.RPCs
			sum.Bytes += v.Bytes
		}
	}
	for i := range list {
		list[i].LatencyMS = ratio(list[i].LatencyMS, float64(list[i].Lookups))
	}
	return list
}
