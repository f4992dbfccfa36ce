package bench

import (
	"context"
	"errors"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kadmium"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/sim/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small is a network in which most nodes hold none of a key's copies.
func small(workload string) Config {
	return Config{Nodes: 12, Lookups: 30, K: 4, Alpha: 3, Seed: 1, Workload: workload, Targets: report.TargetsRandom, Network: "bench test"}
}

func measure(t *testing.T, cfg Config) *report.Report {
	t.Helper()
	r, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// On a network at rest each workload finds all that it looks for, and its report's
// parts agree with each other.
func TestWorkloads(t *testing.T) {
	for _, test := range []struct {
		workload, targets string
		finds, values     int // lookups of each kind
	}{
		{report.WorkloadFind, report.TargetsRandom, 30, 0},
		{report.WorkloadFind, report.TargetsNodes, 30, 0},
		{report.WorkloadValue, report.TargetsRandom, 0, 30},
		{report.WorkloadProvide, report.TargetsRandom, 0, 30},
		{report.WorkloadMixed, report.TargetsNodes, 10, 20},
	} {
		t.Run(test.workload+" "+test.targets, func(t *testing.T) {
			cfg := small(test.workload)
			cfg.Targets = test.targets
			done := 0
			cfg.Progress = func(stage string, n, total int) {
				if stage != "lookups" {
					return
				}
				if done++; n != done || total != cfg.Lookups {
					t.Errorf("told of %d of %d, want %d of %d", n, total, done, cfg.Lookups)
				}
			}
			r := measure(t, cfg)
			if r.Kind != report.Bench || r.Partial || r.Lookups != 30 || r.Succeeded != 30 || done != 30 {
				t.Errorf("a %s, partial %v: %d of %d succeeded, told of %d", r.Kind, r.Partial, r.Succeeded, r.Lookups, done)
			}
			if want := min(1, float64(test.finds)); r.Recall != want {
				t.Errorf("recall %v, want %v", r.Recall, want)
			}
			for name, d := range map[string]report.Distribution{"hops": r.Hops, "first replica": r.FirstReplicaHops,
				"rounds": r.Rounds, "requests": r.RPCs, "latency": r.LatencyMS, "bytes": r.Bytes} {
				least := slices.MinFunc(d.Histogram, func(a, b report.Bin) int { return int(math.Copysign(1, a.Value-b.Value)) })
				if d.N() != 30 || least.Value <= 0 || d.Mean <= 0 || d.P50 > d.P90 || d.P99 > d.Max {
					t.Errorf("%s: %+v", name, d)
				}
			}
			if r.FirstReplicaHops.Max > r.Hops.Max || r.RoundsAfterClosest.N() != 30 || r.RoundsAfterClosest.Max >= r.Rounds.Max {
				t.Errorf("first replica after up to %v of %v hops; %v of %v rounds after the closest",
					r.FirstReplicaHops.Max, r.Hops.Max, r.RoundsAfterClosest.Max, r.Rounds.Max)
			}
			checkValues(t, r.Values, test.values)
			checkWhole(t, r)
		})
	}
}

func checkValues(t *testing.T, v *report.Values, want int) {
	t.Helper()
	if want == 0 {
		if v != nil {
			t.Errorf("values of a workload that stores nothing: %+v", v)
		}
		return
	}
	if v == nil || v.Puts != want || v.Confirmed != want || v.Gets != want || v.Found != want || v.Holders != 4 {
		t.Errorf("values %+v, want %d of all, with 4 holders", v, want)
	}
}

// checkWhole checks what is said of all nodes together.
func checkWhole(t *testing.T, r *report.Report) {
	t.Helper()
	lookups, succeeded := 0, 0
	var rpcs uint64
	for _, i := range r.Series {
		lookups, succeeded, rpcs = lookups+i.Lookups, succeeded+i.Succeeded, rpcs+i.RPCs
		if i.Bytes == 0 || i.LatencyMS <= 0 || i.NodesUp != 12 {
			t.Errorf("interval %+v", i)
		}
	}
	if len(r.Series) != intervals || lookups != r.Lookups || succeeded != r.Succeeded || rpcs >= r.RPCTotal {
		t.Errorf("%d intervals of %d lookups, %d succeeded, %d requests; in all %d, %d, %d",
			len(r.Series), lookups, succeeded, rpcs, r.Lookups, r.Succeeded, r.RPCTotal)
	}
	if ofLookups := r.RPCs.Mean * float64(r.Lookups); float64(r.RPCTotal) < math.Round(ofLookups) {
		t.Errorf("%d requests, of lookups alone %v", r.RPCTotal, ofLookups)
	}
	contacts := 0.0
	for _, b := range r.Buckets {
		contacts += b.Contacts
	}
	if contacts < 4 || contacts > 11 {
		t.Errorf("tables of %v contacts: %v", contacts, r.Buckets)
	}
	if !slices.ContainsFunc(r.Work, func(w report.Work) bool { return w.Name == "lookups" && w.Count >= 30 }) {
		t.Errorf("work %v", r.Work)
	}
	m := r.Machine
	if r.VirtualSeconds <= 0 || m.WallSeconds < r.VirtualSeconds || m.RPCsPerSecond <= 0 ||
		m.CPUs < 1 || !strings.HasPrefix(m.Go, "go1.") || r.BytesPerNodeSecond <= 0 || r.NodesUp != 12 {
		t.Errorf("%v nodes, %v s, %v bytes per node second, machine %+v", r.NodesUp, r.VirtualSeconds, r.BytesPerNodeSecond, m)
	}
	if tr := r.Trace; tr == nil || tr.Which != report.TraceTypical || tr.Hops < 1 || float64(tr.Hops) > r.Hops.Max || len(tr.Requests) == 0 || tr.EndMS <= 0 ||
		!slices.ContainsFunc(tr.Requests, func(q report.Request) bool { return q.Winning && q.Outcome == report.Answered }) {
		t.Errorf("trace %+v", tr)
	}
}

// The seed decides who looks for what.
func TestSeed(t *testing.T) {
	cfg := small(report.WorkloadFind)
	cfg.Lookups = 1
	one, same := measure(t, cfg), measure(t, cfg)
	cfg.Seed++
	other := measure(t, cfg)
	if one.Trace.Target != same.Trace.Target || one.Trace.Target == other.Trace.Target {
		t.Errorf("targets %s, %s; of another seed %s", one.Trace.Target, same.Trace.Target, other.Trace.Target)
	}
	if one.FirstReplicaHops.N() != 1 || len(one.Series) != 1 {
		t.Errorf("one lookup: %+v", one)
	}
}

// An interrupted run reports what ran; one that had not begun reports nothing.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cfg := small(report.WorkloadMixed)
	cfg.Progress = func(stage string, done, _ int) {
		if stage != "lookups" {
			return
		}
		if done == 5 {
			cancel()
		}
	}
	r, err := Run(ctx, cfg)
	if err != nil || !r.Partial || r.Lookups != 5 || r.Hops.N() != 5 || len(r.Series) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if v := r.Values; v == nil || v.Puts != 3 || v.Gets != 3 || v.Confirmed != 3 || v.Holders != 4 { // of lookups 1, 2 and 4
		t.Errorf("values %+v", v)
	}
	if r, err := Run(ctx, cfg); r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", r, err)
	}
}

