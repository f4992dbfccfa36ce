package report

import (
	"slices"
	"testing"
)

// Each field that differs is named with both values, but for those that no simulation
// measures.
func TestDifferences(t *testing.T) {
	a := &Report{Kind: Sim, RPCTotal: 7, Hops: Distribution{Mean: 2, Histogram: []Bin{{1, 3}, {2, 4}}}, Values: &Values{Found: 3}, Theory: &Theory{Hops: 2}, Work: []Work{{"a", 1}}}
	same := *a
	same.Theory, same.Machine.Go = nil, "other"
	if differ := Differences(a, &same); len(differ) != 0 {
		t.Error(differ)
	}
	b := same
	b.RPCTotal, b.Values, b.Work = 8, &Values{Found: 2}, nil
	b.Hops.Histogram = []Bin{{1, 3}, {2, 5}}
	want := []FieldDifference{{"hops.histogram.1.count", "4", "5"}, {"rpc_total", "7", "8"}, {"values.found", "3", "2"}, {"work", `[{"count":1,"name":"a"}]`, ""}}
	if differ := Differences(a, &b); !slices.Equal(differ, want) {
		t.Errorf("%+v", differ)
	}
}
