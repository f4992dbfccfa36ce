package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"kadmium/rpc"
	"kadmium/session"
	"kadmium/sim/report"
)

// The figures of reports that rows show.

func hops(r *result) float64           { return r.Report.Hops.Mean }
func firstReplica(r *result) float64   { return r.Report.FirstReplicaHops.Mean }
func rounds(r *result) float64         { return r.Report.Rounds.Mean }
func afterClosest(r *result) float64   { return r.Report.RoundsAfterClosest.Mean }
func requests(r *result) float64       { return r.Report.RPCs.Mean }
func recall(r *result) float64         { return r.Report.Recall }
func wall(r *result) float64           { return r.Report.Machine.WallSeconds }
func speed(r *result) float64          { return r.Report.Machine.RPCsPerSecond }
func memoryOfNode(r *result) float64   { return r.Report.Machine.MemoryBytesPerNode }
func peak(r *result) float64           { return r.PeakMemory }
func bytesPerSecond(r *result) float64 { return r.Report.BytesPerNodeSecond }
func lost(r *result) float64           { return float64(r.Report.Values.Lost) }
func found(r *result) float64          { return ratio(r.Report.Values.Found, r.Report.Values.Gets) }
func succeeded(r *result) float64      { return ratio(r.Report.Succeeded, r.Report.Lookups) }

// shareOf is the share of lookups of at most so many hops.
func shareOf(hops int, r *result) float64 {
	if hops > len(r.HopShares) {
		return 1
	}
	return r.HopShares[hops-1]
}

// work is a count of Report.Work.
func work(r *result, name string) float64 {
	if i := slices.IndexFunc(r.Report.Work, func(w report.Work) bool { return w.Name == name }); i >= 0 {
		return float64(r.Report.Work[i].Count)
	}
	return 0
}

// A kind is a kind of requests with their number.
type kind struct {
	name  string
	count float64
}

// kinds are the kinds of requests of all nodes, the most frequent first.
func kinds(r *result) []kind {
	var all []kind
	for _, w := range r.Report.Work {
		if name, ok := strings.CutPrefix(w.Name, "requests."); ok && name == strings.ToUpper(name) {
			all = append(all, kind{name, float64(w.Count)})
		}
	}
	slices.SortStableFunc(all, func(a, b kind) int { return cmp.Compare(b.count, a.count) })
	return all
}

// nodeHours is the total time for which nodes were up.
func nodeHours(r *result) float64 { return r.Report.NodesUp * r.Report.VirtualSeconds / 3600 }

// A joining is the cost of one join, in a network in which every node joined: all requests
// except those of the lookups of the workload, for each node.
type joining struct{ findNodes, pings, bytes float64 }

func joiningOf(r *result) joining {
	nodes := float64(r.Report.Config.Nodes)
	j := joining{
		findNodes: (work(r, "requests.FIND_NODE") - float64(r.Report.Lookups)*requests(r)) / nodes,
		pings:     work(r, "requests.PING") / nodes,
	}
	j.bytes = j.findNodes*r.Report.Bytes.Mean/requests(r) + j.pings*pingBytes()
	return j
}

// pingBytes is the size of a PING and its answer on the wire.
func pingBytes() float64 {
	ask := rpc.Message{Type: rpc.Ping, Serves: true}
	answer := rpc.Message{Type: rpc.Ping, Response: true, Serves: true, Observed: observed}
	return float64(2*session.SessionOverhead + rpc.Size(&ask, nil) + rpc.Size(&answer, nil))
}

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// The formats of numbers.

func digits(n int) func(float64) string {
	return func(v float64) string { return report.Grouped(strconv.FormatFloat(v, 'f', n, 64)) }
}

// short is a number with as many digits as needed.
func short(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// percent is a share in per cent, rounded down to two decimal places, so that only all is
// shown as 100 %.
func percent(v float64) string {
	return short(math.Floor(v*1e4+1e-6)/100) + " %"
}

func seconds(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f s", v)
	}
	return report.Grouped(fmt.Sprintf("%.0f s", v))
}

// memory is an amount of memory in a suitable unit.
func memory(v float64) string {
	switch {
	case v == 0:
		return "not known"
	case v >= 1<<30:
		return fmt.Sprintf("%.1f GiB", v/(1<<30))
	case v >= 1<<20:
		return fmt.Sprintf("%.0f MiB", v/(1<<20))
	}
	return report.Grouped(fmt.Sprintf("%.0f bytes", v))
}

// latencies are the median, the 90th and the 99th percentile.
func latencies(d *report.Distribution) string {
	return fmt.Sprintf("%s / %s / %s ms", digits(0)(d.P50), digits(0)(d.P90), digits(0)(d.P99))
}
