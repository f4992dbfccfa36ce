package main

import "fmt"

// whereTheTimeGoes tells what a day's wall time is spent on.
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
	text += fmt.Sprintf(`The day above is %s events in %s: %s a second, %s microseconds each, and %s of them for each request: that it arrives, that its answer does, that an
engine is due. %s of all requests are PINGs and FIND_NODEs, of joins, probes, refreshes and the lookups behind re-stores; %s put values somewhere or look for them. %s requests
timed out, after %s repeated sends: what nodes that leave without a word cost the others.
`, digits(0)(float64(r.Report.Events)), seconds(wall(r)), digits(0)(float64(r.Report.Events)/wall(r)), digits(2)(1e6*wall(r)/float64(r.Report.Events)),
		digits(2)(float64(r.Report.Events)/float64(r.Report.RPCTotal)),
		percent(part(r, "PING", "FIND_NODE")), percent(part(r, "FIND_VALUE", "STORE")),
		digits(0)(work(r, "requests.timed_out")), digits(0)(work(r, "requests.repeated")))
	return text + profile
}

// part is the share of the requests that are of the given kinds.
func part(r *result, names ...string) float64 {
	n := 0.0
	for _, name := range names {
		n += work(r, "requests."+name)
	}
	return n / float64(r.Report.RPCTotal)
}

// profile tells the processor's view; see runtime/pprof. It was taken once, and is
// not measured again with the rest.
const profile = `
A CPU profile of the first six hours of such a day (` + "`runtime/pprof`" + ` around ` + "`sim.Run`" + `) has over nine tenths of the time in the one goroutine that drives the history, nearly all
else in the collector. Seven tenths of it is in the engines' own code: a third in answering requests, a fifth in taking answers in, a sixth in what falls due. A tenth goes into asking
engines when they are next due, a twenty-fifth into the queue of events, less than a fiftieth into putting datagrams on their way. No function stands out: the costliest are those that touch an
engine's memory first, as one would expect where ten thousand others have used the cache since.
`
