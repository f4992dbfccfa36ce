package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// The lookups whose trace a report can have, beside those that are named by their number.
const (
	TraceTypical = "typical" // whose hops and time are nearest to the medians: hops first, then time
	TraceWorst   = "worst"   // of the most hops, and of these the one that took longest
)

// Traceable reports whether text names a lookup: typical, worst or a number from 0 on.
func Traceable(text string) bool {
	n, err := strconv.Atoi(text)
	return text == TraceTypical || text == TraceWorst || err == nil && n >= 0
}

// Traced is the one of samples that text names; if there are several, that of the lowest
// number. It is nil if there is none. The order of the samples does not matter.
func Traced(of string, samples []Sample) *Sample {
	order := orderOf(of, samples)
	var best *Sample
	for i := range samples {
		if s := &samples[i]; order.wants(s) && (best == nil || order.compare(s, best) < 0) {
			best = s
		}
	}
	return best
}

// An order says which lookup is to be traced.
type order struct {
	of         string
	number     int     // of one that is named by it; otherwise negative
	hops, time float64 // medians
}

func orderOf(of string, samples []Sample) order {
	o := order{of: of, number: -1}
	if n, err := strconv.Atoi(of); err == nil {
		o.number = n
	}
	if of == TraceTypical {
		o.hops = median(samples, func(s *Sample) (float64, bool) { return float64(s.Hops), s.Hops > 0 })
		o.time = median(samples, func(s *Sample) (float64, bool) { return float64(s.Latency), true })
	}
	return o
}

// median is by nearest rank, as that of a Distribution.
func median(samples []Sample, of func(*Sample) (value float64, counts bool)) float64 {
	var values []float64
	for i := range samples {
		if v, counts := of(&samples[i]); counts {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[(len(values)+1)/2-1]
}

func (o *order) wants(s *Sample) bool { return o.number < 0 || o.number == s.Number }

// compare orders samples: what is to be traced comes first.
func (o *order) compare(a, b *Sample) int {
	first := 0
	switch o.of {
	case TraceTypical:
		away := func(v, from float64) float64 { return math.Abs(v - from) }
		first = cmp.Or(cmp.Compare(away(float64(a.Hops), o.hops), away(float64(b.Hops), o.hops)),
			cmp.Compare(away(float64(a.Latency), o.time), away(float64(b.Latency), o.time)))
	case TraceWorst:
		first = cmp.Or(cmp.Compare(b.Hops, a.Hops), cmp.Compare(b.Latency, a.Latency))
	}
	return cmp.Or(first, cmp.Compare(a.Number, b.Number))
}

// A Tracer keeps the traces of lookups that may be the one that a report shows, while a run
// that cannot be repeated goes on.
type Tracer struct {
	of    string
	order order
	seen  int    // samples of which the medians of order are
	kept  []kept // what is to be traced comes first
}

// A kept is a lookup with its trace.
type kept struct {
	Sample
	trace *Trace
}

// mostTraces bounds the traces that a Tracer keeps. The medians of many lookups change
// little, so what is far from those of the first part is not near those of the whole.
const mostTraces = 256

// NewTracer is a Tracer of what Traceable allows.
func NewTracer(of string) *Tracer { return &Tracer{of: of, order: orderOf(of, nil)} }

// Ended tells of a lookup that has ended, the last of samples, which are all until now. It
// calls trace if the lookup may be the one.
func (t *Tracer) Ended(samples []Sample, trace func() *Trace) {
	s := &samples[len(samples)-1]
	if !t.order.wants(s) {
		return
	}
	most := 1
	if t.of == TraceTypical {
		most = mostTraces
	}
	full := len(t.kept) == most
	if full && t.of == TraceTypical && len(samples)-t.seen > t.seen/4 {
		t.order, t.seen = orderOf(t.of, samples), len(samples)
		t.sort()
	}
	if full && t.order.compare(s, &t.kept[most-1].Sample) >= 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(t.kept, s, func(k kept, s *Sample) int { return t.order.compare(&k.Sample, s) })
	t.kept = slices.Insert(t.kept, at, kept{*s, trace()})
	t.kept = t.kept[:min(most, len(t.kept))]
}

func (t *Tracer) sort() {
	slices.SortFunc(t.kept, func(a, b kept) int { return t.order.compare(&a.Sample, &b.Sample) })
}

// Trace is the trace of the one of samples, all that have ended, that is to be traced; nil
// if there is none.
func (t *Tracer) Trace(samples []Sample) *Trace {
	if len(t.kept) == 0 {
		return nil
	}
	t.order = orderOf(t.of, samples)
	t.sort()
	return t.kept[0].trace.Of(t.of, t.kept[0].Number)
}

// Of says which lookup the trace is of.
func (t *Trace) Of(of string, number int) *Trace {
	t.Which, t.Number = TraceNumber, number
	if of == TraceTypical || of == TraceWorst {
		t.Which = of
	}
	return t
}

// TraceNumber is said of a trace whose lookup was named by its number.
const TraceNumber = "number"

// Title says which lookup the trace is of.
func (t *Trace) Title() string {
	number := "lookup " + Grouped(strconv.Itoa(t.Number))
	switch t.Which {
	case TraceTypical:
		return fmt.Sprintf("A typical lookup (%s)", number)
	case TraceWorst:
		return fmt.Sprintf("The slowest lookup of the most hops (%s)", number)
	case TraceNumber:
		return "L" + number[1:]
	}
	return "One lookup"
}

// described is the lookup of the trace in a few words.
func (t *Trace) described() string {
	of := " of " + Count(len(t.Requests), "request")
	switch t.Which {
	case TraceTypical:
		return fmt.Sprintf("lookup %d, a typical one,%s", t.Number, of)
	case TraceWorst:
		return fmt.Sprintf("lookup %d, the slowest of the most hops,%s", t.Number, of)
	case TraceNumber:
		return fmt.Sprintf("lookup %d,%s", t.Number, of)
	}
	return "a lookup" + of
}
