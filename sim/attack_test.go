package sim

import (
	"bytes"
	"context"
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/sim/attack"
	"kadmium/sim/report"
)

// attacked is a Config of lookups under attacks.
func attacked(t testing.TB, nodes, lookups int, attacks string) Config {
	t.Helper()
	return config(nodes, lookups, func(c *Config) {
		if err := c.Set("attack", attacks); err != nil {
			t.Fatal(err)
		}
	})
}

// Liars of an attack are those of --lying, and the report of the attack stands beside what a
// report has anyway.
func TestAttackOfLiars(t *testing.T) {
	r := simulate(t, attacked(t, 300, 200, "liars:share=0.3"))
	a := r.Attack
	if a == nil || a.SizeEstimate == nil || a.WithoutAttack != 200 || a.HonestClosest < 0.9 || a.HonestRecall > 0.8 || a.FirstAlphaShare < 0.2 || a.FirstAlphaShare > 0.4 || a.RPCsRatio < 1 {
		t.Errorf("%+v", a)
	}
	if s := a.SizeEstimate; s.Of != 12 || s.Mean < 0.8 || s.Mean > 1.2 || s.SD == 0 {
		t.Errorf("size estimate %+v", s)
	}
	r.Attack, r.Config.Attack, r.Config.Lying = nil, "", 0.3
	same := simulate(t, config(300, 200, func(c *Config) { c.Lying = 0.3 }))
	if got, want := lasting(t, r), lasting(t, same); !bytes.Equal(got, want) {
		x, y := firstDifference(want, got)
		t.Errorf("with --lying %s, with --attack %s", x, y)
	}
	if same.Attack != nil {
		t.Error("a report without --attack has what it did")
	}
}

// An attacker's pool has the nearest to any target: plain lookups end at it, those of nodes
// mostly do not, and of one /24 not at all.
func TestAttackOfPool(t *testing.T) {
	run := func(lookup, attacks string) *report.Attack {
		c := attacked(t, 1000, 200, attacks)
		c.Lookup = lookup
		return simulate(t, c).Attack
	}
	if a := run(RulePlain, "pool:share=0.05,identities=100000,subnets=100000"); a.HonestClosest > 0.7 || a.Captured < 0.3 {
		t.Errorf("plain: %+v", a)
	}
	if a := run(RuleKadmium, "pool:share=0.05,identities=100000,subnets=100000"); a.HonestClosest < 0.95 || a.Captured > 0.01 || a.Suspected < 0.4 || a.SuspectedWithoutAttack > 0.02 {
		t.Errorf("%+v", a)
	}
	if a := run(RuleKadmium, "pool:share=0.05,identities=100000"); a.HonestClosest < 0.99 || a.Captured > 0 {
		t.Errorf("one /24: %+v", a)
	}
}

// Who answers PINGs alone is in no result; who garbles costs less time than who says nothing.
// Who answers late is found, and costs time.
func TestAttackOnTime(t *testing.T) {
	latency := make(map[string]float64)
	for _, attacks := range []string{"mute:share=0.2", "mute:share=0.2,answer=garbled", "drip:share=0.2,delay=1s"} {
		r := simulate(t, attacked(t, 300, 100, attacks))
		latency[attacks] = r.LatencyMS.Mean
		if r.Succeeded < 99 || r.Recall < 0.9 {
			t.Errorf("%s: %d of 100 succeeded, recall %v", attacks, r.Succeeded, r.Recall)
		}
	}
	if l := latency["mute:share=0.2"]; l < 1000 {
		t.Errorf("mute: %v ms", l)
	}
	if l := latency["mute:share=0.2,answer=garbled"]; l > 400 {
		t.Errorf("garbled: %v ms", l)
	}
	if l := latency["drip:share=0.2,delay=1s"]; l < 1000 {
		t.Errorf("drip: %v ms", l)
	}
}

// A run that is interrupted says what it knows of the attack.
func TestAttackInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	r, err := Run(ctx, attacked(t, 300, 500, "liars"), func(stage string, done, _ int) {
		if stage == "lookups without attack" && done == 10 {
			stop()
		}
	})
	if err != nil || !r.Partial || r.Lookups != 500 || r.Attack == nil || r.Attack.WithoutAttack != 0 || r.Attack.HonestRecall == 0 {
		t.Errorf("%v, partial %v, %d lookups, %+v", err, r.Partial, r.Lookups, r.Attack)
	}
}

