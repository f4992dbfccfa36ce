package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"kadmium/sim/report"
)

// racing is true under the race detector.
var racing bool

// slow skips a test that would take too long under the race detector, or is not
// wanted now.
func slow(t *testing.T) {
	t.Helper()
	if racing || testing.Short() {
		t.Skip("slow")
	}
}

// latency is a model of latency.
func latency(t testing.TB, text string) Latency {
	t.Helper()
	l, err := ParseLatency(text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// sessions are a model of sessions.
func sessions(t testing.TB, text string) Sessions {
	t.Helper()
	s, err := ParseSessions(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// config is the default Config of a small network, changed.
func config(nodes, lookups int, change func(*Config)) Config {
	c := Defaults()
	c.Nodes, c.Lookups = nodes, lookups
	if change != nil {
		change(&c)
	}
	return c
}

// simulate runs a Config to its end.
func simulate(t testing.TB, c Config) *report.Report {
	t.Helper()
	r, err := Run(context.Background(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Partial {
		t.Fatal("it ran to its end, and calls itself partial")
	}
	return r
}

// lasting is a report's JSON without what differs from run to run.
func lasting(t testing.TB, r *report.Report) []byte {
	t.Helper()
	all := *r
	all.Machine = report.Machine{}
	b, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// firstDifference is the first line in which two texts differ, of both.
func firstDifference(a, b []byte) (string, string) {
	x, y := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(x), len(y)) {
		if !bytes.Equal(x[i], y[i]) {
			return string(x[i]), string(y[i])
		}
	}
	return "", ""
}

// grown is the network of a Config at its beginning, in one shard, to be driven event by
// event.
func grown(t testing.TB, c Config) *network {
	t.Helper()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	return (&run{cfg: c}).newNetwork(context.Background(), 1)
}

// watched has watch look at each event of a shard before it happens.
func (n *network) watched(watch func(*event)) {
	if watch == nil {
		return
	}
	n.crew.handle = func(shard int, end time.Duration) {
		w := n.shards[shard]
		w.collect(n.shards, n.parity)
		for w.queue.next() < end {
			watch(&w.queue.events[0])
			n.handleNext(w)
		}
	}
}

// until drives a network to a time. Before each event watch may look at it.
func (n *network) until(at time.Duration, watch func(*event)) {
	n.watched(watch)
	n.at(at, func() {})
	for n.now < at {
		n.advance()
	}
}

// drive drives a network to the end of its history, and returns its report.
func (n *network) drive(watch func(*event)) *report.Report {
	n.watched(watch)
	for n.more() {
		n.advance()
	}
	n.writeReport()
	n.run.report.Summarise(n.run.samples)
	return &n.run.report
}
