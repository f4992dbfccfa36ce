package api

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kadmium"
)

// totals are figures of several nodes, added up by metric and labels.
type totals struct {
	values  map[series]float64
	spreads map[series]*kadmium.Histogram
	named   map[dotted]series
	started time.Time // of the node that was started first
}

// A dotted is a name of Stats, with what ends that of its metric.
type dotted struct{ name, suffix string }

// A series is a metric with the values of its labels, in the metric's order.
type series struct {
	metric string
	labels string // parted by zero bytes
}

func newTotals() *totals {
	return &totals{values: make(map[series]float64), spreads: make(map[series]*kadmium.Histogram), named: make(map[dotted]series)}
}

func (t *totals) add(metric string, v float64, labels ...string) {
	t.values[series{metric, strings.Join(labels, "\x00")}] += v
}

// set is for what is of the process.
func (t *totals) set(metric string, v float64) { t.values[series{metric: metric}] = v }

// count adds a counter of Stats or of the server.
func (t *totals) count(name string, n uint64) {
	t.values[t.seriesOf(name, "_total")] += float64(n)
}

// gauge adds a gauge of Stats.
func (t *totals) gauge(name string, v float64) {
	t.values[t.seriesOf(name, "")] += v
}

// seriesOf is the series of a dotted name, which all nodes of a process have.
func (t *totals) seriesOf(name, suffix string) series {
	s, ok := t.named[dotted{name, suffix}]
	if !ok {
		metric, labels := metricOf(name)
		s = series{metric + suffix, strings.Join(labels, "\x00")}
		t.named[dotted{name, suffix}] = s
	}
	return s
}

// since notes when a node was started.
func (t *totals) since(started time.Time) {
	if t.started.IsZero() || started.Before(t.started) {
		t.started = started
	}
}

// merge adds the figures of others.
func (t *totals) merge(o *totals) {
	t.since(o.started)
	for s, v := range o.values {
		t.values[s] += v
	}
	for s, h := range o.spreads {
		t.spreadOf(s, h)
	}
}

// spread adds a histogram. All of one metric have the same bounds.
func (t *totals) spread(metric string, h *kadmium.Histogram, labels ...string) {
	t.spreadOf(series{metric, strings.Join(labels, "\x00")}, h)
}

func (t *totals) spreadOf(at series, h *kadmium.Histogram) {
	sum := t.spreads[at]
	if sum == nil {
		c := h.Clone()
		t.spreads[at] = &c
		return
	}
	if !slices.Equal(sum.Bounds, h.Bounds) { // a node without a journal has none
		if len(sum.Bounds) == 0 {
			c := h.Clone()
			t.spreads[at] = &c
		}
		return
	}
	for i, n := range h.Counts {
		sum.Counts[i] += n
	}
	sum.Sum += h.Sum
}

// underscores are in the names of metrics what parts the names of Stats.
var underscores = strings.NewReplacer(".", "_", "-", "_", " ", "_")

// metricOf is the name and the labels of the metric that a dotted name of Stats has.
func metricOf(name string) (metric string, labels []string) {
	family, rest, found := strings.Cut(name, ".")
	if found && (family == "requests" || family == "served") && rest == strings.ToUpper(rest) {
		return "kad_" + family, []string{rest}
	}
	if found && family == "refused" {
		return "kad_" + family, []string{rest}
	}
	return "kad_" + underscores.Replace(name), nil
}

// send sends all figures.
func (t *totals) send(out chan<- prometheus.Metric) {
	for s, v := range t.values {
		kind := prometheus.GaugeValue
		if strings.HasSuffix(s.metric, "_total") {
			kind = prometheus.CounterValue
		}
		out <- prometheus.MustNewConstMetric(s.desc(), kind, v, s.values()...)
	}
	for s, h := range t.spreads {
		buckets := make(map[float64]uint64, len(h.Bounds))
		var below uint64
		for i, bound := range h.Bounds {
			below += h.Counts[i]
			buckets[bound] = below
		}
		out <- prometheus.MustNewConstHistogram(s.desc(), h.Count(), h.Sum, buckets, s.values()...)
	}
}

func (s series) desc() *prometheus.Desc {
	m := metricHelp[s.metric]
	return prometheus.NewDesc(s.metric, m.help, m.labels, nil)
}

// values are those of the labels. A series of a metric without labels has none.
func (s series) values() []string {
	if len(metricHelp[s.metric].labels) == 0 {
		return nil
	}
	return strings.Split(s.labels, "\x00")
}