// Nodes and pool share as many /24s as was said, each at an endpoint of its own, and the
// identities of a pool do not depend on how many searchers there are.
func TestSharedSubnets(t *testing.T) {
	c := config(5000, 1, func(c *Config) {
		c.Subnets = 7
		c.Attacks = []attack.Attack{{Kind: attack.Pool, Share: 0.1, Identities: 2000, Subnets: 3}}
	})
	r := &run{cfg: c}
	b := r.newBook(2)
	endpoints, subnets := make(map[netip.AddrPort]bool), make(map[bool]map[netip.Prefix]int)
	subnets[false], subnets[true] = make(map[netip.Prefix]int), make(map[netip.Prefix]int)
	for i := 1; i <= 7002; i++ {
		e := b.Address(identity.Contact(i)).Endpoint
		if endpoints[e] || identity.IsLocal(e.Addr()) {
			t.Fatalf("node %d is at %v", i, e)
		}
		endpoints[e] = true
		p, _ := e.Addr().Prefix(24)
		if i <= 7000 {
			subnets[i > 5000][p]++
		}
	}
	for of, want := range map[bool]int{false: 7, true: 3} {
		if len(subnets[of]) != want {
			t.Errorf("pool %v: %v", of, subnets[of])
		}
		for p := range subnets[of] {
			if subnets[!of][p] > 0 {
				t.Errorf("%v is of nodes and of the pool", p)
			}
		}
	}
	target := randomPosition(1, forTarget, 1)
	four := r.newBook(4)
	x, y := b.closestOfPool(nil, &target, 20), four.closestOfPool(nil, &target, 20)
	for i := range x {
		if x[i] != y[i] || *b.Position(x[i]) != *four.Position(y[i]) {
			t.Fatalf("%v with two searchers, %v with four", x, y)
		}
		if int(x[i]) <= b.servers || i > 0 && identity.Compare(&target, b.Position(x[i-1]), b.Position(x[i])) > 0 {
			t.Fatalf("%v is not in order, or not of the pool", x)
		}
	}
}

// Lookups in crowded /24s find the closest node nevertheless, where tables know it.
func TestSubnets(t *testing.T) {
	r := simulate(t, config(500, 200, func(c *Config) { c.Subnets = 50 }))
	if r.Config.Subnets != 50 || r.Succeeded < 190 || r.Attack != nil {
		t.Errorf("%d of 200 succeeded, %+v", r.Succeeded, r.Config)
	}
	c := config(60, 40, func(c *Config) { c.Subnets, c.Tables, c.Duration = 20, report.TablesJoin, time.Minute })
	if r := simulate(t, c); r.Succeeded < 38 {
		t.Errorf("joined: %d of 40 succeeded", r.Succeeded)
	}
}

// Who makes identities around a key has all its holders and hides it, of plain lookups; of
// those of nodes neither, whether he comes before the put or before the get.
func TestAttackOfSybils(t *testing.T) {
	slow(t)
	run := func(lookup, attacks string) *report.Attack {
		c := attacked(t, 1000, 60, attacks)
		c.Lookup, c.Workload = lookup, report.WorkloadValue
		r := simulate(t, c)
		if v := r.Values; v == nil || v.Puts != 60 || v.Gets != 60 || v.Confirmed != 60 || v.Found != r.Succeeded || v.Holders < 19 {
			t.Errorf("%s: %+v, %d succeeded", attacks, v, r.Succeeded)
		}
		return r.Attack
	}
	for _, c := range []struct {
		lookup, attack string
		found, suspect [2]float64
		holders        [2]float64
	}{
		{RulePlain, "sybil:n=45,place=near", [2]float64{0, 0.1}, [2]float64{0, 1}, [2]float64{0, 1}},
		{RuleKadmium, "sybil:n=45,place=near", [2]float64{0.98, 1}, [2]float64{0.98, 1}, [2]float64{13, 25}},
		{RuleKadmium, "sybil:n=45,place=near,subnets=1", [2]float64{1, 1}, [2]float64{0, 1}, [2]float64{16, 25}},
		{RuleKadmium, "sybil:n=45,place=near,before=get", [2]float64{0.98, 1}, [2]float64{0, 0.1}, [2]float64{18, 25}},
		{RuleKadmium, "sybil:n=20,place=spread", [2]float64{0.95, 1}, [2]float64{0, 1}, [2]float64{12, 25}},
	} {
		a := run(c.lookup, c.attack)
		between := func(what string, v float64, of [2]float64) {
			if v < of[0] || v > of[1] {
				t.Errorf("%s, %s: %s %v, want %v: %+v", c.lookup, c.attack, what, v, of, a)
			}
		}
		between("found", a.GetsFound, c.found)
		between("suspected", a.Suspected, c.suspect)
		between("holders", a.HonestHolders.Mean, c.holders)
	}
}

