// Package deploy tests what deploys and watches nodes. It is a module of its own, so that
// what it needs is no dependency of the program's.
package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"kadmium"
	"kadmium/api"
	"kadmium/identity"
)

// patience bounds everything that a test waits for.
const patience = 30 * time.Second

// alertFile is the file of rules as Prometheus reads it.
type alertFile struct {
	Groups []struct {
		Rules []struct {
			Alert       string
			Expr        string
			Labels      map[string]string
			Annotations map[string]string
		}
	}
}

func readAlerts(t *testing.T) alertFile {
	t.Helper()
	b, err := os.ReadFile("alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var f alertFile
	if err := yaml.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// A scrape is the metrics of a node at one moment: values by series.
type scrape map[string]float64

// scrapeOf reads the metrics that an address serves.
func scrapeOf(t *testing.T, address string) scrape {
	t.Helper()
	r, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	s := make(scrape)
	for name, f := range families {
		for _, m := range f.GetMetric() {
			labels := []string{`instance="node:1"`, `job="kadmium"`}
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			if h := m.GetHistogram(); h != nil {
				s[name+"_count{"+strings.Join(labels, ",")+"}"] = float64(h.GetSampleCount())
				s[name+"_sum{"+strings.Join(labels, ",")+"}"] = h.GetSampleSum()
				continue
			}
			s[name+"{"+strings.Join(labels, ",")+"}"] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
		}
	}
	s[`up{instance="node:1",job="kadmium"}`] = 1
	return s
}

// served serves a node's API, and returns the address.
func served(t *testing.T, n *kadmium.Node) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.NewServer(nil, n).ServeTCP(l, api.TCPConfig{}))
	return l.Addr().String()
}

// start starts a node on loopback.
func start(t *testing.T, cfg kadmium.Config) *kadmium.Node {
	t.Helper()
	if cfg.Conns == nil {
		cfg.Listen = []string{"127.0.0.1:0"}
	}
	if cfg.Mode == kadmium.Auto {
		cfg.Mode = kadmium.Server
	}
	n, err := kadmium.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// joined starts a node that has joined by another.
func joined(t *testing.T, by *kadmium.Node, cfg kadmium.Config) *kadmium.Node {
	t.Helper()
	cfg.Bootstrap = []string{by.Addresses()[0].String()}
	n := start(t, cfg)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := n.Joined(ctx); err != nil {
		t.Fatal(err)
	}
	return n
}

// A watched is a node in some case: its metrics before that, and in it.
type watched struct{ before, after scrape }

// watch scrapes a node before and after something is done.
func watch(t *testing.T, n *kadmium.Node, do func()) watched {
	at := served(t, n)
	before := scrapeOf(t, at)
	do()
	return watched{before, scrapeOf(t, at)}
}

// growing is a node one of whose counters grows by 100 a minute, as under an attack that no test
// on loopback makes.
func growing(counter string) func(t *testing.T) watched {
	return func(t *testing.T) watched {
		w := watch(t, start(t, kadmium.Config{}), func() {})
		series := counter + `{instance="node:1",job="kadmium"}`
		if _, ok := w.before[series]; !ok {
			t.Fatalf("no %s", series)
		}
		w.after[series] += 100
		return w
	}
}

// firing are the cases in which an alert is to fire, by its name.
var firing = map[string]func(t *testing.T) watched{
	"KadmiumNodeDown": func(*testing.T) watched {
		s := scrape{`up{instance="node:1",job="kadmium"}`: 0}
		return watched{s, s}
	},
	"KadmiumLookupsCrowded": growing("kad_lookups_crowded_total"),
	"KadmiumStaleRecords":   growing("kad_gets_stale_total"),
	"KadmiumMessageFlood":   growing("kad_messages_limited_total"),
	"KadmiumNotScraped": func(t *testing.T) watched {
		w := watch(t, start(t, kadmium.Config{}), func() {})
		return watched{w.before.of("kad"), w.after.of("kad")}
	},
	"KadmiumNotReady": func(t *testing.T) watched {
		silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { silent.Close() })
		return watch(t, start(t, kadmium.Config{Bootstrap: []string{silent.LocalAddr().String()}}), func() {})
	},
	"KadmiumUnhealthy":       fullDisk,
	"KadmiumJournalFailing":  fullDisk,
	"KadmiumStoreFull":       fullStore,
	"KadmiumStoreNearlyFull": fullStore,
	"KadmiumRequestsTimeOut": func(t *testing.T) watched {
		peer := start(t, kadmium.Config{})
		n := joined(t, peer, kadmium.Config{})
		dead, err := net.ListenPacket("udp4", "127.0.0.1:0") // another's datagrams cannot come there
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { dead.Close() })
		return watch(t, n, func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			at, err := identity.ParseAddress(dead.LocalAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			for range 4 { // the node asks its peer too
				if _, err := n.Ping(ctx, at); !errors.Is(err, kadmium.ErrNoAnswer) {
					t.Fatal(err)
				}
			}
		})
	},
	"KadmiumSendingFails": func(t *testing.T) watched {
		peer := start(t, kadmium.Config{})
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		n := start(t, kadmium.Config{Conns: []net.PacketConn{&refusing{PacketConn: conn}}})
		return watch(t, n, func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if _, err := n.Bootstrap(ctx, peer.Addresses()[0].String()); err == nil {
				t.Fatal("joined through a socket that sends nothing")
			}
		})
	},
	"KadmiumOtherNetwork": func(t *testing.T) watched {
		n := start(t, kadmium.Config{})
		return watch(t, n, func() {
			other := start(t, kadmium.Config{Network: "other"})
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if _, err := other.Bootstrap(ctx, n.Addresses()[0].Endpoint.String()); !errors.Is(err, kadmium.ErrNoAnswer) {
				t.Fatal(err)
			}
		})
	},
	"KadmiumHandlerPanics": func(t *testing.T) watched {
		n := start(t, kadmium.Config{Handlers: map[string]kadmium.Handler{
			"/p": func(context.Context, kadmium.Message) ([]byte, error) { panic("on purpose") },
		}})
		peer := joined(t, n, kadmium.Config{})
		return watch(t, n, func() {
			if _, err := peer.Send(t.Context(), n.Addresses()[0], "/p", nil); !errors.Is(err, kadmium.ErrHandlerFailed) {
				t.Fatal(err)
			}
		})
	},
	"KadmiumLogLost": func(t *testing.T) watched {
		read := make(chan struct{})
		n := start(t, kadmium.Config{Logger: slog.New(unread{slog.DiscardHandler, read})})
		t.Cleanup(func() { close(read) }) // before the node is closed, which waits for its last lines
		return watch(t, n, func() {
			for i := range 2000 { // more than wait for a reader
				_, _ = n.Get(t.Context(), fmt.Sprint("/v/", i), kadmium.GetOptions{})
			}
		})
	},
}

