package main

import (
	"fmt"
	"math"

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
	finds: besideFinds,
	says:  besideSays,
}

const (
	besideTest = "-nodes 60 -lookups 500 -seeds 10"
	besideSim  = "--tables join --nodes 60 --lookups 500 --latency file:sim/measurements/sites.csv --seed 1..10"
)

const besideSays = `Where an interval leaves 0 out, the cause is one of these:

- The whole nodes join eight at a time and look up as soon as all have joined; the simulator's join one after the other, and their tables have settled for half a minute.
- Whole nodes meet peers with whom they have no session yet, and learn of a newcomer from another of its messages than the simulator's do.
- The bytes of the model are those of the lookup's own datagrams, all of established sessions.
  Those of whole nodes are all that the searcher's socket sends and receives meanwhile: also signed first contacts, which are larger and of which a young network has many, and what the node does by itself and answers.`

// besideFinds says how large the errors of the means of hops, rounds, requests and latency are.
// Results come in pairs, of whole nodes and simulated.
func besideFinds(r []*result) string {
	most, low, high := 0.0, 0.0, 0.0
	for i := 0; i+1 < len(r); i += 2 {
		for _, metric := range []string{"hops.mean", "rounds.mean", "rpcs.mean", "latency_ms.mean"} {
			d, err := inPercent(r[i], r[i+1], metric)
			if err != nil {
				return "There are too few seeds to say how large the errors are."
			}
			most = max(most, math.Abs(d.Difference))
			low, high = min(low, d.Low), max(high, d.High)
		}
	}
	return fmt.Sprintf("The means of hops, rounds, requests and latency are off by at most %.1f %%; the intervals of these errors reach from %+.1f to %+.1f %%.", most, low, high)
}

// inPercent is the error of a simulated metric in percent of that of whole nodes.
func inPercent(real, simulated *result, metric string) (interval.Difference, error) {
	d, err := interval.Welch(real.Runs[metric], simulated.Runs[metric])
	if err != nil {
		return d, err
	}
	mean, err := interval.OfMean(real.Runs[metric])
	if err == nil && mean.Mean == 0 {
		err = fmt.Errorf("%s of whole nodes is 0", metric)
	}
	scale := 100 / mean.Mean
	return interval.Difference{Difference: scale * d.Difference, Low: scale * d.Low, High: scale * d.High, P: d.P}, err
}

// modelError is a row of a metric of whole nodes and simulated, with the difference in
// percent of the former. within is the target for it; 0: none.
func modelError(what, metric string, format func(float64) string, within float64, k string) row {
	target := ""
	if within > 0 {
		target = "within " + short(within) + " %"
	}
	return row{what: what, from: []string{"real-" + k, "sim-" + k}, target: target, measure: func(r []*result) measured {
		d, err := inPercent(r[0], r[1], metric)
		real, realErr := interval.OfMean(r[0].Runs[metric])
		simulated, simErr := interval.OfMean(r[1].Runs[metric])
		if err != nil || realErr != nil || simErr != nil {
			return measured{text: "too few seeds"}
		}
		text := fmt.Sprintf("%s / %s, %+.1f %% (%+.1f to %+.1f)", format(real.Mean), format(simulated.Mean), d.Difference, d.Low, d.High)
		return measured{text, near(d.Difference, 0, within)}
	}}
}
