package sim

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"kadmium/sim/attack"
	"kadmium/sim/report"
)

// matrix writes a latency file of three sites.
func matrix(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sites.csv")
	if err := os.WriteFile(path, []byte("# Paris, Tokyo, Lima\n2, 230, 190\n230, 3, 260.5\n190, 260.5, 5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// varied are Configs that have something of everything.
func varied(t testing.TB) map[string]Config {
	file := latency(t, "file:"+matrix(t))
	world, exp := latency(t, "world"), latency(t, "exp:80ms")
	half := sessions(t, "exp:30m")
	weibull := sessions(t, "weibull:0.6,40m")
	kad := sessions(t, kadSessions)
	return map[string]Config{
		"find":         config(300, 300, nil),
		"find nodes":   config(300, 300, func(c *Config) { c.Targets, c.Latency, c.K, c.Alpha = report.TargetsNodes, exp, 8, 5 }),
		"find lossy":   config(300, 300, func(c *Config) { c.Latency, c.Loss, c.Duplicate = world, 0.1, 0.2 }),
		"find hostile": config(300, 300, func(c *Config) { c.Latency, c.Client, c.Silent, c.Lying = file, 0.2, 0.2, 0.1 }),
		"find attacked": config(300, 300, func(c *Config) {
			c.Subnets, c.Latency, c.Loss, c.Duplicate = 100, world, 0.02, 0.1
			c.Attacks, _ = attack.ParseList("pool:share=0.1,identities=20000,subnets=50+liars:share=0.1+mute:share=0.1,answer=garbled+drip:share=0.1,delay=200ms")
		}),
		"find among identities": config(300, 100, func(c *Config) {
			c.Latency = world
			c.Attacks, _ = attack.ParseList("sybil:n=30,place=spread,subnets=7+liars:share=0.1")
		}),
		"value attacked": config(300, 60, func(c *Config) {
			c.Workload, c.Latency, c.Loss, c.Duplicate = report.WorkloadValue, world, 0.02, 0.1
			c.Attacks, _ = attack.ParseList("sybil:n=30,place=edges+pool:share=0.05,identities=2000,subnets=50+drip:share=0.1,delay=200ms")
		}),
		"value attacked later": config(300, 60, func(c *Config) {
			c.Workload, c.Gets = report.WorkloadValue, report.GetsFresh
			c.Attacks, _ = attack.ParseList("sybil:n=45,before=get")
		}),
		"eclipse": config(200, 40, func(c *Config) {
			c.Sessions, c.Latency, c.Loss = half, world, 0.02
			c.Attacks, _ = attack.ParseList("eclipse:subnets=20,minutes=3")
		}),
		"value stale": config(300, 60, func(c *Config) {
			c.Workload, c.Latency = report.WorkloadValue, world
			c.Attacks, _ = attack.ParseList("stale:share=0.3,collude=false+sybil:n=10,place=spread")
		}),
		"find joined":  config(150, 200, func(c *Config) { c.Tables, c.Latency, c.Loss = report.TablesJoin, world, 0.02 }),
		"find at once": config(150, 200, func(c *Config) { c.Tables, c.Latency = report.TablesJoin, latency(t, "const:0s") }),
		"find churn":   config(100, 200, func(c *Config) { c.Sessions, c.Latency, c.Silent = half, exp, 0.1 }),
		"value":        config(200, 100, func(c *Config) { c.Workload, c.Latency = report.WorkloadValue, file }),
		"value joined": config(100, 100, func(c *Config) {
			c.Workload, c.Tables, c.Duplicate, c.Lying = report.WorkloadValue, report.TablesJoin, 1, 0.1
		}),
		"provide": config(200, 100, func(c *Config) { c.Workload, c.Latency, c.Client = report.WorkloadProvide, world, 0.3 }),
		"mixed":   config(200, 150, func(c *Config) { c.Workload, c.Latency, c.Loss = report.WorkloadMixed, exp, 0.05 }),
		"mixed churn": config(80, 150, func(c *Config) {
			c.Workload, c.Sessions, c.Tables, c.Client = report.WorkloadMixed, weibull, report.TablesJoin, 0.2
		}),
		"day": config(60, 100, func(c *Config) {
			c.Workload, c.Sessions, c.Duration, c.Keys, c.TTL = report.WorkloadDay, kad, 2*time.Hour, 30, time.Hour
			c.Client, c.Silent, c.Lying, c.Latency, c.Loss, c.Duplicate = 0.2, 0.05, 0.05, world, 0.01, 0.01
		}),
		"day without end": config(60, 50, func(c *Config) { c.Workload, c.Duration, c.Keys = report.WorkloadDay, 2*time.Hour, 20 }),
	}
}

// All of a report but machine depends on the Config alone: not on the run, not on the
// number of processors; and on the seed very much.
func TestDeterminism(t *testing.T) {
	cores := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(cores)
	for name, c := range varied(t) {
		t.Run(name, func(t *testing.T) {
			r := simulate(t, c)
			if r.Lookups < c.Lookups*9/10 {
				t.Fatalf("%d lookups of %d ended", r.Lookups, c.Lookups)
			}
			want := lasting(t, r)
			numbers := []int{1, 2, 4}
			if racing {
				numbers = numbers[2:]
			}
			for _, processors := range numbers {
				runtime.GOMAXPROCS(processors)
				if got := lasting(t, simulate(t, c)); !bytes.Equal(got, want) {
					a, b := firstDifference(want, got)
					t.Errorf("with %d processors %s becomes %s", processors, a, b)
				}
			}
			if racing {
				return
			}
			c.Seed++
			other := simulate(t, c)
			other.Config.Seed--
			if bytes.Equal(lasting(t, other), want) {
				t.Error("another seed brings the same")
			}
		})
	}
}

// Whoever watches a run, or not, changes nothing of it.
func TestProgressChangesNothing(t *testing.T) {
	for name, c := range map[string]Config{"independent": config(200, 100, nil), "network": config(100, 50, func(c *Config) { c.Workload = report.WorkloadDay; c.Duration = time.Hour })} {
		told := make(chan string, 1_000_000)
		r, err := Run(context.Background(), c, func(stage string, done, total int) {
			if done < 0 || total < 0 {
				t.Errorf("%s: %s %d of %d", name, stage, done, total)
			}
			told <- stage
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(told) == 0 {
			t.Errorf("%s: no progress was told", name)
		}
		if !bytes.Equal(lasting(t, r), lasting(t, simulate(t, c))) {
			t.Errorf("%s: watched it differs", name)
		}
	}
}
