package engine

import (
	"testing"
	"time"

	"kadmium/kbucket"
	"kadmium/lookup"
	"kadmium/rpc"
)

// A brief rule waits for nobody after 100 ms, and notes what it knows of its searcher.
type brief struct {
	lookup.Plain
	cfg   lookup.Config
	notes *briefNotes
}

type briefNotes struct {
	measured, searches, lookups int
}

func (b brief) Wake(lookup.View) time.Duration { return 100 * time.Millisecond }

func (b brief) Over(v lookup.View) bool {
	return v.Elapsed() >= 100*time.Millisecond || b.Plain.Over(v)
}

func (b brief) Next(v lookup.View) *lookup.Candidate {
	c := b.Plain.Next(v)
	if c != nil && b.cfg.Searcher.RTT(c.Contact()) > 0 {
		b.notes.measured++
	}
	return c
}

// A rule of the configuration is the rule of each lookup. It is woken at the time that it
// names, knows what is sought and what the node has measured, and what it left undone
// proves nothing about buckets.
func TestLookupFollowsTheConfiguredRule(t *testing.T) {
	n := newNetwork(t, 60)
	var notes briefNotes
	n.grow(40, func(c *Config) {
		c.Lookup = func(cfg lookup.Config) lookup.Rule {
			notes.lookups++
			if cfg.Search {
				notes.searches++
			}
			return brief{cfg: cfg, notes: &notes}
		}
	})
	nd := n.nodes[3]
	nd.get("/v/nothing", 0)
	if notes.lookups == 0 || notes.searches != 1 || notes.measured == 0 {
		t.Errorf("%+v, want lookups, one search, and peers with round trip times", notes)
	}
	n.run(10 * time.Minute)
	n.lose = func(_, to *node, m *rpc.Message) bool { return to != nd && !m.Response }
	due := nd.e.table.NextRefresh()
	start, op := n.now, nd.begin(func(op OpID) []Effect { return nd.e.Closest(n.now, op, randomTarget(n.rnd), nil) })
	n.until(time.Minute, "the end", func() bool { return nd.results[op] != nil })
	if took := n.now.Sub(start); took != 100*time.Millisecond {
		t.Errorf("ended after %v, want the 100ms of the rule", took)
	}
	if next := nd.e.table.NextRefresh(); next.After(due.Add(time.Minute)) {
		t.Errorf("all buckets count as seen until %v", next)
	}
}

// eager gives every newcomer the place of the least recently seen contact.
type eager struct{ kbucket.Plain }

func (eager) Displace(kbucket.View) int { return 0 }

// A policy of the configuration decides over the table, and what it displaces is
// reported.
func TestTableFollowsTheConfiguredPolicy(t *testing.T) {
	n := newNetwork(t, 61)
	n.grow(40, func(c *Config) { c.K, c.Table = 3, func() kbucket.Policy { return eager{} } })
	first := n.nodes[0]
	added, removed := 0, 0
	for _, ev := range first.events {
		switch ev.Kind {
		case PeerAdded:
			added++
		case PeerRemoved:
			removed++
		}
	}
	if removed == 0 || added-removed != first.e.table.Len() {
		t.Errorf("%d were added and %d removed, and the table has %d", added, removed, first.e.table.Len())
	}
}
