package report

import (
	"fmt"
	"slices"
	"strings"

	"kadmium/sim/report"
)

// Name is the name of the files of a report, without extension.
const Name = "compare-libp2p"

// Page is the report as Markdown. It depends on the contents of JSON only.
func (r *Report) Page() string {
	var b strings.Builder
	b.WriteString("# Beside libp2p\n\n" + r.circumstances() + "\n")
	r.writeMissing(&b)
	r.writeSummary(&b)
	r.writeDepths(&b)
	r.writeBetter(&b)
	r.writeTargets(&b)
	r.writeCosts(&b)
	r.writeSetUp(&b)
	r.writePictures(&b)
	r.writeBehaviour(&b)
	b.WriteString(howMeasured)
	if r.Config.Nodes <= wellKnown && r.Config.K == wellKnownK {
		fmt.Fprintf(&b, "- Of %s the tables of both sides hold most, so their hops hardly differ: hops are compared in networks with smaller buckets.\n", report.GroupedCount(r.Config.Nodes, "node"))
	}
	if r.Config.Beta != "" {
		fmt.Fprintf(&b, "- How a lookup ends: %s.\n", cell(r.Config.Beta))
	}
	return b.String()
}

// circumstances says what was run, where and when.
func (r *Report) circumstances() string {
	c := r.Config
	var versions []string
	for _, v := range r.versions() {
		versions = append(versions, cell(v))
	}
	return fmt.Sprintf("One workload was run on go-libp2p-kad-dht and on kadmium, with the same keys at the same positions.\n"+
		"Each side had a network of %s and %s an operation%s, %s, packets delayed %s one way, libp2p over %s, each side in processes of its own.\n"+
		"Made by `%s` on %s (%s; %s), which writes this page, its pictures and [%s.json](%s.json); nothing is changed by hand.\n"+
		"kadmium is %s.\n"+
		"Ratios are kadmium's figure divided by libp2p's.",
		report.GroupedCount(c.Nodes, "node"), report.GroupedCount(c.Lookups, "lookup"), times(c.Runs), r.profile(), c.Link, strings.ToUpper(c.Transport), c.Command, c.Date, cell(c.Machine),
		strings.Join(versions, ", "), Name, Name, r.Tree)
}

// times says how often a network was made and measured.
func times(runs int) string {
	if runs <= 1 {
		return ""
	}
	return fmt.Sprintf(", %d times over with other hosts and keys", runs)
}

