package sim

import (
	"math/rand/v2"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/sim/report"
)

// A workload is the operations that a run starts on nodes of a network, and what came
// of them.
type workload struct {
	start       time.Duration // the network is complete
	warm        time.Duration // lookups begin
	end         time.Duration
	interval    time.Duration // between the starts of two lookups
	random      *rand.PCG
	providers   []identity.Contact // nodes that have a key to sign with
	started     int                // lookups
	outstanding int                // operations
	abandoned   int                // operations whose node left before the end
	keys        []*key
	values      report.Values
	holders     int
	samples     []report.Sample
	bytes       uint64 // sent before the start
	seriesMarks int    // interval boundaries of the series
}

// Where nodes come and go, lookups begin only after one part in warmUp of the duration,
// at most maxWarmUp: the ideal tables of the start are better than tables under churn.
const (
	warmUp    = 10
	maxWarmUp = time.Hour
)

// maxProviders bounds the nodes that provide keys.
const maxProviders = 256

// prepare chooses the providers: they need keys before the first engine is made.
func (n *network) prepare() {
	w := &n.workload
	w.random = source(n.cfg.Seed, forLookup)
	if n.cfg.Workload != report.WorkloadProvide && n.cfg.Workload != report.WorkloadMixed {
		return
	}
	for range min(maxProviders, n.book.servers) {
		c := identity.Contact(1 + below(w.random.Uint64(), n.book.servers))
		if n.role(c) == honest {
			w.providers = append(w.providers, c)
			n.book.giveKey(n.cfg.Seed, c)
		}
	}
}

// plan plans what the workload does.
func (n *network) plan() {
	w, cfg := &n.workload, n.cfg
	w.end = w.start + cfg.Duration
	w.warm = w.start
	if !cfg.Sessions.Always() {
		w.warm += min(cfg.Duration/warmUp, maxWarmUp)
	}
	if cfg.Lookups > 0 {
		w.interval = (w.end - w.warm) / time.Duration(cfg.Lookups)
		n.at(w.warm, n.startNext)
	}
	n.at(w.start, func() {
		n.addUpTime(n.now)
		n.upTime = 0
		w.bytes = n.bytes()
	})
	n.planSeries()
	if cfg.Keys > 0 {
		window := (w.warm - w.start) / 2
		if window == 0 {
			window = min(cfg.Duration/warmUp, maxWarmUp)
		}
		apart := window / time.Duration(cfg.Keys)
		for i := range cfg.Keys {
			n.at(w.start+apart*time.Duration(i), func() { n.put(i, true, nil) })
		}
	}
}

// startNext starts the next lookup of the workload, and plans the one after it.
func (n *network) startNext() {
	w := &n.workload
	i := w.started
	w.started++
	if w.started < n.cfg.Lookups {
		n.at(w.warm+w.interval*time.Duration(w.started), n.startNext)
	}
	switch n.cfg.Measures(i) {
	case report.WorkloadFind:
		n.find(i)
	case report.WorkloadValue:
		n.put(i, false, n.get)
	case report.WorkloadProvide:
		n.provide(i)
	}
	if n.cfg.Workload == report.WorkloadDay {
		if k := n.randomKey(); k != nil {
			n.get(k)
		}
	}
}

// Measures is the workload of which the lookup of a number is one: WorkloadFind, of nodes,
// WorkloadValue, the get of a value, or WorkloadProvide, the search for providers. They take
// turns in WorkloadMixed; WorkloadDay measures its lookups of nodes.
func (c *Config) Measures(number int) string {
	switch c.Workload {
	case report.WorkloadMixed:
		return []string{report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide}[number%3]
	case report.WorkloadDay:
		return report.WorkloadFind
	}
	return c.Workload
}

// ended reports whether the workload's time has passed and its operations have ended.
// The last get two lookup timeouts to do so.
func (n *network) ended() bool {
	w := &n.workload
	return n.now >= w.end && len(n.series) == w.seriesMarks && w.started >= n.cfg.Lookups && w.outstanding == 0 || n.now > w.end+2*engine.LookupTimeout
}
