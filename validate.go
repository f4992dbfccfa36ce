package kadmium

import (
	"runtime"
	"slices"

	"kadmium/rpc"
)

// maxChecks bounds the messages that wait for a validator; one more is dropped,
// as if the network had lost it.
const maxChecks = 256

// checks are the messages whose contents are validated off the read loop, by
// workers that start when there is work and end when there is none. n.mu guards
// it.
type checks struct {
	waiting []*arrival
	running []*arrival
	workers int
	dropped uint64
}

// costly reports a message whose contents take signatures (about 55 us each) or a
// user's code to check.
func (n *Node) costly(m *rpc.Message) bool {
	return m.Provider != nil || len(m.Providers) > 0 || m.Record != nil && n.namespaces.Costly(m.Record.Key)
}

// check has a message validated and then received. The caller holds n.mu.
func (n *Node) check(a *arrival) {
	q := &n.checks
	if len(q.waiting) >= maxChecks {
		q.dropped++
		n.transport.Abandon(a.reply) // a retry may find room
		return
	}
	q.waiting = append(q.waiting, a)
	if q.workers < runtime.GOMAXPROCS(0) {
		q.workers++
		n.workers.Go(n.validator)
	}
}

// validator is one worker.
func (n *Node) validator() {
	n.mu.Lock()
	defer n.mu.Unlock()
	q := &n.checks
	for len(q.waiting) > 0 && !n.down {
		a := q.waiting[0]
		q.waiting = slices.Delete(q.waiting, 0, 1)
		q.running = append(q.running, a)
		n.mu.Unlock()
		n.validate(a)
		n.mu.Lock()
		q.running = slices.DeleteFunc(q.running, func(other *arrival) bool { return other == a })
		if !n.down {
			n.arrived(a)
		}
	}
	q.workers--
}

// validate sets the verdict on what a message carries. Of the providers in an
// answer only those whose signatures hold are left.
func (n *Node) validate(a *arrival) {
	m := a.Message
	switch {
	case m.Provider != nil:
		a.Verdict = n.namespaces.VerifyProvider(m.Provider)
	case m.Record != nil:
		a.Verdict = n.namespaces.Validate(m.Record)
	}
	m.Providers = slices.DeleteFunc(m.Providers, func(p rpc.Provider) bool {
		return n.namespaces.VerifyProvider(&p) != nil
	})
}