// An unread log has a reader who has stopped.
type unread struct {
	slog.Handler
	read chan struct{}
}

func (unread) Enabled(context.Context, slog.Level) bool { return true }

func (u unread) Handle(context.Context, slog.Record) error { <-u.read; return nil }

func (u unread) WithAttrs([]slog.Attr) slog.Handler { return u }

// silent are cases in which an alert is not to fire.
var silent = map[string]func(t *testing.T) watched{
	"KadmiumStoreFull": func(t *testing.T) watched { // a client refuses every STORE as full
		w := watch(t, joined(t, start(t, kadmium.Config{}), kadmium.Config{Mode: kadmium.Client}), func() {})
		full, before := `kad_refused_total{instance="node:1",job="kadmium",status="full"}`, w.before
		w.after[full] += 9
		if _, ok := before[full]; !ok || w.after[`kad_serving{instance="node:1",job="kadmium"}`] != 0 {
			t.Fatalf("no client: %v", w.after)
		}
		return w
	},
}

// of are the same metrics under another job.
func (s scrape) of(job string) scrape {
	as := make(scrape)
	for series, v := range s {
		as[strings.Replace(series, `job="kadmium"`, fmt.Sprintf("job=%q", job), 1)] = v
	}
	return as
}

// fullStore is a node that has room for no more records.
func fullStore(t *testing.T) watched {
	small := start(t, kadmium.Config{Limits: kadmium.Limits{Records: 4, PerSource: 4}})
	n := joined(t, small, kadmium.Config{})
	return watch(t, small, func() {
		for i := range 20 {
			_, _ = n.Put(t.Context(), fmt.Sprint("/v/", i), []byte("x"), kadmium.PutOptions{})
		}
	})
}

// A refusing socket sends nothing.
type refusing struct{ net.PacketConn }

func (r *refusing) WriteTo([]byte, net.Addr) (int, error) { return 0, syscall.EPERM }

