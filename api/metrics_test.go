package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"kadmium"
)

// gathered are the metrics of a server by name, without those of Go and of the process.
func gathered(t *testing.T, s *Server) map[string]*dto.MetricFamily {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(nodeMetrics{s}, s.durations)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]*dto.MetricFamily)
	for _, f := range families {
		all[f.GetName()] = f
	}
	return all
}

// sampleOf is the value of the series of a metric that has these values of labels.
func sampleOf(t *testing.T, f *dto.MetricFamily, labels []string) float64 {
	t.Helper()
	found := -1
	for i, m := range f.GetMetric() {
		var values []string
		for _, l := range m.GetLabel() {
			values = append(values, l.GetValue())
		}
		if slices.Equal(slices.Sorted(slices.Values(values)), slices.Sorted(slices.Values(labels))) {
			if found >= 0 {
				t.Fatalf("%s %v is there twice", f.GetName(), labels)
			}
			found = i
		}
	}
	if found < 0 {
		t.Fatalf("no %s %v in %v", f.GetName(), labels, f)
	}
	m := f.GetMetric()[found]
	return m.GetCounter().GetValue() + m.GetGauge().GetValue()
}

// Every counter and gauge of Stats and of the server is a metric, once, with its value;
// every metric has a text, and names that Prometheus's linter passes.
func TestMetricsHaveEveryCounterOnce(t *testing.T) {
	a, b := pair(t)
	a.node.Handle("/echo", func(_ context.Context, m kadmium.Message) ([]byte, error) { return m.Payload, nil })
	if r := b.send("PUT", "/v1/values/%2Fv%2Fm", "value"); r.StatusCode != 201 {
		t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	stats, all := b.node.Stats(), gathered(t, b.server)
	seen := make(map[string]string)
	check := func(name, suffix string, value float64) {
		metric, labels := metricOf(name)
		f := all[metric+suffix]
		if f == nil {
			t.Fatalf("%s has no metric %s", name, metric+suffix)
		}
		key := fmt.Sprint(metric, suffix, labels)
		if other := seen[key]; other != "" {
			t.Errorf("%s and %s are one metric", name, other)
		}
		seen[key] = name
		if got := sampleOf(t, f, labels); got < value { // it may have gone on since
			t.Errorf("%s is %v, its metric %v", name, value, got)
		}
	}
	for name, v := range stats.Counters {
		check(name, "_total", float64(v))
	}
	for name := range stats.Gauges {
		check(name, "", 0)
	}
	for name := range b.server.Counters() {
		check(name, "_total", 0)
	}
	for name, f := range all {
		if f.GetHelp() == "" {
			t.Errorf("metric %s has no text", name)
		}
	}
	for name := range metricHelp {
		if all[name] == nil && name != "kad_wire_dropped_total" && name != "kad_bucket_waiting" {
			t.Errorf("the text of %s describes no metric", name)
		}
	}
	problems, err := testutil.CollectAndLint(nodeMetrics{b.server})
	if err != nil || len(problems) > 0 {
		t.Errorf("linter: %v, %v", problems, err)
	}
}

// The metrics of several nodes are sums.
func TestMetricsAreSums(t *testing.T) {
	a, b := pair(t)
	for _, n := range []*kadmium.Node{a.node, b.node} {
		if r := n.Ready(t.Context()); !r.Ready {
			t.Fatalf("not ready: %s", r.Reason)
		}
	}
	s := NewServer(nil, a.node, b.node)
	all := gathered(t, s)
	if got := sampleOf(t, all["kad_nodes"], nil); got != 2 {
		t.Errorf("%v nodes", got)
	}
	if got := sampleOf(t, all["kad_ready"], nil); got != 2 {
		t.Errorf("%v ready", got)
	}
	before := a.node.Stats().Counters["requests.PING"] + b.node.Stats().Counters["requests.PING"]
	if got := sampleOf(t, gathered(t, s)["kad_requests_total"], []string{"PING"}); got < float64(before) {
		t.Errorf("%v PINGs, want %d or more", got, before)
	}
	if f := all["kad_rtt_seconds"].GetMetric()[0].GetHistogram(); f.GetSampleCount() == 0 || f.GetSampleSum() <= 0 {
		t.Errorf("round trip times: %v", f)
	}
	if f := all["kad_lookup_hops"]; len(f.GetMetric()) == 0 {
		t.Error("no lookup has ended")
	}
}

// The labels of requests are those of the table of routes, whatever the client sends.
func TestMetricsOfRequests(t *testing.T) {
	s := serve(t)
	s.send("GET", "/v1/values/%2Fv%2F<b>", "")
	s.send("GET", "/v1/nothing", "")
	s.send("BREW", "/v1/stats", "")
	s.send("GET", "/v1/stats", "")
	f := gathered(t, s.server)["kad_http_request_duration_seconds"]
	var labels []string
	for _, m := range f.GetMetric() {
		values := make(map[string]string)
		for _, l := range m.GetLabel() {
			values[l.GetName()] = l.GetValue()
		}
		labels = append(labels, values["method"]+" "+values["resource"]+" "+values["status"])
	}
	want := []string{"GET /v1/stats 200", "GET /v1/values/{key} 503"}
	if slices.Sort(labels); !slices.Equal(labels, want) {
		t.Errorf("%q, want %q", labels, want)
	}
	r := s.send("GET", "/metrics", "")
	if r.StatusCode != 200 || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") ||
		!strings.Contains(r.body, "\nkad_peers 0\n") || !strings.Contains(r.body, "\ngo_goroutines ") {
		t.Errorf("%d %s\n%s", r.StatusCode, r.Header, r.body)
	}
}

// A node on its own is healthy and ready; one whose peers are gone is healthy only.
func TestHealthAndReadiness(t *testing.T) {
	a, b := pair(t)
	for _, s := range []*served{a, b} {
		for _, path := range []string{"/healthz", "/readyz"} {
			if r := s.send("GET", path, ""); r.StatusCode != http.StatusOK || !strings.Contains(r.body, "true") {
				t.Errorf("%s: %d %s", path, r.StatusCode, r.body)
			}
		}
	}
	b.node.Close()
	if r := b.send("GET", "/readyz", ""); r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(r.body, "closing") {
		t.Errorf("closed: %d %s", r.StatusCode, r.body)
	}
}

// What the store holds and what it has room for add up to its limits.
func TestMetricsHaveTheRoomOfTheStore(t *testing.T) {
	t.Parallel()
	n, err := kadmium.New(kadmium.Config{
		Listen: []string{"127.0.0.1:0"}, Mode: kadmium.Server, Limits: kadmium.Limits{Records: 4, Providers: 3, Bytes: 10_000},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if _, err := n.Put(t.Context(), "/v/x", []byte("value"), kadmium.PutOptions{Ephemeral: true}); err != nil {
		t.Fatal(err)
	}
	all := gathered(t, NewServer(nil, n))
	value := func(name string) float64 { return sampleOf(t, all[name], nil) }
	if got := value("kad_store_room_records"); got != 3 {
		t.Errorf("room for %v records of 4", got)
	}
	if got := value("kad_store_room_providers"); got != 3 {
		t.Errorf("room for %v provider entries of 3", got)
	}
	if held, room := value("kad_store_bytes"), value("kad_store_room_bytes"); held == 0 || held+room != 10_000 {
		t.Errorf("%v bytes held, room for %v, of 10000", held, room)
	}
}
