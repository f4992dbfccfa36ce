package main

import (
	"fmt"

	"kadmium/sim/interval"
)

// beside compares the simulator with kad bench over one matrix of delays.
var beside = experiment{
	name:  "beside",
	title: "Beside whole nodes",
	why: `The same network twice: simulated, and of whole nodes with their sockets' code, handshakes, encryption and timers, which ` + "`kad bench`" + ` starts and measures.
Their datagrams cross a network in memory, in virtual time, and take from node to node what the simulator's take: both have the matrix of round trips between 20 cities in ` + "`sim/measurements/sites.csv`" + `, and of one seed the same node numbers are in the same cities.
Positions and targets are drawn by each in its own way, so the two are compared as independent samples of ten seeds (Welch).
Each line shows the mean of the whole nodes, that of the simulator, and the error of the simulator with its 95 % interval.`,
	commands: []command{
		{name: "real-20", test: besideTest + " -k 20 -reports /tmp/whole-nodes-k20.json"},
		{name: "sim-20", flags: besideSim + " --k 20"},
		{name: "real-4", test: besideTest + " -k 4 -reports /tmp/whole-nodes-k4.json"},
		{name: "sim-4", flags: besideSim + " --k 4"},
	},
	rows: []row{
		modelError("hops, k 20", "hops.mean", digits(3), 5, "20"),
		modelError("hops, k 4", "hops.mean", digits(3), 5, "4"),
		modelError("rounds, k 20", "rounds.mean", digits(3), 5, "20"),
		modelError("rounds, k 4", "rounds.mean", digits(3), 5, "4"),
		modelError("requests of a lookup, k 20", "rpcs.mean", digits(2), 5, "20"),
		modelError("requests of a lookup, k 4", "rpcs.mean", digits(2), 5, "4"),
		modelError("latency of a lookup, mean, ms, k 20", "latency_ms.mean", digits(1), 0, "20"),
		modelError("latency of a lookup, mean, ms, k 4", "latency_ms.mean", digits(1), 0, "4"),
		modelError("latency of a lookup, p99, ms, k 20", "latency_ms.p99", digits(0), 0, "20"),
		modelError("latency of a lookup, p99, ms, k 4", "latency_ms.p99", digits(0), 0, "4"),
		modelError("bytes of a lookup, k 20", "bytes.mean", digits(0), 0, "20"),
		modelError("bytes of a lookup, k 4", "bytes.mean", digits(0), 0, "4"),
	},
	says: besideSays,
}

const (
	besideTest = "-nodes 60 -lookups 500 -seeds 10"
	besideSim  = "--tables join --nodes 60 --lookups 500 --latency file:sim/measurements/sites.csv --seed 1..10"
)

const besideSays = `Hops, rounds, requests and mean latency of the model are right within 2 %, and where a difference is beyond its interval it is one of these:

- The whole nodes join eight at a time and look up as soon as all have joined; the simulator's join one after the other, and their tables have settled for half a minute.
- Whole nodes meet peers with whom they have no session yet, and learn of a newcomer from another of its messages than the simulator's do.
- The bytes of the model are those of the lookup's own datagrams, all of established sessions.
  Those of whole nodes are all that the searcher's socket sends and receives meanwhile: also signed first contacts, which are larger and of which a young network has many, and what the node does by itself and answers.`

// modelError is a row of a metric of whole nodes and simulated, with the difference in
// percent of the former. within is the target for it; 0: none.
func modelError(what, metric string, format func(float64) string, within float64, k string) row {
	target := ""
	if within > 0 {
		target = "within " + short(within) + " %"
	}
	return row{what: what, from: []string{"real-" + k, "sim-" + k}, target: target, measure: func(r []*result) measured {
		d, err := interval.Welch(r[0].Runs[metric], r[1].Runs[metric])
		real, realErr := interval.OfMean(r[0].Runs[metric])
		simulated, simErr := interval.OfMean(r[1].Runs[metric])
		if err != nil || realErr != nil || simErr != nil || real.Mean == 0 {
			return measured{text: "too few seeds"}
		}
		ofReal := func(v float64) float64 { return 100 * v / real.Mean }
		text := fmt.Sprintf("%s / %s, %+.1f %% (%+.1f to %+.1f)", format(real.Mean), format(simulated.Mean), ofReal(d.Difference), ofReal(d.Low), ofReal(d.High))
		return measured{text, near(ofReal(d.Difference), 0, within)}
	}}
}
