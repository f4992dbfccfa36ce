package main

import (
	"fmt"
	"strings"

	"kadmium/sim/report"
)

// An attackSection is a section under attack: lines at several sizes, with the columns that
// matter.
type attackSection struct {
	experiment
	always  string // flags of all commands
	columns []column
	sizes   []attackSize
}

// An attackSize is a number of nodes with that of the lookups, as flags and as the page says
// it.
type attackSize struct{ nodes, lookups, text string }

// An attacked is a line of it.
type attacked struct {
	flags string  // empty: no attack
	only  string  // at which number of nodes; empty: at all
	least float64 // of the last column's figure with a target, at 10,000 nodes; 0: no target
}

// A column shows a figure of a line, under Kademlia's rule too if both is set.
type column struct {
	title  string
	both   bool
	figure func(*result) string
}

// middle is the size that has targets.
const middle = "10000"

// make makes the experiment of lines. The targets are of a figure.
func (s attackSection) make(lines []attacked, of figure, targets string) experiment {
	e := s.experiment
	for _, c := range s.columns {
		if c.both {
			c.title += ", plain / now"
		}
		e.columns = append(e.columns, c.title)
	}
	for _, size := range s.sizes {
		for _, line := range lines {
			if line.only != "" && line.only != size.nodes {
				continue
			}
			flags := strings.Join(strings.Fields(fmt.Sprintf("--nodes %s --lookups %s --seed 1 %s %s", size.nodes, size.lookups, s.always, line.flags)), " ")
			name := size.nodes + " " + line.flags
			e.commands = append(e.commands, command{name: name + " plain", flags: flags + " --lookup plain"}, command{name: name, flags: flags})
			r := row{what: size.text + " nodes", from: []string{name + " plain", name}}
			if line.flags != "" {
				r.what += ", `" + line.flags + "`"
			}
			if line.least > 0 && size.nodes == middle {
				r.target = targets + ": " + atLeast(line.least, percent).text
			}
			r.measure = func(results []*result) measured {
				v := of(results[1])
				m := measured{text: percent(v), reached: v >= line.least}
				for _, c := range s.columns {
					text := c.figure(results[1])
					if c.both && text != "" {
						text = join(c.figure(results[0]), text)
					}
					m.cells = append(m.cells, text)
				}
				return m
			}
			e.rows = append(e.rows, r)
		}
	}
	return e
}

// ofAttack is a figure that results without attack do not have.
func ofAttack(format func(float64) string, figure func(*report.Attack) float64) func(*result) string {
	return func(r *result) string {
		if r.Report.Attack == nil {
			return ""
		}
		return format(figure(r.Report.Attack))
	}
}

// honestClosest and honestRecall are by the honest nodes, which without attack are all.
func honestClosest(r *result) float64 {
	if a := r.Report.Attack; a != nil {
		return a.HonestClosest
	}
	return succeeded(r)
}

func honestRecall(r *result) float64 {
	if a := r.Report.Attack; a != nil {
		return a.HonestRecall
	}
	return recall(r)
}

func getsFound(r *result) float64 { return r.Report.Attack.GetsFound }

var underAttack = attackSection{
	experiment: experiment{
		name:  "attack",
		title: "Under attack",
		why: `Lookups of fresh clients on ideal tables while a share of the nodes attacks ([report.md](report.md#attack) says what each kind does; [threats.md](threats.md) what it costs, and what is not defended).
Of each pair of figures the first is under Kademlia's rule (` + "`--lookup plain`" + `, with the limits of subnets), the second now.
"Closest honest node" is the share of lookups that returned it, "captured" of those that returned no honest node, "recall" what they returned of the k closest honest nodes, "suspected" the share that noticed something, and "false alarms" that of the same lookups without the attack.
The time is the mean of a lookup.`,
		lines: linesOfAttack,
		says:  attackSays,
	},
	columns: []column{
		{"closest honest node", true, func(r *result) string { return percent(honestClosest(r)) }},
		{"captured", true, ofAttack(percent, func(a *report.Attack) float64 { return a.Captured })},
		{"recall", true, func(r *result) string { return digits(3)(honestRecall(r)) }},
		{"suspected", false, ofAttack(percent, func(a *report.Attack) float64 { return a.Suspected })},
		{"false alarms", false, ofAttack(percent, func(a *report.Attack) float64 { return a.SuspectedWithoutAttack })},
		{"requests", true, func(r *result) string { return digits(1)(requests(r)) }},
		{"to those without attack", true, ofAttack(digits(2), func(a *report.Attack) float64 { return a.RPCsRatio })},
		{"ms", true, func(r *result) string { return digits(0)(r.Report.LatencyMS.Mean) }},
	},
	sizes: []attackSize{{"1000", "5000", "1,000"}, {middle, "5000", "10,000"}, {"100000", "2000", "100,000"}},
}.make([]attacked{
	{},
	{flags: "--attack liars:share=0.2", least: .999},
	{flags: "--attack liars:share=0.5", least: .95},
	{flags: "--attack mute:share=0.2"},
	{flags: "--attack mute:share=0.2,answer=garbled"},
	{flags: "--attack drip:share=0.2"},
	{flags: "--attack pool:share=0.05"},
	{flags: "--attack pool:share=0.05,subnets=100000"},
	{flags: "--attack pool:share=0.2,subnets=100000", least: .96},
	{flags: "--loss 0.05", only: middle},
	{flags: "--loss 0.05 --attack liars:share=0.2", only: middle},
	{flags: "--loss 0.05 --attack mute:share=0.2,answer=garbled", only: middle},
	{flags: "--loss 0.05 --attack pool:share=0.2,subnets=100000", only: middle},
}, honestClosest, "closest")

