package main

import (
	"fmt"
	"math"
	"net/netip"
)

var joins = experiment{
	name:  "joins",
	title: "Networks whose nodes joined",
	why: `Nodes fill their tables by themselves, through one bootstrap node, over the simulated network.
The questions are whether these tables are as good as ideal ones, and what joining costs.`,
	commands: []command{
		{name: "joined-1k", flags: "--tables join --nodes 1000 --lookups 10000 --seed 1"},
		{name: "joined-10k", flags: "--tables join --nodes 10000 --lookups 10000 --seed 1"},
		{name: "ideal-1k", flags: "--nodes 1000 --lookups 20000 --latency const:50ms --seed 1"},
		{name: "ideal-10k", flags: baseFlags},
	},
	rows: []row{
		difference("`hops`, mean, joined / ideal, 1,000 nodes", hops, digits(3), .1, "joined-1k", "ideal-1k"),
		difference("`hops`, mean, joined / ideal, 10,000 nodes", hops, digits(3), .1, "joined-10k", "ideal-10k"),
		of("requests of a lookup, mean, joined / ideal, 1,000 nodes", requests, digits(2), "joined-1k", "ideal-1k"),
		of("requests of a lookup, mean, joined / ideal, 10,000 nodes", requests, digits(2), "joined-10k", "ideal-10k"),
		of("recall, 1,000 / 10,000 nodes", recall, short, "joined-1k", "joined-10k"),
		shown("requests of a join, 1,000 nodes", joinRequests, "joined-1k"),
		shown("requests of a join, 10,000 nodes", joinRequests, "joined-10k"),
		shown("bytes of a join, 1,000 / 10,000 nodes, about", func(r []*result) string {
			return hundreds(joiningOf(r[0]).bytes) + " / " + hundreds(joiningOf(r[1]).bytes)
		}, "joined-1k", "joined-10k"),
	},
	says: `The requests of a join are those of all nodes, less those of the lookups, divided by the number of nodes.
More than half are the PINGs by which a node fills its far buckets with contacts from all over their range.
They include what nodes did in addition until the run ended: probes, and beyond an hour refreshes.
The bytes are estimated from them: a FIND_NODE counts as much as one of the lookups measured, with its answer, and a PING as it is.`,
}

func joinRequests(r []*result) string {
	j := joiningOf(r[0])
	return fmt.Sprintf("%s FIND_NODE, %s PING", digits(1)(j.findNodes), digits(1)(j.pings))
}

// hundreds is a number rounded to hundreds.
func hundreds(v float64) string { return digits(0)(math.Round(v/100) * 100) }

// observed is an observed endpoint as in the answer to a PING.
var observed = netip.MustParseAddrPort("192.0.2.1:4100")

var largeJoin = experiment{
	name:  "large-join",
	title: "The largest network that joined",
	why: `Every engine has its own table, its own round trip times and its own schedule, in one history.
GOGC trades some time for memory.`,
	large: true,
	commands: []command{
		{name: "joined-1m", env: "GOGC=25", flags: "--tables join --nodes 1000000 --lookups 10000 --seed 1"},
		{name: "joined-200k", flags: "--tables join --nodes 200000 --lookups 10000 --seed 1"},
		{name: "ideal-1m", flags: "--nodes 1000000 --lookups 20000 --latency const:50ms --seed 1"},
		{name: "ideal-200k", flags: "--nodes 200000 --lookups 20000 --latency const:50ms --seed 1"},
	},
	rows: []row{
		wanted("most memory of the process, 1,000,000 nodes", peak, memory, atMost(16<<30, memory), "joined-1m"),
		wanted("memory of a node, 1,000,000 nodes", memoryOfNode, memory, atMost(8<<10, memory), "joined-1m"),
		difference("`hops`, mean, joined / ideal, 200,000 nodes", hops, digits(3), .1, "joined-200k", "ideal-200k"),
		difference("`hops`, mean, joined / ideal, 1,000,000 nodes", hops, digits(3), .1, "joined-1m", "ideal-1m"),
		of("requests of a lookup, mean, joined / ideal, 1,000,000 nodes", requests, digits(2), "joined-1m", "ideal-1m"),
		of("recall, 1,000,000 / 200,000 nodes", recall, short, "joined-1m", "joined-200k"),
		shown("requests of a join, 200,000 nodes", joinRequests, "joined-200k"),
		shown("requests of a join, 1,000,000 nodes", joinRequests, "joined-1m"),
	},
	says: `With ` + "`--table plain`" + ` full buckets keep their oldest contacts.
Where no node ever leaves, all tables of a region then come to hold the same contacts, and the answers of three peers bring less that is new than three random tables would: 0.2 hops more than theory at 200,000 nodes.
So each node prefers others (design.md, R4.30; measured in [rules.md](rules.md)).

By a heap profile of 10,000 nodes that joined, the memory of a node is: contacts of its table 31 % (9 bytes each), round trip times 24 % (7 bytes for each of up to 224 peers, 3 more for those whose times vary), the engine itself 17 %, the heads of the buckets 6 %, counts of subnets 4 %, replacements 4 %, the simulator's own 6 %, and the rest the store, the heads of the tables and where peers see the node.
In larger networks only the list of contacts and the heads of the buckets grow, by 20 contacts and a head whenever the network doubles, and the round trip times until they are 224.`,
}