// In a live network clients measure what can be known there.
func TestLiveNetwork(t *testing.T) {
	for _, workload := range []string{report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide} {
		live := Config{Nodes: 6, K: 4, Alpha: 3, Network: "live"}
		n := &network{members: make([]*member, live.Nodes), numbers: nil}
		defer n.close()
		if err := n.startNodes(t.Context(), &live); err != nil {
			t.Fatal(err)
		}
		cfg := small(workload)
		cfg.Network, cfg.Bootstrap, cfg.Listen = "live", []string{n.members[3].Addresses()[0].String()}, []string{"127.0.0.1:0"}
		r := measure(t, cfg)
		if r.Lookups != 30 || r.Succeeded != 30 || r.Hops.N() != 30 || r.Config.Bootstrap == "" || r.Config.Nodes != clients {
			t.Errorf("%s: %+v", workload, r)
		}
		if r.Recall != 0 || r.FirstReplicaHops.N() != 0 {
			t.Errorf("%s: recall %v, first replica %+v, of a network of which not all is known", workload, r.Recall, r.FirstReplicaHops)
		}
		if r.Bytes.Mean <= 0 || r.BytesPerNodeSecond <= 0 || r.RPCTotal == 0 || len(r.Buckets) == 0 {
			t.Errorf("%s: %v bytes, %v per node second, %d requests, buckets %v", workload, r.Bytes.Mean, r.BytesPerNodeSecond, r.RPCTotal, r.Buckets)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	silent, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	cfg := small(report.WorkloadFind)
	cfg.Bootstrap, cfg.Listen = []string{silent.LocalAddr().String()}, []string{"127.0.0.1:0"}
	if _, err := Run(t.Context(), cfg); !errors.Is(err, kadmium.ErrNoAnswer) {
		t.Errorf("%v, want no answer", err)
	}
}

func TestBadConfig(t *testing.T) {
	for says, change := range map[string]func(*Config){
		"nodes 1":      func(c *Config) { c.Nodes = 1 },
		"nodes 65536":  func(c *Config) { c.Nodes = maxNodes + 1 },
		"lookups 0":    func(c *Config) { c.Lookups = 0 },
		"k 0":          func(c *Config) { c.K = 0 },
		"k 21":         func(c *Config) { c.K = rpc.MaxContacts + 1 },
		"alpha 0":      func(c *Config) { c.Alpha = 0 },
		"alpha 65":     func(c *Config) { c.Alpha = maxAlpha + 1 },
		"ttl -1s":      func(c *Config) { c.TTL = -time.Second },
		"ttl 169h":     func(c *Config) { c.TTL = 169 * time.Hour },
		`workload "d"`: func(c *Config) { c.Workload = "d" },
		`targets "t"`:  func(c *Config) { c.Targets = "t" },
		"targets node": func(c *Config) { c.Targets, c.Bootstrap = report.TargetsNodes, []string{"127.0.0.1:1"} },
	} {
		cfg := small(report.WorkloadFind)
		change(&cfg)
		if _, err := Run(t.Context(), cfg); !errors.Is(err, ErrBadConfig) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

// The workload begins on a network at rest: each bucket holds all nodes of its range,
// or k of them. A node that has answered late may still be missing somewhere.
func TestBucketsAreFilled(t *testing.T) {
	missing := 0
	for seed := range uint64(3) {
		cfg := small(report.WorkloadFind)
		cfg.Seed = seed
		n, err := startNetwork(t.Context(), &cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer n.close()
		for _, m := range n.members {
			rooms := make(map[int]int) // what a bucket's range has for it
			for _, other := range n.members {
				if other != m {
					cpl := identity.CommonPrefixLen(&m.position, &other.position)
					rooms[cpl] = min(rooms[cpl]+1, cfg.K)
				}
			}
			missing -= m.Table().Size
			for _, room := range rooms {
				missing += room
			}
		}
	}
	if missing > 4 {
		t.Errorf("%d contacts are missing", missing)
	}
}

// A node takes what the bench lets through.
func TestLimitsAreTheNodes(t *testing.T) {
	n, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}, K: rpc.MaxContacts, Alpha: maxAlpha})
	if err != nil {
		t.Fatal(err)
	}
	n.Close()
}

func TestTooManyFiles(t *testing.T) {
	limit, known := MayOpen()
	if !known || limit > math.MaxInt32 {
		t.Skip("no limit")
	}
	if err := enoughFiles(int(limit)); !errors.Is(err, ErrFiles) {
		t.Errorf("%v, want %v", err, ErrFiles)
	}
	if err := enoughFiles(int(limit) - spareFiles); err != nil {
		t.Error(err)
	}
}

// Holders are those of a put that was confirmed, on average, as in simulations.
func TestHoldersOfConfirmedPuts(t *testing.T) {
	r := &workloadRun{cfg: &Config{Workload: report.WorkloadValue}, network: &network{}, marks: make([]mark, 2), tracer: new(report.Tracer)}
	for holders, err := range map[int]error{4: nil, 2: nil, 1: errors.New("no answer"), 0: errors.New("no node")} {
		r.countPut(kadmium.Stored{Holders: holders}, err)
	}
	if v := r.report().Values; v.Puts != 4 || v.Confirmed != 2 || v.Holders != 3 {
		t.Errorf("%+v, want 3 holders of each of 2", v)
	}
}
