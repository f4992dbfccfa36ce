package api

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"kadmium"
)

// metricsRoute is what Prometheus scrapes.
func metricsRoute() Route {
	return Route{
		Method: "GET", Pattern: "/metrics", Access: Public, Summary: "Show what the nodes of the process are doing and have done, for Prometheus", serve: metrics,
		Answers: []Answer{{Status: 200, Summary: "sums over all nodes, in the text format of Prometheus", Text: "text/plain"}}, Problems: []int{429},
	}
}

// metrics serves GET /metrics.
func metrics(c *call) error {
	select {
	case c.server.scrapes <- struct{}{}:
		defer func() { <-c.server.scrapes }()
	default:
		return fmt.Errorf("%w: %d scrapes run", kadmium.ErrBusy, maxScrapes)
	}
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(writeTime))
	c.w.Header().Set("X-Content-Type-Options", "nosniff")
	c.status = http.StatusOK
	c.server.metrics.ServeHTTP(c.w, c.r)
	return nil
}

// maxScrapes bounds the scrapes at once, which anybody may begin and which ask every node.
const maxScrapes = 4

// newMetrics is the handler of the metrics of a server, its nodes and its process.
func (s *Server) newMetrics() http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(nodeMetrics{s}, s.durations,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

// durationBounds are the buckets of how long requests take, in seconds.
var durationBounds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// newDurations is a histogram of how long requests take, by what is asked for.
func newDurations() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "kad_http_request_duration_seconds", Help: "How long requests of the HTTP API took, streams excepted.", Buckets: durationBounds,
	}, []string{"method", "resource", "status"})
}

// observe notes how long a request took, unless it was a stream. Its labels are those of
// the table of routes, and nothing that the client wrote.
func (c *call) observe(began time.Time) {
	if c.route == nil || c.status == 0 {
		return
	}
	c.server.observer(observed{c.route, c.status}).Observe(time.Since(began).Seconds())
}

// An observed is what the durations of requests are told apart by.
type observed struct {
	route  *Route
	status int
}

// observers are the histograms of durations that are in use: to find one by its labels costs
// more than to count in it.
type observers struct {
	mu sync.RWMutex
	of map[observed]prometheus.Observer
}

// observer is the histogram of the requests of a route that were answered with a status.
func (s *Server) observer(o observed) prometheus.Observer {
	s.observers.mu.RLock()
	found := s.observers.of[o]
	s.observers.mu.RUnlock()
	if found != nil {
		return found
	}
	found = s.durations.WithLabelValues(o.route.Method, o.route.Pattern, strconv.Itoa(o.status))
	s.observers.mu.Lock()
	defer s.observers.mu.Unlock()
	if s.observers.of == nil {
		s.observers.of = make(map[observed]prometheus.Observer)
	}
	s.observers.of[o] = found
	return found
}

// nodeMetrics collects the figures of a server's nodes.
type nodeMetrics struct{ *Server }

