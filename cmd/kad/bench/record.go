package bench

import (
	"fmt"
	"slices"
	"time"

	"kadmium"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/sim/report"
)

// record adds a measurement to the report.
func (r *workloadRun) record(m *measurement) {
	l := &m.lookup
	steps := r.network.steps(l.Trace)
	winner := r.network.winner(m)
	sample := report.Sample{
		Started:   m.started,
		Succeeded: m.found,
		Hops:      l.Hops,
		Rounds:    l.Rounds,
		RPCs:      l.RPCs,
		Latency:   l.Elapsed,
		Bytes:     m.bytes,
	}
	if winner != 0 {
		sample.RoundsAfterClosest = l.Rounds - report.RoundOf(steps, winner)
	}
	if !r.cfg.live() {
		r.compareWithTruth(&sample, m, steps)
	}
	sample.Number = len(r.samples)
	r.samples = append(r.samples, sample)
	r.tracer.Ended(r.samples, func() *report.Trace { return report.NewTrace(m.target.String(), steps, winner) })
}

// compareWithTruth compares a lookup with the truth: the k closest of all nodes except
// the searcher, which no lookup returns.
func (r *workloadRun) compareWithTruth(sample *report.Sample, m *measurement, steps []report.Step) {
	var truth []uint32
	for _, closest := range r.network.nearest(&m.target, r.cfg.K, m.searcher) {
		truth = append(truth, r.network.number(closest.ID()))
	}
	isTrue := func(peer uint32) bool { return slices.Contains(truth, peer) }
	sample.FirstReplicaHops = report.FirstReplica(steps, isTrue)
	if !m.findsPeers {
		return
	}
	returned := 0
	sample.Succeeded = false
	for _, p := range m.peers {
		number := r.network.number(p.ID)
		if isTrue(number) {
			returned++
		}
		sample.Succeeded = sample.Succeeded || number == truth[0]
	}
	sample.Found, sample.Recall = true, float64(returned)/float64(len(truth))
}

// winner is the peer whose hop is the lookup's: the closest returned, or the one that
// had what was looked for. 0: there is none.
func (n *network) winner(m *measurement) uint32 {
	if len(m.peers) > 0 {
		return n.number(m.peers[0].ID)
	}
	for _, step := range m.lookup.Trace {
		if step.Kind == lookup.Found.String() {
			return n.number(step.Peer)
		}
	}
	return 0
}

// kinds are the kinds of steps by name.
var kinds = func() map[string]lookup.Kind {
	all := make(map[string]lookup.Kind)
	for k := lookup.Asked; k <= lookup.Ended; k++ {
		all[k.String()] = k
	}
	return all
}()

// steps is a trace with numbers for peers.
func (n *network) steps(trace []kadmium.Step) []report.Step {
	steps := make([]report.Step, len(trace))
	for i, s := range trace {
		steps[i] = report.Step{At: s.At, Kind: kinds[s.Kind], Peer: n.number(s.Peer), NamedBy: n.number(s.NamedBy),
			Hop: s.Hop, Round: s.Round, Distance: s.Distance}
	}
	return steps
}

// intervals is the number of intervals in a report. Each has the same number of lookups.
const intervals = 10

// markInterval adds a mark if an interval begins with lookup i.
func (r *workloadRun) markInterval(i int) {
	interval := func(i int) int { return i * intervals / r.cfg.Lookups }
	if i == 0 || interval(i) != interval(i-1) {
		r.addMark()
	}
}

// addMark records the state of the counters.
func (r *workloadRun) addMark() {
	m := mark{at: time.Since(r.began), samples: len(r.samples), counters: r.network.counters(), bytes: r.network.bytes(r.cfg.live())}
	m.rpcs = requests(m.counters)
	r.marks = append(r.marks, m)
}

// counters are the sums over all members.
func (n *network) counters() map[string]uint64 {
	all := make(map[string]uint64)
	for _, m := range n.members {
		for name, count := range m.Stats().Counters {
			all[name] += count
		}
	}
	return all
}

// requests is the number of requests that were begun.
func requests(counters map[string]uint64) (sum uint64) {
	for t := rpc.Ping; t.Valid(); t++ {
		sum += counters[fmt.Sprintf("requests.%v", t)]
	}
	return sum
}

// bytes is the UDP payload of all datagrams, each counted once: where it was sent. In a
// live network, whose other sockets are elsewhere, it is counted in both directions.
func (n *network) bytes(live bool) (sum uint64) {
	for _, m := range n.members {
		sum += m.traffic.sent.Load()
		if live {
			sum += m.traffic.received.Load()
		}
	}
	return sum
}
