package sim

import (
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/sim/report"
)

// motley is a network of all roles, of each driver of tables.
func motley(t *testing.T, tables string) *network {
	return grown(t, config(100, 60, func(c *Config) {
		c.Workload, c.Tables, c.Keys, c.Duration, c.Seed = report.WorkloadDay, tables, 40, time.Hour, 3
		c.Client, c.Silent, c.Lying = 0.2, 0.15, 0.15
	}))
}

// Silent nodes answer nothing; liars name liars alone, and keep nothing; clients are
// asked nothing, and are in nobody's table.
func TestRoles(t *testing.T) {
	for _, tables := range []string{report.TablesIdeal, report.TablesJoin} {
		n := motley(t, tables)
		count := make(map[string]int)
		r := n.drive(func(e *event) {
			if e.kind != arrival {
				return
			}
			d := e.datagram
			from, to, m := n.all[d.from-1], n.all[d.to-1], &d.message
			if to == nil {
				return // a liar named one that has yet to join
			}
			if from.client && m.Response || from.role == silent && m.Response {
				t.Errorf("node %d is to answer nobody, and answers %v", d.from, m.Type)
			}
			if to.client && !m.Response {
				t.Errorf("a client is asked %v", m.Type)
			}
			if from.client && m.Serves {
				t.Errorf("a client says that it serves")
			}
			if from.role == silent && !m.Response {
				count["asked by silent"]++
			}
			if to.role == silent && !m.Response {
				count["asked of silent"]++
			}
			if from.role != lying || !m.Response {
				return
			}
			count["lies"]++
			if m.Record != nil || len(m.Providers) > 0 {
				t.Errorf("a liar gives what it was asked for")
			}
			if len(m.Contacts) > n.cfg.K || (m.Type == rpc.FindNode || m.Type == rpc.FindValue) && len(m.Contacts) == 0 {
				t.Errorf("a liar names %d in an answer to %v", len(m.Contacts), m.Type)
			}
			for _, c := range m.Contacts {
				if n.all[c-1] != nil && n.all[c-1].role != lying {
					t.Errorf("a liar names node %d, which is none", c)
				}
			}
		})
		roles := make(map[role]int)
		clients := 0
		for _, nd := range n.all {
			if nd.client {
				clients++
				if nd.role != honest {
					t.Errorf("a client of role %d", nd.role)
				}
			} else {
				roles[nd.role]++
			}
			if nd.role == lying && held(nd.engine.Store()) > 0 {
				t.Errorf("a liar keeps %d entries", held(nd.engine.Store()))
			}
			nd.engine.Table().EachHandle(func(c identity.Contact) {
				if n.all[c-1].client {
					t.Errorf("node %d has a client in its table", nd.contact)
				}
			})
		}
		within(t, "clients", float64(clients), 20, 0.5)
		within(t, "silent nodes", float64(roles[silent]), 15, 11)
		within(t, "liars", float64(roles[lying]), 15, 11)
		if count["lies"] < 50 || count["asked by silent"] == 0 || tables == report.TablesIdeal && count["asked of silent"] == 0 {
			t.Errorf("%s: %v", tables, count)
		}
		if r.Lookups != 60 || r.Recall < 0.5 {
			t.Errorf("%s: %d lookups, recall %v", tables, r.Lookups, r.Recall)
		}
	}
}

// The shares of roles are those of all nodes, and clients are whole.
func TestShares(t *testing.T) {
	c := config(50_000, 1, func(c *Config) { c.Client, c.Silent, c.Lying = 0.4, 0.3, 0.1 })
	r := &run{cfg: c}
	if r.servers() != 30_000 {
		t.Errorf("%d servers", r.servers())
	}
	w := newWorld(&c, newBook(1, r.servers(), 0))
	counts := make(map[role]float64)
	for i := range r.servers() {
		counts[w.role(identity.Contact(i+1))]++
	}
	within(t, "silent", counts[silent]/50_000, 0.3, 0.01)
	within(t, "lying", counts[lying]/50_000, 0.1, 0.01)
}

// Silent nodes cost time, and lookups find the closest of the others nevertheless; not
// all of the k closest, since answers name silent nodes too, in the place of others.
func TestSilentAreFoundOut(t *testing.T) {
	r := simulate(t, config(500, 200, func(c *Config) { c.Silent = 0.3 }))
	if r.Succeeded < 195 || r.Recall < 0.9 || r.Recall == 1 || r.LatencyMS.Mean < 300 {
		t.Errorf("succeeded %d, recall %v, %v ms", r.Succeeded, r.Recall, r.LatencyMS.Mean)
	}
	dead := 0.0
	for _, b := range r.Buckets[:3] {
		dead += b.Dead / b.Contacts / 3
	}
	within(t, "share of dead contacts", dead, 0.3, 0.02)
}