// Describe says nothing: which counters and kinds of lookups there are is known when they
// are collected.
func (nodeMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect sends the sums of all nodes.
func (s nodeMetrics) Collect(out chan<- prometheus.Metric) {
	ready := ready(s.nodes)
	t := totalsOf(s.nodes)
	t.set("kad_ready", float64(ready))
	t.set("kad_nodes", float64(len(s.nodes)))
	t.set("kad_start_time_seconds", float64(t.started.UnixMilli())/1e3)
	for name, n := range s.Counters() {
		t.count(name, n)
	}
	t.send(out)
}

// scrapeWait is how long a scrape waits for answers to PINGs. Nodes that are scraped often
// know without (design R7.35).
const scrapeWait = 500 * time.Millisecond

// ready is how many nodes are ready. Those that have to ask do so at the same time.
func ready(nodes []*kadmium.Node) (number int) {
	wait, cancel := context.WithCancel(context.Background())
	cancel()
	asking := slices.DeleteFunc(slices.Clone(nodes), func(n *kadmium.Node) bool { return n.Ready(wait).Ready })
	number = len(nodes) - len(asking)
	wait, cancel = context.WithTimeout(context.Background(), scrapeWait)
	defer cancel()
	for _, n := range asking {
		if n.Ready(wait).Ready {
			number++
		}
	}
	return number
}

// totalsOf are the sums of nodes, which as many goroutines make as run at once.
func totalsOf(nodes []*kadmium.Node) *totals {
	parts := make([]*totals, min(runtime.GOMAXPROCS(0), len(nodes)))
	var adding sync.WaitGroup
	for i := range parts {
		parts[i] = newTotals()
		adding.Go(func() {
			for at := i; at < len(nodes); at += len(parts) {
				parts[i].node(nodes[at])
			}
		})
	}
	adding.Wait()
	for _, part := range parts[1:] {
		parts[0].merge(part)
	}
	return parts[0]
}

// node adds the figures of a node.
func (t *totals) node(n *kadmium.Node) {
	stats := n.Stats()
	t.since(stats.Started)
	t.add("kad_serving", oneIf(stats.Serves))
	t.add("kad_peers", float64(stats.Peers))
	t.add("kad_records", float64(stats.Records))
	t.add("kad_providers", float64(stats.Providers))
	t.add("kad_store_bytes", float64(stats.Bytes))
	t.add("kad_published", float64(stats.Published))
	t.add("kad_healthy", oneIf(n.Health() == nil))
	for name, v := range stats.Gauges {
		t.gauge(name, float64(v))
	}
	for name, v := range stats.Counters {
		t.count(name, v)
	}
	for _, task := range stats.Tasks {
		t.add("kad_task_runs_total", float64(task.Runs), task.Name)
	}
	t.wire(&stats)
	t.table(n.Table())
	t.histograms(n.Histograms())
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// wire adds the figures of the transport.
func (t *totals) wire(s *kadmium.Stats) {
	for kind, v := range s.Wire.In {
		t.add("kad_wire_datagrams_total", float64(v.Datagrams), "in", kind)
		t.add("kad_wire_bytes_total", float64(v.Bytes), "in", kind)
	}
	for kind, v := range s.Wire.Out {
		t.add("kad_wire_datagrams_total", float64(v.Datagrams), "out", kind)
		t.add("kad_wire_bytes_total", float64(v.Bytes), "out", kind)
	}
	for reason, v := range s.Wire.Dropped {
		if strings.HasPrefix(reason, "body: ") { // the error is for a person
			reason = "malformed body"
		}
		t.add("kad_wire_dropped_total", float64(v), reason)
	}
	t.add("kad_wire_restarts_total", float64(s.Wire.Restarts))
	t.add("kad_wire_sessions", float64(s.Wire.Sessions))
	t.add("kad_wire_half_open", float64(s.Wire.HalfOpen))
	t.add("kad_wire_outstanding", float64(s.Wire.Outstanding))
	t.add("kad_wire_pending_writes", float64(s.Wire.PendingWrites))
	t.add("kad_wire_waiting", float64(s.Wire.Waiting))
}

// table adds the contacts of a routing table, by bucket.
func (t *totals) table(table kadmium.Table) {
	for _, b := range table.Buckets {
		prefix := strconv.Itoa(b.Prefix)
		failing := 0
		for _, c := range b.Contacts {
			if c.Failing {
				failing++
			}
		}
		t.add("kad_bucket_contacts", float64(len(b.Contacts)), prefix)
		t.add("kad_bucket_failing", float64(failing), prefix)
		t.add("kad_bucket_waiting", float64(b.Waiting), prefix)
	}
}

// histograms adds the spread of what a node has measured.
func (t *totals) histograms(h kadmium.Histograms) {
	for kind, l := range h.Lookups {
		for reason, n := range l.Ended {
			t.add("kad_lookups_ended_total", float64(n), kind, reason)
		}
		t.spread("kad_lookup_hops", &l.Hops, kind)
		t.spread("kad_lookup_rounds", &l.Rounds, kind)
		t.spread("kad_lookup_requests", &l.Requests, kind)
		t.spread("kad_lookup_duration_seconds", &l.Seconds, kind)
	}
	t.spread("kad_rtt_seconds", &h.RTT)
	t.spread("kad_journal_sync_seconds", &h.JournalSync)
}
