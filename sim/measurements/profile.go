package main

import "fmt"

// whereTheTimeGoes is the section about the cost of simulating a day.
func whereTheTimeGoes(all []experiment, k *kept) string {
	text := "\n## Where the time goes\n\n"
	e := find(all, day.name)
	if e == nil {
		return ""
	}
	r := k.result(e.commands[0])
	if r == nil {
		return text + "The day is not measured as its command is now.\n"
	}
	text += fmt.Sprintf(`The day above is %s events in %s: %s a second, %s microseconds each, and %s of them for each request: its arrival, the arrival of its answer, and an engine that is due.
%s of all requests are PINGs and FIND_NODEs, of joins, probes, refreshes and the lookups of replications; %s store values or look for them.
%s requests timed out, after %s repeated sends: this is the cost of nodes that leave without notice.
`, digits(0)(float64(r.Report.Events)), seconds(wall(r)), digits(0)(float64(r.Report.Events)/wall(r)), digits(2)(1e6*wall(r)/float64(r.Report.Events)),
		digits(2)(float64(r.Report.Events)/float64(r.Report.RPCTotal)),
		percent(part(r, "PING", "FIND_NODE")), percent(part(r, "FIND_VALUE", "STORE")),
		digits(0)(work(r, "requests.timed_out")), digits(0)(work(r, "requests.repeated")))
	return text + profile
}

// part is the share of the given kinds in all requests.
func part(r *result, names ...string) float64 {
	n := 0.0
	for _, name := range names {
		n += work(r, "requests."+name)
	}
	return n / float64(r.Report.RPCTotal)
}

// profile describes a CPU profile (perf). It was taken once, by hand.
const profile = `
A CPU profile of ten seconds in the midst of the day on two cores (` + "`perf`" + `, of all that the process did) has nearly nine tenths of the time in what shards do in windows, and the rest in the garbage collector and in waiting for the other core.
More than half are datagrams that arrive: a quarter requests that are answered, an eighth answers that are processed.
A quarter is engines that are due, half of it requests that time out; to ask when they are next due is a sixteenth.
No function stands out: the most expensive are those that touch an engine's memory first, because ten thousand other engines have used the cache since.
`
