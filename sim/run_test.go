package sim

import (
	"context"
	"encoding/json"
	"testing"
)

func TestQuick(t *testing.T) {
	cfg := Defaults()
	cfg.Lookups = 20000
	r, err := Run(context.Background(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.LatencyMS.Histogram, r.Bytes.Histogram, r.RPCs.Histogram, r.Trace = nil, nil, nil, nil
	b, _ := json.MarshalIndent(r, "", " ")
	t.Log(string(b))
}
