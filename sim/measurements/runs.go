package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"kadmium/sim/interval"
	"kadmium/sim/report"
)

// perSeed are the metrics of each run that are kept of a command with several seeds.
var perSeed = []string{"hops.mean", "first_replica_hops.mean", "rounds.mean", "rpcs.mean", "latency_ms.mean", "latency_ms.p50", "latency_ms.p99", "bytes.mean", "recall"}

// perLookup is the beginning of metrics of which there are totals of all lookups, and of
// which the mean is kept.
const perLookup = "work.lookup."

// runsOf reads the reports of a command with several seeds, which stand in a sweep, and the
// metrics of each. Without a sweep there are none.
func runsOf(output []byte) (first json.RawMessage, runs map[string][]float64, err error) {
	var several struct {
		Sweep []json.RawMessage `json:"sweep"`
	}
	if err := json.Unmarshal(output, &several); err != nil || len(several.Sweep) == 0 {
		return output, nil, nil // what reads the report says what is wrong
	}
	runs = make(map[string][]float64)
	for _, text := range several.Sweep {
		var r report.Report
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, nil, err
		}
		if r.Partial {
			return nil, nil, errors.New("a run ended before its end")
		}
		values := make(map[string]float64)
		for _, m := range r.Metrics() {
			values[m.Name] = m.Value
		}
		for _, name := range perSeed {
			v, ok := values[name]
			if !ok {
				return nil, nil, fmt.Errorf("a run has no %s", name)
			}
			runs[name] = append(runs[name], v)
		}
		for name, v := range values {
			if strings.HasPrefix(name, perLookup) {
				runs[name] = append(runs[name], v/float64(r.Lookups))
			}
		}
	}
	return several.Sweep[0], runs, nil
}

// withInterval is the mean of a metric over seeds and half its 95 % interval.
func withInterval(r *result, metric string, format func(float64) string) string {
	m, err := interval.OfMean(r.Runs[metric])
	if err != nil {
		return "no interval: " + err.Error()
	}
	return format(m.Mean) + " ± " + format(m.High-m.Mean)
}

// twenty are settings with the intervals of their figures over 20 seeds.
var twenty = experiment{
	name:  "seeds",
	title: "Over 20 seeds, with intervals",
	why: `A run is one number of each figure: the mean of its lookups, their median or their 99th percentile.
Each line shows the mean over 20 seeds with half of Student's 95 % interval: another 20 seeds would give a mean within about 1.4 times that.
Where nothing follows ± but zeros, all seeds say the same.`,
	commands: []command{
		{name: "1k", flags: "--nodes 1000 --lookups 2000 --latency const:50ms --seed 1..20"},
		{name: "10k", flags: seedsBase},
		{name: "100k", flags: "--nodes 100000 --lookups 2000 --latency const:50ms --seed 1..20"},
		{name: "joined-1k", flags: "--tables join --nodes 1000 --lookups 2000 --seed 1..20"},
		{name: "world", flags: "--nodes 10000 --lookups 2000 --latency world --seed 1..20"},
		{name: "loss10", flags: seedsBase + " --loss 0.1"},
		{name: "silent", flags: seedsBase + " --silent 0.2"},
		{name: "lying", flags: seedsBase + " --lying 0.2"},
		{name: "k8", flags: seedsBase + " --k 8"},
		{name: "alpha1", flags: seedsBase + " --alpha 1"},
		{name: "alpha10", flags: seedsBase + " --alpha 10"},
	},
	rows: []row{
		overSeeds("1,000 nodes", "1k"),
		overSeeds("10,000 nodes", "10k"),
		overSeeds("100,000 nodes", "100k"),
		overSeeds("1,000 nodes that joined", "joined-1k"),
		overSeeds("10,000 nodes, round trips of the world", "world"),
		overSeeds("10,000 nodes, 10 % of datagrams lost", "loss10"),
		overSeeds("10,000 nodes, 20 % silent", "silent"),
		overSeeds("10,000 nodes, 20 % lying", "lying"),
		overSeeds("10,000 nodes, k 8", "k8"),
		overSeeds("10,000 nodes, alpha 1", "alpha1"),
		overSeeds("10,000 nodes, alpha 10", "alpha10"),
	},
	says: `Single runs have a standard deviation of 2.1 times the half width: that is how far a row of one seed is typically from the mean.`,
}

const seedsBase = "--nodes 10000 --lookups 2000 --latency const:50ms --seed 1..20"

func overSeeds(what, from string) row {
	return shown(what, func(r []*result) string {
		return fmt.Sprintf("%s hops; %s rounds; %s requests; p50 %s, p99 %s ms; recall %s",
			withInterval(r[0], "hops.mean", digits(4)), withInterval(r[0], "rounds.mean", digits(4)), withInterval(r[0], "rpcs.mean", digits(3)),
			withInterval(r[0], "latency_ms.p50", digits(0)), withInterval(r[0], "latency_ms.p99", digits(0)), withInterval(r[0], "recall", digits(5)))
	}, from)
}