// fullDisk is a node whose journal's file may not grow.
func fullDisk(t *testing.T) watched {
	dir := t.TempDir()
	kad := filepath.Join(dir, "kad")
	build := exec.Command("go", "build", "-o", kad, "./cmd/kad")
	build.Dir = ".." // its own module has what it needs
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	socket := filepath.Join(dir, "s")
	node := exec.Command("sh", "-c", `ulimit -f 400; exec "$0" "$@"`, kad, "node", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "d"), "--control", socket, "--http", "0", "--json")
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { node.Process.Kill(); node.Wait() })
	line := make([]byte, 4096)
	read, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	at := regexp.MustCompile(`"http":"http://([0-9.:]+)`).FindSubmatch(line[:read])
	if at == nil {
		t.Fatalf("no address in %s", line[:read])
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	before := scrapeOf(t, string(at[1]))
	c, err := api.DialUnix(t.Context(), socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := 0; ; i++ {
		if i == 2000 {
			t.Fatal("the journal goes on growing")
		}
		_, err := c.Put(t.Context(), fmt.Sprint("/v/", i), bytes.Repeat([]byte("x"), 900), api.Put{}, api.Call{})
		if errors.Is(err, kadmium.ErrJournal) {
			break
		}
	}
	return watched{before, scrapeOf(t, string(at[1]))}
}

// Each alert fires on the metrics of a live node in its case, and none on those of a
// network that is well.
func TestAlertsFire(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("needs promtool: apt-get install prometheus")
	}
	rules := readAlerts(t).Groups[0].Rules
	for _, r := range rules {
		t.Run(r.Alert, func(t *testing.T) {
			t.Parallel()
			in := firing[r.Alert]
			if in == nil {
				t.Fatal("no case")
			}
			promtool(t, in(t), r.Alert, fmt.Sprintf("count(ALERTS{alertname=%q,alertstate=\"firing\"})", r.Alert), 1)
		})
	}
	for name, in := range silent {
		t.Run("not "+name, func(t *testing.T) {
			t.Parallel()
			promtool(t, in(t), "not-"+name, fmt.Sprintf("count(ALERTS{alertname=%q}) or vector(0)", name), 0)
		})
	}
	t.Run("well", func(t *testing.T) {
		t.Parallel()
		a := start(t, kadmium.Config{})
		b := joined(t, a, kadmium.Config{})
		w := watch(t, b, func() {
			for i := range 20 {
				if _, err := b.Put(t.Context(), fmt.Sprint("/v/", i), []byte("x"), kadmium.PutOptions{}); err != nil {
					t.Fatal(err)
				}
			}
		})
		promtool(t, w, "none", `count(ALERTS) or vector(0)`, 0)
	})
}

// promtool has Prometheus's own engine evaluate an expression over alerts, 25 min after the
// case began: what changed between the two scrapes of it goes on changing each minute.
func promtool(t *testing.T, w watched, name, expr string, want float64) {
	t.Helper()
	type serie struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	}
	var input []serie
	for _, s := range slices.Sorted(maps.Keys(w.after)) {
		metric, _, _ := strings.Cut(s, "{")
		step := 0.0
		if strings.HasSuffix(metric, "_total") {
			step = max(0, w.after[s]-w.before[s])
		}
		input = append(input, serie{s, fmt.Sprintf("%g+%gx30", w.after[s], step)})
	}
	rules, err := filepath.Abs("alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	test := map[string]any{
		"rule_files": []string{rules}, "evaluation_interval": "1m",
		"tests": []any{map[string]any{
			"interval": "1m", "input_series": input,
			"promql_expr_test": []any{map[string]any{
				"expr": expr, "eval_time": "25m", "exp_samples": []any{map[string]any{"labels": "{}", "value": want}},
			}},
		}},
	}
	b, err := yaml.Marshal(test)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name+".yml")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("promtool", "test", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// metricNames are the names of metrics in a text.
var metricNames = regexp.MustCompile(`\b(?:kad|go|process)_[a-z_]+`)

// The alerts and the dashboard name only metrics that a node has.
func TestNamedMetricsExist(t *testing.T) {
	n := start(t, kadmium.Config{})
	other := joined(t, n, kadmium.Config{})
	if _, err := other.Put(t.Context(), "/v/x", nil, kadmium.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	at := served(t, n)
	scrapeOf(t, at) // the first request of the API is counted from the second on
	has := make(map[string]bool)
	for s := range firing["KadmiumOtherNetwork"](t).after {
		name, _, _ := strings.Cut(s, "{")
		has[name] = true
	}
	for s := range scrapeOf(t, at) {
		name, _, _ := strings.Cut(s, "{")
		has[name] = true
	}
	for _, file := range []string{"alerts.yml", "grafana.json"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := metricNames.FindAllString(string(b), -1)
		if len(names) == 0 {
			t.Errorf("%s names no metric", file)
		}
		for _, name := range names {
			if name = strings.TrimSuffix(name, "_bucket"); !has[name] && !has[name+"_count"] {
				t.Errorf("%s names %s, which no node has", file, name)
			}
		}
	}
}
