package sim

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"
)

var (
	fw      = flag.String("w", "find", "")
	fn      = flag.Int("n", 1000, "")
	fl      = flag.Int("l", 1000, "")
	ft      = flag.String("t", "ideal", "")
	fs      = flag.String("s", "none", "")
	flat    = flag.String("lat", "const:50ms", "")
	fd      = flag.Duration("d", 0, "")
	fk      = flag.Int("keys", 0, "")
	fttl    = flag.Duration("ttl", 0, "")
	fsilent = flag.Float64("silent", 0, "")
)

func TestQuick(t *testing.T) {
	cfg := Defaults()
	cfg.Lookups, cfg.Nodes, cfg.Tables, cfg.Workload = *fl, *fn, *ft, *fw
	cfg.Duration, cfg.Keys, cfg.TTL, cfg.Silent = *fd, *fk, *fttl, *fsilent
	var err error
	if cfg.Sessions, err = ParseSessions(*fs); err != nil {
		t.Fatal(err)
	}
	if cfg.Latency, err = ParseLatency(*flat); err != nil {
		t.Fatal(err)
	}
	last := time.Now()
	r, err := Run(context.Background(), cfg, func(s string, d, n int) {
		if time.Since(last) > 10*time.Second {
			last = time.Now()
			os.Stderr.WriteString(time.Now().Format("15:04:05 "))
			json.NewEncoder(os.Stderr).Encode([]any{s, d, n})
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Hops.Histogram, r.FirstReplicaHops.Histogram, r.Rounds.Histogram, r.RoundsAfterClosest.Histogram = nil, nil, nil, nil
	r.LatencyMS.Histogram, r.Bytes.Histogram, r.RPCs.Histogram, r.Trace = nil, nil, nil, nil
	r.Series = r.Series[:min(len(r.Series), 3)]
	b, _ := json.Marshal(r)
	os.Stdout.Write(b)
}
