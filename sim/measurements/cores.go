package main

import "fmt"

var cores = experiment{
	name:  "cores",
	title: "One history on all cores",
	why: `In a history what a node does may affect any other, so its nodes are divided into shards, which advance together through windows no longer than a datagram is on its way (design.md, R1.15).
The report does not depend on the number of cores.`,
	large: true,
	commands: []command{
		{name: "join-1", env: "GOMAXPROCS=1", flags: "--latency const:50ms --nodes 100000 --tables join --seed 1"},
		{name: "join", flags: "--latency const:50ms --nodes 100000 --tables join --seed 1"},
		{name: "world-1", env: "GOMAXPROCS=1", flags: "--latency world --nodes 20000 --tables join --seed 1"},
		{name: "world", flags: "--latency world --nodes 20000 --tables join --seed 1"},
		{name: "day-1", env: "GOMAXPROCS=1", flags: twoHours},
		{name: "day", flags: twoHours},
	},
	rows: []row{
		faster("100,000 nodes join, round trips of 50 ms", 1.6, "join-1", "join"),
		faster("20,000 nodes join, round trips of the world", 0, "world-1", "world"),
		faster("two hours of the day below", 1.6, "day-1", "day"),
	},
}

const twoHours = "--workload day --sessions kad --duration 2h --nodes 10000 --keys 10000 --ttl 48h --lookups 1000 --seed 1"

// faster is a row of how many times as fast a command is on all cores as on one, with a
// target; 0: none.
func faster(what string, target float64, one, all string) row {
	wants := ""
	if target > 0 {
		wants = "at least " + short(target) + " times as fast, the same report"
	}
	return row{what: what, from: []string{one, all}, target: wants, measure: func(r []*result) measured {
		times := wall(r[0]) / wall(r[1])
		text := fmt.Sprintf("%s on one core, %s on %d: %s times as fast", seconds(wall(r[0])), seconds(wall(r[1])), r[1].Report.Machine.CPUs, digits(2)(times))
		if r[0].Same != r[1].Same {
			return measured{text: text + ", another report", reached: false}
		}
		return measured{text: text, reached: times >= target}
	}}
}
