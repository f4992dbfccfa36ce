package main

import "fmt"

// models varies one setting at a time.
var models = experiment{
	name:  "models",
	title: "Other networks, other settings",
	why: `Each line differs in one thing from the first: how long datagrams take, whether they arrive, who answers, k or alpha.
All are of 10,000 nodes with ideal tables.
Each line shows the latency of a lookup (p50 / p90 / p99), its mean hops and requests, and the lookups that returned the closest of the nodes that answer at all.`,
	commands: []command{
		{name: "base", flags: baseFlags},
		{name: "exp", flags: "--nodes 10000 --lookups 20000 --latency exp:50ms --seed 1"},
		{name: "world", flags: "--nodes 10000 --lookups 20000 --latency world --seed 1"},
		{name: "loss1", flags: baseFlags + " --loss 0.01"},
		{name: "loss10", flags: baseFlags + " --loss 0.1"},
		{name: "silent", flags: baseFlags + " --silent 0.2"},
		{name: "lying", flags: baseFlags + " --lying 0.2"},
		{name: "k8", flags: baseFlags + " --k 8"},
		{name: "alpha1", flags: baseFlags + " --alpha 1"},
		{name: "alpha10", flags: baseFlags + " --alpha 10"},
	},
	rows: []row{
		model("every round trip 50 ms", "base"),
		model("round trips exponential, 50 ms on average", "exp"),
		model("round trips of the world", "world"),
		model("1 % of datagrams lost", "loss1"),
		model("10 % of datagrams lost", "loss10"),
		model("20 % of nodes silent", "silent"),
		model("20 % of nodes lying", "lying"),
		model("k 8", "k8"),
		model("alpha 1", "alpha1"),
		model("alpha 10", "alpha10"),
	},
	says: `"World" places nodes on a plane of milliseconds with a height for the access line; a pair has one round trip time, a datagram some jitter.
Silent nodes are in tables as if they had just become silent; a node that has been up for long would have dropped them.
Liars name the k liars nearest to the target; a lookup still returns the closest node because it also asks honest nodes.`,
}

func model(what, from string) row {
	return shown(what, func(r []*result) string {
		one := r[0]
		return fmt.Sprintf("%s; %s hops; %s requests; %s", latencies(&one.Report.LatencyMS), digits(2)(hops(one)), digits(1)(requests(one)), percent(succeeded(one)))
	}, from)
}

// experiments are all experiments, in the order of the page.
var experiments = []experiment{theory, tenMillion, speeds, joins, largeJoin, cores, day, churn, models, underAttack, aroundKeys, twenty, beside}
