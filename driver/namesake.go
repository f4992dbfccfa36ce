package driver

import (
	"net/netip"
	"slices"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
)

// greetNamesakeEvery is the time between two greetings of other addresses at which this
// node's own ID is said to be (design R7.31).
const greetNamesakeEvery = time.Minute

// noticeNamesake looks for this node's own ID among the contacts that a peer names. The
// caller holds d.mu.
func (d *Driver) noticeNamesake(m *rpc.Message) {
	for _, c := range m.Contacts {
		if a := d.book.Address(c); a.ID == d.id {
			d.namesakeNamed(a.Endpoint)
		}
	}
}

// namesakeNamed greets an address at which a peer, or the list of bootstrap peers, has this
// node's own ID: it may be an address that the node had before, or another node with its
// key. That one sees by the greeting that its key is used twice. The caller holds d.mu.
func (d *Driver) namesakeNamed(at netip.AddrPort) {
	now := d.now()
	if !d.greeted.IsZero() && now.Sub(d.greeted) < greetNamesakeEvery || at == d.engine.Observed() {
		return
	}
	if slices.ContainsFunc(d.Addresses(), func(own identity.Address) bool { return own.Endpoint == at }) {
		return
	}
	d.greeted = now
	d.greetNamesake(at)
}

// keyUsed is told that another node has this node's key. The greeting has the other node
// notice it too.
func (d *Driver) keyUsed(at netip.AddrPort) {
	d.logger.Warn("another node has this node's key; give one of them a key of its own", "at", at)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.greetNamesake(at)
}

// greetNamesake sends a PING for which no ID is needed. It has no answer: no node answers
// its own key. The caller holds d.mu.
func (d *Driver) greetNamesake(at netip.AddrPort) {
	if d.closed || d.Reaches(at.Addr()) != nil {
		return
	}
	d.workers.Go(func() {
		_ = d.Run(d.ctx, Operation{
			Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
				return e.Ping(now, op, identity.Address{Endpoint: at}, fx)
			},
		})
	})
}
