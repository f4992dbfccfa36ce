package driver

import "time"

// clientsOnlyFor is how long all peers that answer may be clients before the log says so.
// Nodes in mode auto that start together become servers within seconds.
const clientsOnlyFor = 30 * time.Second

// A clientsOnly watches whether all peers that answer are clients.
type clientsOnly struct {
	since time.Time // zero: somebody serves, or nobody answers
	told  bool
}

// watchClients logs, once, that nobody serves among those that answer. The caller holds d.mu.
func (d *Driver) watchClients(now time.Time) {
	w := &d.clientsOnly
	switch {
	case len(d.seeds) == 0 || !d.engine.OnlyClients():
		w.since = time.Time{}
		w.told = w.told && d.engine.Table().Answering() == 0
	case w.since.IsZero():
		w.since = now
	case !w.told && now.Sub(w.since) >= clientsOnlyFor:
		w.told = true
		d.logger.Warn("all peers that answer are clients, which serve nobody", "peers", d.seedNames(),
			"next", "let UDP datagrams that nobody asked for through to one node's port, or start that node with --mode server")
	}
}
