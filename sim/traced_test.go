package sim

import (
	"math"
	"strconv"
	"testing"
	"time"

	"kadmium/sim/report"
)

// The trace of a report is that of the lookup that was asked for, and says so, whether
// lookups are independent or share a history.
func TestTraceOf(t *testing.T) {
	alone, shared := Defaults(), Defaults()
	alone.Nodes, alone.Lookups, alone.K, alone.Loss = 300, 60, 4, .05
	shared.Nodes, shared.Lookups, shared.K, shared.Tables = 60, 40, 3, report.TablesJoin
	shared.Latency, _ = ParseLatency("exp:80ms")
	shared.Duration = time.Minute
	for name, c := range map[string]Config{"independent": alone, "history": shared} {
		of := func(what string) *report.Report {
			c := c
			c.TraceOf = what
			return simulate(t, c)
		}
		typical := of("")
		if tr := typical.Trace; tr == nil || tr.Which != report.TraceTypical || float64(tr.Hops) != typical.Hops.P50 || math.Abs(tr.EndMS-typical.LatencyMS.P50) > typical.LatencyMS.SD {
			t.Errorf("%s: %+v, medians %v hops and %v ms", name, tr, typical.Hops.P50, typical.LatencyMS.P50)
		}
		worst := of(report.TraceWorst)
		if tr := worst.Trace; tr.Which != report.TraceWorst || float64(tr.Hops) != worst.Hops.Max || worst.Config.TraceOf != report.TraceWorst {
			t.Errorf("%s: %+v, at most %v hops", name, tr, worst.Hops.Max)
		}
		if tr := of("7").Trace; tr.Which != report.TraceNumber || tr.Number != 7 {
			t.Errorf("%s: %+v", name, tr)
		}
		again := of("7").Trace // of the lookup of most hops by its number
		if n := worst.Trace.Number; n != 7 {
			again = of(strconv.Itoa(n)).Trace
		}
		if again.Target != worst.Trace.Target || len(again.Requests) != len(worst.Trace.Requests) {
			t.Errorf("%s: %+v, want that of the worst", name, again)
		}
		if typical.RPCTotal != worst.RPCTotal || typical.Events != worst.Events || typical.BytesPerNodeSecond != worst.BytesPerNodeSecond {
			t.Errorf("%s: the trace changes what is measured", name)
		}
	}
	for _, what := range []string{"60", "-3", "best"} {
		c := alone
		c.TraceOf = what
		if err := c.Check(); err == nil {
			t.Errorf("%q is a lookup of 60", what)
		}
	}
}
