package bench

import (
	"encoding/json"
	"flag"
	"math"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/sim"
	"kadmium/sim/interval"
	"kadmium/sim/report"
	"kadmium/transport/memnet"
)

// The network that TestBesideSimulator measures.
var (
	besideNodes   = flag.Int("nodes", 24, "nodes of TestBesideSimulator")
	besideLookups = flag.Int("lookups", 100, "its lookups")
	besideK       = flag.Int("k", 4, "its k")
	besideSeeds   = flag.Uint64("seeds", 5, "its seeds: 1 to this")
	besideMet     = flag.Bool("met", false, "all its nodes have sessions with one another before the first lookup")
	besideReports = flag.String("reports", "", "file for the reports of its real nodes")
)

// sites has the round trip times of both networks.
const sites = "../../../sim/measurements/sites.csv"

// inMemory measures real nodes in virtual time, whose datagrams take as long as those of
// the simulator with the same seed.
func inMemory(t *testing.T, cfg Config, latency sim.Latency) (r *report.Report) {
	t.Helper()
	oneWay := latency.OneWay(cfg.Seed)
	number := func(a netip.Addr) uint32 { ip := a.As4(); return uint32(ip[2])<<8 | uint32(ip[3]) }
	synctest.Test(t, func(t *testing.T) {
		memory := memnet.New(cfg.Seed, memnet.Conditions{})
		memory.Delay(func(from, to netip.Addr) time.Duration { return oneWay(number(from), number(to), 0) })
		taps := newTaps()
		cfg.memory = func(at netip.AddrPort) (net.PacketConn, error) {
			c, err := memory.Listen(at)
			if err != nil {
				return nil, err
			}
			return taps.tap(at, c), nil
		}
		met := !*besideMet
		cfg.watch = func(n *network, searcher *member, begins bool) {
			if !met {
				met = true
				meet(t, n)
			}
			taps.watch(searcher, begins)
		}
		r = measure(t, cfg)
		r.Work = append(r.Work, taps.work()...)
	})
	return r
}

// meet has each node send two PINGs to each other: with the second the session that the
// first has made stays.
func meet(t *testing.T, n *network) {
	t.Helper()
	if err := inParallel(0, len(n.members), func(i int) error {
		for j, other := range n.members {
			for range 2 {
				if _, err := n.members[i].Ping(t.Context(), other.Addresses()[0]); err != nil && i != j {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// The simulator's figures are those of whole nodes with their transport, which meet the
// same delays: the same hops and requests, and about the same times.
func TestBesideSimulator(t *testing.T) {
	latency, err := sim.ParseLatency("file:" + sites)
	if err != nil {
		t.Fatal(err)
	}
	var both [2][]*report.Report
	for seed := uint64(1); seed <= *besideSeeds; seed++ {
		real := inMemory(t, Config{Nodes: *besideNodes, Lookups: *besideLookups, K: *besideK, Alpha: 3, Seed: seed,
			Workload: report.WorkloadFind, Targets: report.TargetsRandom, Network: "bench test"}, latency)
		c := sim.Defaults()
		c.Nodes, c.Lookups, c.K, c.Seed, c.Tables, c.Latency = *besideNodes, *besideLookups, *besideK, seed, report.TablesJoin, latency
		simulated, err := sim.Run(t.Context(), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		both[0], both[1] = append(both[0], real), append(both[1], simulated)
	}
	for metric, within := range map[string]float64{"hops.mean": .05, "rounds.mean": .05, "rpcs.mean": .05, "latency_ms.mean": .1} {
		d, err := interval.Welch(figures(t, both[0], metric), figures(t, both[1], metric))
		if err != nil {
			t.Fatal(err)
		}
		mean, err := interval.OfMean(figures(t, both[0], metric))
		if err != nil {
			t.Fatal(err)
		}
		share := d.Difference / mean.Mean
		t.Logf("%s: whole nodes %.4g, simulated %.4g", metric, mean.Mean, mean.Mean+d.Difference)
		if math.Abs(share) > within {
			t.Errorf("%s: the simulator's differs from that of whole nodes by %.1f %%, want at most %.0f %%", metric, 100*share, 100*within)
		}
	}
	if *besideReports != "" {
		text, err := json.Marshal(map[string]any{"sweep": both[0]})
		if err == nil {
			err = os.WriteFile(*besideReports, text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// figures are those of one metric, one a report.
func figures(t *testing.T, reports []*report.Report, metric string) (all []float64) {
	t.Helper()
	for _, r := range reports {
		for _, m := range r.Metrics() {
			if m.Name == metric {
				all = append(all, m.Value)
			}
		}
	}
	if len(all) != len(reports) {
		t.Fatalf("%d of %d reports have %s", len(all), len(reports), metric)
	}
	return all
}
