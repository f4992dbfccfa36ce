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
		{name: "joined", env: "GOGC=25", flags: "--tables join --nodes 200000 --lookups 10000 --seed 1"},
	},
	rows: []row{
		wanted("most memory of the process", peak, memory, atMost(16<<30, memory), "joined"),
		wanted("memory of a node", memoryOfNode, memory, atMost(8<<10, memory), "joined"),
		of("wall time", wall, seconds, "joined"),
		of("requests a second", speed, digits(0), "joined"),
		of("`hops`, mean", hops, digits(3), "joined"),
		of("requests of a lookup, mean", requests, digits(2), "joined"),
		of("recall", recall, short, "joined"),
		shown("requests of a join", joinRequests, "joined"),
	},
	says: `The aim is a million nodes.
` + "`GOGC=25 kad sim --tables join --nodes 1000000 --lookups 10000`" + ` was interrupted after 50 minutes beside other work, when 520,575 nodes had joined.
The process had taken 7.5 GiB at most, 15.5 kB a node, of which 12.3 kB were live.
At that rate a million nodes take 14.5 GiB.

The hops were 0.2 more than on ideal tables of as many nodes (` + "`kad sim --nodes 200000 --lookups 10000`" + `: 3.06), since full buckets kept their old contacts, as they do with ` + "`--table plain`" + `.
Where no node ever leaves, all tables of a region then come to hold the same contacts, the oldest nodes, and the answers of three peers bring less that is new than three random tables would.
Now each node prefers others (design.md, R4.30; measured in [rules.md](rules.md)), and this has yet to be run again.

Since these two were measured a node takes less: the engines of a shard share what lookups and replies keep ready, all contacts of a table are one list, round trip times are packed, the tick that a node waits for is queued once, and what most nodes never need is allocated when it is needed.
On 2026-11-30 ` + "`kad sim --tables join --nodes 10000`" + ` took 6,179 bytes a node (9,927 before), with 20,000 nodes 6,476 (10,482 before).

By a heap profile of the former, the memory of a node is: contacts of its table 31 % (9 bytes each), round trip times 24 % (7 bytes for each of up to 224 peers, 3 more for those whose times vary), the engine itself 17 %, the heads of the buckets 6 %, counts of subnets 4 %, replacements 4 %, the simulator's own 6 %, and the rest the store, the heads of the tables and where peers see the node.
In larger networks only the list of contacts and the heads of the buckets grow, by 20 contacts and a head whenever the network doubles, and the round trip times until they are 224.`,
}
