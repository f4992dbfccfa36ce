package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

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
	commands: slices.Concat(besideCommands("20"), besideCommands("4")),
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
		errorBesideMet("hops, k 20", "hops.mean", digits(3), "20"),
		errorBesideMet("hops, k 4", "hops.mean", digits(3), "4"),
		errorBesideMet("latency of a lookup, p99, ms, k 20", "latency_ms.p99", digits(0), "20"),
		errorBesideMet("latency of a lookup, p99, ms, k 4", "latency_ms.p99", digits(0), "4"),
		errorBesideMet("bytes of a lookup, k 20", "bytes.mean", digits(0), "20"),
		errorBesideMet("bytes of a lookup, k 4", "bytes.mean", digits(0), "4"),
	},
	finds: besideFinds,
	says:  besideSays,
	more:  besideBytes,
}

// besideCommands are those with one k: whole nodes, whole nodes that have all met, and
// simulated ones.
func besideCommands(k string) []command {
	const (
		whole     = "-nodes 60 -lookups 500 -seeds 10 -k "
		simulated = "--tables join --nodes 60 --lookups 500 --latency file:sim/measurements/sites.csv --seed 1..10 --k "
	)
	return []command{
		{name: "real-" + k, test: whole + k + " -reports /tmp/whole-nodes-k" + k + ".json"},
		{name: "met-" + k, test: whole + k + " -met -reports /tmp/met-nodes-k" + k + ".json"},
		{name: "sim-" + k, flags: simulated + k},
	}
}

const besideSays = `Of bytes and hops the cause is known, as an experiment shows.
To the simulator every datagram is one of an established session, but peers that have none begin with a first contact.

- **Bytes.** A first contact is signed and padded: with its answer it takes 420 to 450 bytes more than a request under a session.
  A session under which its initiator sends nothing more within 8 s is forgotten ([wire.md](wire.md), section 5), and lookups ask most peers once, so who was asked is often a stranger again.
  The tables below have what a searcher's socket sends and receives during its lookups by kind, and add up to all of it.
- **Hops.** A first contact changes nothing at its receiver (design.md, R3.1), so whole nodes have heard fewer peers, and fewer wait as replacements, with which lookups begin too (R5.2).
- Where **all have met** (` + "`-met`" + `: each node sends two PINGs to each other before the first lookup), there are no first contacts, and neither hops nor bytes differ by more than 2 %.
- The PINGs are those of a searcher that are under way meanwhile: to the oldest contact of a full bucket for which others wait, once a minute at most (R4.4).`

// besideParts are what a searcher's socket sends and receives during its lookup.
var besideParts = []struct{ what, metric string }{
	{"FIND_NODEs of the lookup and their answers, as large as under sessions", "work.lookup.bytes.lookup"},
	{"what those that are first contacts are larger", "work.lookup.bytes.first_contacts"},
	{"PINGs and their answers", "work.lookup.bytes.pings"},
	{"requests of others and the answers to them", "work.lookup.bytes.of_others"},
	{"notices, cookies and NOSESSION", "work.lookup.bytes.rest"},
}

// besideBytes has the tables of bytes by kind. Results come in threes, as in besideFinds.
func besideBytes(r []*result) string {
	var b strings.Builder
	for i, k := range []string{"20", "4"} {
		real, met, simulated := r[3*i], r[3*i+1], r[3*i+2]
		fmt.Fprintf(&b, "\n| a lookup with k %s | whole nodes | simulator | difference | whole nodes that have all met |\n|---|---|---|---|---|\n", k)
		line := func(what, metric string, format func(float64) string, ofModel float64) {
			ofReal := average(real.Runs[metric])
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", what, format(ofReal), format(ofModel), signed(format)(ofModel-ofReal), format(average(met.Runs[metric])))
		}
		bytes := average(simulated.Runs["bytes.mean"])
		for j, part := range besideParts {
			ofModel := 0.0
			if j == 0 { // the simulator has nothing else
				ofModel = bytes
			}
			line(part.what, part.metric, digits(0), ofModel)
		}
		line("bytes in all", "bytes.mean", digits(0), bytes)
		line("first contacts", "work.lookup.first_contacts", digits(2), 0)
	}
	return b.String()
}

func average(values []float64) (mean float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	return mean
}

// signed is a format with a sign before what is not 0.
func signed(format func(float64) string) func(float64) string {
	return func(v float64) string {
		text := format(v)
		switch {
		case strings.Trim(text, "-0.") == "":
			return "0"
		case v > 0:
			return "+" + text
		}
		return text
	}
}

// besideFinds says how large the errors of the means of hops, rounds, requests and latency are.
// Results come in threes, of whole nodes, of those that have all met, and simulated.
func besideFinds(r []*result) string {
	most, low, high := 0.0, 0.0, 0.0
	for i := 0; i+2 < len(r); i += 3 {
		for _, metric := range []string{"hops.mean", "rounds.mean", "rpcs.mean", "latency_ms.mean"} {
			d, err := inPercent(r[i], r[i+2], metric)
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
	return errorRow(what, metric, format, within, "real-"+k, "sim-"+k)
}

// errorBesideMet is modelError where all whole nodes have met.
func errorBesideMet(what, metric string, format func(float64) string, k string) row {
	return errorRow(what+"; all have met", metric, format, 0, "met-"+k, "sim-"+k)
}

func errorRow(what, metric string, format func(float64) string, within float64, real, simulated string) row {
	target := ""
	if within > 0 {
		target = "within " + short(within) + " %"
	}
	return row{what: what, from: []string{real, simulated}, target: target, measure: func(r []*result) measured {
		d, err := inPercent(r[0], r[1], metric)
		real, realErr := interval.OfMean(r[0].Runs[metric])
		simulated, simErr := interval.OfMean(r[1].Runs[metric])
		if err != nil || realErr != nil || simErr != nil {
			return measured{text: "too few seeds"}
		}
		text := fmt.Sprintf("%s / %s, %+.1f %% (%+.1f to %+.1f)", format(real.Mean), format(simulated.Mean), d.Difference, d.Low, d.High)
		return measured{text: text, reached: near(d.Difference, 0, within)}
	}}
}