var aroundKeys = attackSection{
	experiment: experiment{
		name:  "attack-key",
		title: "Under attack: identities around a key",
		why: `With ` + "`--workload value`" + ` a fresh client puts a value, and ten seconds later another gets it, while identities made around its key name each other, acknowledge writes and keep nothing ([report.md](report.md#attack)).
Each is in a /24 of its own.
Of each pair of figures the first is under Kademlia's rule (` + "`--lookup plain`" + `), the second now; what it could be at best [threats.md](threats.md#identities-around-a-key) says.
"Holders" is the mean number of honest nodes that hold the value when its get begins, "suspected" the share of puts that noticed something, "false alarms" that of the same puts without the attack, and the requests are those of a put and a get, to those without the attack.`,
		lines: linesOfAttack,
	},
	always: "--workload value",
	columns: []column{
		{"gets found", true, func(r *result) string { return percent(getsFound(r)) }},
		{"holders", true, func(r *result) string { return digits(1)(r.Report.Attack.HonestHolders.Mean) }},
		{"suspected", false, ofAttack(percent, func(a *report.Attack) float64 { return a.Suspected })},
		{"false alarms", false, ofAttack(percent, func(a *report.Attack) float64 { return a.SuspectedWithoutAttack })},
		{"requests of a put", true, ofAttack(digits(2), func(a *report.Attack) float64 { return a.PutRPCsRatio })},
		{"of a get", true, ofAttack(digits(2), func(a *report.Attack) float64 { return a.RPCsRatio })},
	},
	sizes: []attackSize{{"1000", "1000", "1,000"}, {middle, "1000", "10,000"}, {"100000", "500", "100,000"}},
}.make(sybils(), getsFound, "gets found")

// sybils are the lines of identities around a key. Spread ones have a target as long as honest
// nodes are not far fewer than they are.
func sybils() (lines []attacked) {
	for _, before := range []string{"put", "get"} {
		for _, place := range []string{"near", "edges", "spread"} {
			for _, n := range []int{20, 45, 100, 200} {
				line := attacked{flags: fmt.Sprintf("--attack sybil:n=%d,place=%s,before=%s", n, place, before)}
				if place != "spread" || n <= 45 {
					line.least = .99
				}
				lines = append(lines, line)
			}
		}
	}
	return lines
}

const linesOfAttack = "Each line is two runs of `kad sim` with `--seed 1` and the flags that it shows, one of them with `--lookup plain`; `go run ./sim/measurements` shows their commands with `-list`."

const attackSays = `A pool is 1,048,576 identities made beforehand, whose nearest twenty to any target are nearer than any node.
An attacker's places among the closest cannot be honest nodes', but "recall" counts honest nodes alone.
An eclipse of one node is measured in [threats.md](threats.md#eclipse-after-a-restart).

What others report, each of another network and another attack, so beside these figures and not against them:

- Baumgart and Mies, "S/Kademlia: A Practicable Approach Towards Secure Key-Based Routing" (ICPADS 2007), look up over disjoint paths among nodes that give false answers, as *liars* do.
  Its abstract was read; by notes of others on it 99 % of lookups succeed while 20 % of nodes are adversarial. The paper itself could not be checked.
- Sridhar, Ascigil, Keizer, Genon, Pierre, Psaras, Rivière and Król, "Content Censorship in the InterPlanetary File System" (NDSS 2024; arXiv 2307.12212), detect 99.6 % of attacks by identities around a key, and mitigate all of those detected (abstract).
- De Moura Netto, Cholez and Ignat, "Active Sybil Attack and Efficient Defense Strategy in IPFS DHT" (arXiv 2505.01139), place identities so that this detection does not see them, and deny about 80 % of lookups against it; their own defence asks a region around the target always (abstract).`
