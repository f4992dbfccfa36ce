package main

import (
	"fmt"
	"strings"
)

var day = experiment{
	name:  "day",
	title: "A day of KAD's users",
	why: `Nodes are up and away as users of the KAD network were (Steiner, En-Najjary and Biersack: Weibull with shape 0.615 and scale 169.5 min up, 0.476 and 413.7 min away), 10,000 of them up at a time.
10,000 keys are published once, within the first half hour, and never again; they survive because holders replicate them and hand them over.
All the time nodes are looked up, and keys are fetched by nodes that do not hold them.`,
	commands: []command{
		{name: "day", flags: "--workload day --sessions kad --duration 24h --nodes 10000 --keys 10000 --ttl 48h --lookups 10000 --seed 1"},
	},
	rows: []row{
		wanted("keys lost, of 10,000", lost, digits(0), target{"0", func(v float64) bool { return v == 0 }}, "day"),
		wanted("lookups that returned the closest node", succeeded, percent, atLeast(.999, percent), "day"),
		shown("gets that found their value", func(r []*result) string {
			v := r[0].Report.Values
			return fmt.Sprintf("%s of %s, %s", count(v.Found), count(v.Gets), percent(found(r[0])))
		}, "day"),
		of("recall", recall, short, "day"),
		shown("latency of a lookup, p50 / p90 / p99", func(r []*result) string { return latencies(&r[0].Report.LatencyMS) }, "day"),
		of("bytes for each node and second", bytesPerSecond, digits(1), "day"),
		shown("requests of a node in an hour", func(r []*result) string {
			return digits(0)(float64(r[0].Report.RPCTotal) / nodeHours(r[0]))
		}, "day"),
		shown("which were", func(r []*result) string { return shares(r[0]) }, "day"),
		shown("of a node in an hour: joins, re-stores, hand-overs, probes", func(r []*result) string {
			text := ""
			for _, name := range []string{"joins", "restores", "handovers", "probes"} {
				text = join(text, digits(2)(work(r[0], name)/nodeHours(r[0])))
			}
			return text
		}, "day"),
		shown("operations whose node left before their end", func(r []*result) string { return count(r[0].Report.Abandoned) }, "day"),
		wanted("wall time", wall, seconds, atMost(300, seconds), "day"),
		of("most memory of the process", peak, memory, "day"),
	},
	says: `A key is lost if at the end no node that is up would give it out.
A lookup is judged by the nodes that had joined half a minute before it began and were still up at its end.`,
}

// shares lists the kinds of requests with their shares of all requests.
func shares(r *result) string {
	var parts []string
	for _, k := range kinds(r) {
		parts = append(parts, fmt.Sprintf("%s %.1f %%", k.name, 100*k.count/float64(r.Report.RPCTotal)))
	}
	return strings.Join(parts, ", ")
}

func count(n int) string { return digits(0)(float64(n)) }

var churn = experiment{
	name:  "churn",
	title: "Churn",
	why: `Half of all stays end within 1.4 minutes, and nodes are away for as long.
These are the shortest stays under which Bamboo still worked, with less than 900 bytes for each of 1,000 nodes and second (Rhea, Geels, Roscoe and Kubiatowicz 2004).`,
	commands: []command{
		{name: "churn", flags: "--sessions exp:121s --nodes 1000 --duration 1h --lookups 10000 --seed 1"},
	},
	rows: []row{
		wanted("lookups that returned the closest node", succeeded, percent, atLeast(.99, percent), "churn"),
		wanted("bytes for each node and second", bytesPerSecond, digits(0), atMost(900, digits(0)), "churn"),
		of("recall", recall, short, "churn"),
		shown("latency of a lookup, p50 / p90 / p99", func(r []*result) string { return latencies(&r[0].Report.LatencyMS) }, "churn"),
		of("latency, mean, ms", func(r *result) float64 { return r.Report.LatencyMS.Mean }, digits(0), "churn"),
		of("requests of a lookup, mean", requests, digits(1), "churn"),
		shown("requests for each node and second", func(r []*result) string {
			return digits(2)(float64(r[0].Report.RPCTotal) / nodeHours(r[0]) / 3600)
		}, "churn"),
		shown("operations whose node left before their end", func(r []*result) string { return count(r[0].Report.Abandoned) }, "churn"),
	},
	says: `An exponential distribution with a mean of 121 s has its median at 84 s.
A node returns with its identity and with what its data directory would have kept: records, and contacts of its table by which it joins again.`,
}