// upper is a text with an upper-case first letter.
func upper(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// profile says how the nodes were configured.
func (r *Report) profile() string {
	if len(r.Config.Alpha) == 0 {
		return "each side as shipped, but as servers at one loopback address"
	}
	var alphas []string
	for _, alpha := range r.Config.Alpha {
		alphas = append(alphas, fmt.Sprint(alpha))
	}
	return fmt.Sprintf("matched (k %d, alpha %s)", r.Config.K, strings.Join(alphas, ", then "))
}

func (r *Report) writeBetter(b *strings.Builder) {
	b.WriteString("\n## Where libp2p is better\n\n")
	found := r.Better()
	for _, f := range found {
		fmt.Fprintf(b, "- **%s**: %s\n", cell(f.Matter), cell(f.How))
	}
	if len(found) == 0 {
		fmt.Fprintf(b, "%s\n", r.nowhere())
	}
	b.WriteString("\n" + material + "\n")
}

const material = "Costs count from 5 % more on, shares of what is right from one percentage point less."

// nowhere is the text if libp2p was better in nothing. It says so if some figures are of one
// side only.
func (r *Report) nowhere() string {
	if len(r.Missing) > 0 || slices.ContainsFunc(r.Costs, func(c Cost) bool { return (c.Libp2p == nil) != (c.Kadmium == nil) }) {
		return "Nowhere in what was measured on both sides; some of it was measured on one, or is missing."
	}
	return "Nowhere in what was measured."
}

func (r *Report) writeTargets(b *strings.Builder) {
	b.WriteString("\n## Targets\n\n| what | target | libp2p | kadmium | ratio | |\n|---|---|---|---|---|---|\n")
	for _, t := range r.Targets() {
		f, outcome := t.Cost.figures(), t.Outcome
		if outcome == NotReached {
			outcome = "**" + outcome + "**"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", cell(t.What), cell(t.Want), f[0], f[1], f[2], outcome)
	}
	if len(r.Config.Alpha) == 0 {
		b.WriteString("\nThe targets are meant for the matched profile; here each side runs as shipped.\n")
	}
}

// atOtherAlpha reports whether an operation is shown in the table of the same operation at
// the first alpha.
func (r *Report) atOtherAlpha(operation string) bool {
	for _, v := range r.variants()[1:] {
		base, is := strings.CutSuffix(operation, AtAlpha("", v.alpha))
		for _, c := range r.Costs {
			if is && c.Operation == base {
				return true
			}
		}
	}
	return false
}

func (r *Report) writeCosts(b *strings.Builder) {
	b.WriteString("\n## Costs\n")
	if len(r.Costs) == 0 {
		b.WriteString("\nNot measured in this run.\n")
	}
	if len(r.Costs) > 0 {
		b.WriteString("\nIn parentheses: the 95th percentile, where it differs from the median.\n" + upper(intervals(max(r.Config.Runs, 1))) + ".\n")
	}
	for _, t := range r.tables() {
		r.writeTable(b, t)
	}
}

// titled is the title of a column. It names alpha, except for the costs of the whole
// network, which do not depend on it, and for an operation whose name has it already.
func (r *Report) titled(v variant, t table, side string) string {
	if t.operation == Network {
		return side
	}
	for _, other := range r.variants()[1:] {
		if strings.HasSuffix(t.operation, AtAlpha("", other.alpha)) {
			return side
		}
	}
	return v.title(side)
}

// writeSetUp writes which share of a cold lookup is the set-up of connections or sessions:
// the time that a warm one does not take.
func (r *Report) writeSetUp(b *strings.Builder) {
	var rows []string
	for _, of := range []struct{ link, warm, cold string }{{r.Config.Link, Closest, ClosestCold}, {farLink, ClosestFar, ClosestFarCold}} {
		const metric = "latency ms, median"
		warm, cold := r.cost(of.warm, metric), r.cost(of.cold, metric)
		if warm != nil && cold != nil {
			rows = append(rows, fmt.Sprintf("| %s | %s | %s |\n", of.link, setUp(warm.Libp2p, cold.Libp2p), setUp(warm.Kadmium, cold.Kadmium)))
		}
	}
	if rows == nil {
		return
	}
	b.WriteString("\n### Connection set-up\n\nThe share of the median latency of a cold `closest` that is connection set-up (kadmium: session set-up), " +
		"that is, 1 - warm / cold:\n\n| link | libp2p | kadmium |\n|---|---|---|\n" + strings.Join(rows, ""))
}

func setUp(warm, cold *float64) string {
	if warm == nil || cold == nil || *cold == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*(1 - *warm / *cold))
}

func (r *Report) writePictures(b *strings.Builder) {
	for i, p := range r.pictures() {
		if i == 0 {
			b.WriteString("\n## Pictures\n\n")
		}
		fmt.Fprintf(b, "![%s](%s)\n", p.title, p.file())
	}
}

func (r *Report) writeBehaviour(b *strings.Builder) {
	b.WriteString("\n## Behaviour\n\n")
	if len(r.Behaviour) == 0 {
		b.WriteString("Not played in this run.\n")
		return
	}
	fmt.Fprintf(b, "%s\n\n| case | libp2p | kadmium | verdict | why |\n|---|---|---|---|---|\n", r.balance())
	for _, row := range r.Behaviour {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", cell(row.Case), cell(row.Libp2p), cell(row.Kadmium), cell(row.Verdict), cell(row.Why))
	}
}

// balance counts the verdicts.
func (r *Report) balance() string {
	same := 0
	for _, row := range r.Behaviour {
		if row.Verdict == Same {
			same++
		}
	}
	return fmt.Sprintf("%s: %d the same, %d different on purpose.", report.GroupedCount(len(r.Behaviour), "case"), same, len(r.Behaviour)-same)
}

// wellKnown is the number of nodes up to which a table holds most of the network: with
// buckets of 20 it has about 65 of 100 others.
const (
	wellKnown  = 100
	wellKnownK = 20
)

const howMeasured = `
## How it was measured

Both sides are measured by the same code, with the nodes of one side in one process on loopback, after every node has done ten lookups.
Operations run one at a time, by one searcher after the other.
What they look for has been put or provided before, and is compared with what comes back.
Their figures are those of the operations that succeeded within 30 s, except the latency after a crash, in which the others count with these 30 s.

- Hops: a peer of the searcher's own table is at hop 1, one first named by a peer at hop h at h + 1.
  The hops of a lookup are those of the closest peer that it returns, or of the first peer that had what was sought.
  libp2p reports them only through its lookup events, which take time, so they are counted in a pass of their own.
- Requests: repeats are counted.
  libp2p's are counted where they arrive, at the answering nodes' request hook; kadmium's where they leave the searcher's socket, with retransmissions and with pings that it sends by itself.
- Quiet: a link is quiet if nothing has passed for 30 ms and the time of two packets; after 300 ms, and the time of four, it is not waited for any longer.
- Bytes: payload of UDP, or of TCP, at the searcher's socket, both directions together, from the start of the operation until the link is quiet.
  What a side sends after it has given its result is therefore included; headers of lower layers are not.
- Latency: until the result is there.
- CPU: user and system time of the whole process from the start of the operation until the link is quiet, as for bytes, because a good part of libp2p's work, for acknowledgements and for the ends of streams, comes after its result.
  What all nodes do by themselves at the same time is included; see idle CPU.
  The other figure ends with the result.
  All nodes of a side are in one process, so the work of those that answer is included in both.
- True closest: the share of the peers that truly are nearest which came back.
  Alive: the share of the peers that came back which are alive.
- Holders: nodes from which others get what was put or provided, each once.
  A peer counts that confirmed it (kadmium), or was sent it (libp2p, which does not say whether it was stored).
  The node itself counts if it gives its own copy to others: with libp2p always, with kadmium if it is among the k nearest.
- Cold: the searcher has ended all connections (libp2p) or sessions (kadmium) before the operation; its table stays.
  A quarter as many lookups are measured cold, but at least ten if there are as many, after all that are warm.
- A quarter crashed: a quarter of the nodes neither send nor receive any more, and at once up to ten of the others look up a key each.
  A lookup that has no result after 30 s has failed: it found 0 % of the closest, and has no share of those that are alive.
- Network: convergence lasts from the first node's start until the tables hold 99 % of what each node should know, its k nearest as far as a bucket has room for all of its range, or 15 s after the last has started.
  Memory, goroutines and idle figures are of another network, whose nodes have done ten lookups each and nothing since, for 15 s; connections and sessions are open.
  Memory is what is live on heap and stacks after a collection; idle bytes are those sent.
  Refreshes of tables, of libp2p every ten minutes and of kadmium every hour, are seldom included.
  Values are held once all warm operations are done: each put, get, provide and find of each pass has left a value or a provider entry with its holders.
  What values added is the difference to what the same network took before the first of them.
- This other network is measured on both sides at once, at the same time as the one over 25 ms and the behaviour, because it mostly waits.
  Its start coincides with that of libp2p's network over 25 ms.
- kadmium's own sockets move datagrams in batches on Linux; on the counted sockets it cannot, and makes a system call for each.
  quic-go keeps its batches and its offloading.
- Percentiles are by nearest rank.
- Behaviour: each case is executed on both sides.
  What a side did is put into the same few words where it is the same; equal words give the verdict "same".
`
