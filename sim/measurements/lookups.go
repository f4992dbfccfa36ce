package main

import "fmt"

// theory compares lookups on ideal tables with the model of Roos, Salah and Strufe (2015).
// An independent Monte-Carlo simulation agrees with the model.
var theory = experiment{
	name:  "theory",
	title: "Lookups on ideal tables, beside theory",
	why: `Each bucket holds k uniformly random nodes of its range, no node fails, every round trip takes 50 ms.
What a lookup costs then is known from theory: the model of Roos, Salah and Strufe (2015) gives the hops below for alpha 3 and k 20.
A deviation would be a fault of the lookup, or in how hops are counted.`,
	commands: []command{
		{name: "1k", flags: "--nodes 1000 --lookups 20000 --latency const:50ms --seed 1"},
		{name: "10k", flags: baseFlags},
		{name: "100k", flags: "--nodes 100000 --lookups 20000 --latency const:50ms --seed 1"},
		{name: "1m", flags: "--nodes 1000000 --lookups 20000 --latency const:50ms --seed 1"},
	},
	rows: []row{
		wanted("`hops`, mean, 1,000 nodes", hops, digits(3), about(1.895, .03), "1k"),
		wanted("`hops`, mean, 10,000 nodes", hops, digits(3), about(2.424, .03), "10k"),
		wanted("`hops`, mean, 100,000 nodes", hops, digits(3), about(2.919, .03), "100k"),
		wanted("`hops`, mean, 1,000,000 nodes", hops, digits(3), about(3.44, .03), "1m"),
		hopShareRow("lookups of at most 1 / 2 / 3 hops, 10,000 nodes", []float64{.020, .556, .9996}, .01, "10k"),
		of("`first_replica_hops`, mean, at the four sizes", firstReplica, digits(2), sizes...),
		of("`rounds`, mean, at the four sizes", rounds, digits(2), sizes...),
		wanted("requests of a lookup, mean, 10,000 nodes", requests, digits(2), atMost(23, digits(0)), "10k"),
		wanted("requests of a lookup, mean, 100,000 nodes", requests, digits(2), atMost(24.7, digits(1)), "100k"),
		wanted("requests of a lookup, mean, 1,000,000 nodes", requests, digits(2), atMost(26.3, digits(1)), "1m"),
		worst("recall, the least of the four", recall, short, 1, sizes...),
		most("`rounds_after_closest`, mean, the most of the four", afterClosest, digits(3), 1.1, sizes...),
	},
	says: `The hops are those of the closest node returned.
The lookup lasts one round trip longer, in which all contacts of the k closest that were not asked yet are asked at once; that is the difference to the rounds.`,
}

// baseFlags are of the run that others are compared with.
const baseFlags = "--nodes 10000 --lookups 20000 --latency const:50ms --seed 1"

var sizes = []string{"1k", "10k", "100k", "1m"}

// hopShareRow is a row of the first values of the distribution function of hops.
func hopShareRow(what string, want []float64, within float64, from string) row {
	text := ""
	for _, w := range want {
		text = join(text, short(w))
	}
	return row{what: what, from: []string{from}, target: text + ", within " + short(within), measure: func(r []*result) measured {
		m := measured{reached: true}
		for i, w := range want {
			share := shareOf(i+1, r[0])
			m.text = join(m.text, digits(4)(share))
			m.reached = m.reached && near(share, w, within)
		}
		return m
	}}
}

// of is a row of one figure of several results, without a target.
func of(what string, f figure, format func(float64) string, from ...string) row {
	return shown(what, func(r []*result) string {
		text := ""
		for _, one := range r {
			text = join(text, format(f(one)))
		}
		return text
	}, from...)
}

// worst is a row of the least of several results, most of the greatest.
func worst(what string, f figure, format func(float64) string, least float64, from ...string) row {
	return row{what: what, from: from, target: short(least), measure: func(r []*result) measured {
		v := f(r[0])
		for _, one := range r {
			v = min(v, f(one))
		}
		return measured{text: format(v), reached: v >= least}
	}}
}

func most(what string, f figure, format func(float64) string, limit float64, from ...string) row {
	return row{what: what, from: from, target: "at most " + short(limit), measure: func(r []*result) measured {
		v := f(r[0])
		for _, one := range r {
			v = max(v, f(one))
		}
		return measured{text: format(v), reached: v <= limit}
	}}
}

// join appends a figure to others.
func join(figures, next string) string {
	if figures == "" {
		return next
	}
	return figures + " / " + next
}

var tenMillion = experiment{
	name:  "ten-million",
	title: "Ten million nodes",
	why: `Whole networks, and not samples of them, on a small machine.
A node costs the 32 bytes of its position until another node asks it, and its buckets are filled when they are first read.`,
	commands: []command{{name: "10m", flags: "--nodes 10000000 --lookups 10000 --seed 1"}},
	rows: []row{
		wanted("wall time", wall, seconds, atMost(120, seconds), "10m"),
		wanted("most memory of the process", peak, memory, atMost(8<<30, memory), "10m"),
		of("`hops`, mean", hops, digits(3), "10m"),
		of("requests of a lookup, mean", requests, digits(2), "10m"),
		of("recall", recall, short, "10m"),
	},
}

var speeds = experiment{
	name:  "speed",
	title: "How fast it simulates",
	why: `Lookups on ideal tables change nothing for one another, so they run on all cores at once.
The report does not depend on the number of cores: everything random in a lookup is a hash of the seed and of the lookup's number.`,
	commands: []command{
		{name: "one", env: "GOMAXPROCS=1", flags: "--nodes 100000 --lookups 20000 --seed 1"},
		{name: "all", flags: "--nodes 100000 --lookups 20000 --seed 1"},
	},
	rows: []row{
		wanted("requests a second, one core", speed, digits(0), atLeast(200_000, digits(0)), "one"),
		shown("all cores", func(r []*result) string {
			return fmt.Sprintf("%s, %s times as many, on %d", digits(0)(speed(r[1])), digits(2)(speed(r[1])/speed(r[0])), r[1].Report.Machine.CPUs)
		}, "one", "all"),
		{what: "the two reports, but for `machine`", from: []string{"one", "all"}, target: "the same", measure: func(r []*result) measured {
			if r[0].Same == r[1].Same {
				return measured{text: "the same to the last byte", reached: true}
			}
			return measured{text: "differ", reached: false}
		}},
	},
	says: `A request here is everything that it needs: it is sent, answered by an engine with a table of its own, received, and the next one is chosen.
By a CPU profile, making that engine and the bucket that is asked takes two fifths of the time, more than half of that allocation; the engines' own work takes another two fifths, the network the rest.
Keeping the engines from lookup to lookup was no faster and took a hundred times the memory: they exceed the caches.
Filling buckets contact by contact was slower.
An optimising build from a profile gained 3 %.`,
}