// Attackers who speak first to a node that has started again get neither the places of those
// whom it knew nor a lookup, and those who speak to one all the time get places that were free;
// without sessions they could also wait for ever.
func TestAttackOfEclipse(t *testing.T) {
	run := func(attacks, sessions string) *report.Attack {
		c := attacked(t, 1000, 40, attacks)
		if err := c.Set("sessions", sessions); err != nil {
			t.Fatal(err)
		}
		r := simulate(t, c)
		if r.Attack.WithoutAttack != 40 || r.Lookups != 40 {
			t.Errorf("%s: %d lookups, %+v", attacks, r.Lookups, r.Attack)
		}
		return r.Attack
	}
	if a := run("eclipse:subnets=50", "none"); a.TableShare < 0.1 || a.TableShare > 0.45 || a.Captured > 0 || a.HonestClosest < 0.95 {
		t.Errorf("restart: %+v", a)
	}
	if a := run("eclipse:subnets=100,restart=false,minutes=30", "kad"); a.TableShare < 0.1 || a.TableShare > 0.6 || a.Captured > 0.1 {
		t.Errorf("patient: %+v", a)
	}
}

// Identities stand where the attack says, each in a subnet of its own or in so many, and do
// not depend on how many searchers there are.
func TestPlaces(t *testing.T) {
	for _, place := range []string{attack.PlaceNear, attack.PlaceSpread, attack.PlaceEdges} {
		c := config(2000, 1, func(c *Config) {
			c.Workload = report.WorkloadValue
			c.Attacks = []attack.Attack{{Kind: attack.Sybil, Identities: 60, Subnets: 12, Place: place, Before: attack.BeforePut}}
		})
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		r := &run{cfg: c}
		books, guest := r.newBooks(3)
		s := newSearcher(&r.cfg, books[2], guest(2))
		s.target = randomPosition(1, forTarget, 5)
		s.surround()
		closest := s.book.Position(s.book.closest(nil, &s.target, 1, nil)[0]).Prefix() ^ s.target.Prefix()
		subnets := make(map[netip.Prefix]int)
		octaves := make(map[int]int)
		for _, id := range s.book.ground.all {
			if s.role(id) != sybil {
				t.Errorf("identity %d has role %d", id, s.role(id))
			}
			d := s.book.Position(id).Prefix() ^ s.target.Prefix()
			switch {
			case place == attack.PlaceNear && d >= closest, d > c.region():
				t.Errorf("%s: at %x", place, d)
			case place == attack.PlaceEdges:
				for o := range octavesOfRegion {
					if edge := c.region() >> (1 + o); d >= edge && d < edge+edge/50 {
						octaves[o]++
					}
				}
			}
			p, _ := s.book.Address(id).Endpoint.Addr().Prefix(24)
			subnets[p]++
		}
		if place == attack.PlaceEdges && (len(octaves) != octavesOfRegion || octaves[0] != 10) {
			t.Errorf("octaves %v", octaves)
		}
		if len(subnets) != 12 {
			t.Errorf("%d subnets", len(subnets))
		}
		if first := s.book.Address(1).Endpoint; subnets[netip.PrefixFrom(first.Addr(), 24).Masked()] > 0 || len(s.book.ground.known) != 60 {
			t.Errorf("identities share a subnet with a node, or %d are known", len(s.book.ground.known))
		}
		if books[0].ground.known != nil {
			t.Error("searchers share identities")
		}
	}
}

// Nodes that serve an older record, and name each other, are believed by gets that take the
// first record, less by those that weigh three, and least by fresh ones; nodes that serve it
// where it belongs are outvoted.
func TestAttackOfStaleRecords(t *testing.T) {
	slow(t)
	stale := func(gets, attacks string) float64 {
		c := attacked(t, 500, 200, attacks)
		c.Workload, c.Gets = report.WorkloadValue, gets
		a := simulate(t, c).Attack
		if a.GetsFound+a.StaleReturned > 1 || a.GetsFound < 0.3 {
			t.Errorf("%s, %s: %+v", gets, attacks, a)
		}
		return a.StaleReturned
	}
	first, three, fresh := stale(report.GetsFirst, "stale"), stale(report.GetsQuorum, "stale"), stale(report.GetsFresh, "stale")
	t.Logf("stale: %v of gets of the first record, %v of three, %v of fresh ones", first, three, fresh)
	if first < 0.12 || three > first/2 || fresh > 0.01 {
		t.Errorf("stale: %v of gets of the first record, %v of three, %v of fresh ones", first, three, fresh)
	}
	if alone := stale(report.GetsQuorum, "stale:collude=false"); alone > 0.02 {
		t.Errorf("%v of gets where nobody colludes", alone)
	}
}
