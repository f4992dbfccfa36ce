package driver

import (
	"context"
	"log/slog"
	"time"

	"kadmium/engine"
	"kadmium/lookup"
)

// When the log is written that tells how a node is (design R7.29).
const (
	lookEvery  = time.Second      // between two looks at how it is
	watchEvery = 30 * time.Second // between two PINGs of a node that nobody has answered meanwhile
	sumEvery   = time.Minute      // between two lines of numbers
)

// A standing is how a node is, as its log tells it.
type standing int

const (
	undecided standing = iota // it is joining or ending, or waits for answers to tell
	together                  // others answer
	alone                     // it is a network of its own
	cutOff                    // it has contacts, and none of those it asked answers
	unknowing                 // it has no contacts
)

// A life is what the log has of the life of a node. The driver's mutex guards it.
type life struct {
	began  time.Time
	looked time.Time
	said   standing                 // what the log has
	saidAt [unknowing + 1]time.Time // when it last had that
	joined bool                     // the log has that the node has joined
	heard  time.Time                // when a peer had last answered before the node was cut off

	summed time.Time
	lost   losses // since summed
	limits []uint64
}

// listening tells where the node is.
func (d *Driver) listening() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	d.life.began, d.life.summed = now, now
	d.logger.Info("listening", "peer", d.id, "at", d.transport.Addrs(), "network", d.network)
}

// firstJoinEnded tells how the first attempt to join has ended. That nobody answered is
// told already.
func (d *Driver) firstJoinEnded(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || !d.tellsLife() {
		return
	}
	if err != nil {
		d.life.said = unknowing
	}
	d.tellStanding(d.now())
}

// tellsLife reports whether anybody reads what may need somebody. Where nobody does, the log
// of the node's life costs nothing.
func (d *Driver) tellsLife() bool { return d.logger.Enabled(context.Background(), slog.LevelWarn) }

// watchLife tells what has become of the node. The caller holds d.mu.
func (d *Driver) watchLife(now time.Time) {
	l := &d.life
	if now.Sub(l.looked) < lookEvery {
		return
	}
	l.looked = now
	d.log.Flush(false)
	if !d.tellsLife() {
		return
	}
	d.tellStanding(now)
	if now.Sub(l.summed) >= sumEvery {
		l.summed = now
		d.tellLosses()
		d.tellLimits()
	}
}

// tellStanding tells how the node is, if that has changed, each way a minute apart at least:
// what changes faster is told as it is then. A node that nobody has answered for a while
// sends a PING to learn it. The caller holds d.mu.
func (d *Driver) tellStanding(now time.Time) {
	l := &d.life
	r, asks := d.readiness()
	if asks && d.prober.running == nil && now.Sub(d.prober.asked) >= watchEvery {
		d.askNeighbours(1)
	}
	if r.standing == undecided || r.standing == l.said || !l.saidAt[r.standing].IsZero() && now.Sub(l.saidAt[r.standing]) < lineEvery {
		return
	}
	was, known := l.said, d.engine.Table().Len()
	l.said, l.saidAt[r.standing] = r.standing, now
	switch r.standing {
	case cutOff:
		l.heard = r.Answered
		d.logger.Warn("cut off", "because", r.Reason)
	case unknowing:
		l.heard = r.Answered
		d.logger.Warn("no peer is known", "because", r.Reason)
	case alone:
		d.logger.Info("alone", "because", r.Reason)
	case together:
		switch {
		case was == alone:
			d.logger.Info("no longer alone", "peers", known)
		case l.joined:
			d.logger.Info("together again", "peers", known, "after", now.Sub(l.heard).Round(time.Second))
		default:
			d.logger.Info("joined", "peers", known, "took", now.Sub(l.began).Round(time.Millisecond))
		}
		l.joined = true
	}
}

// tellEvent tells what an owner has to know of an event. The caller holds d.mu.
func (d *Driver) tellEvent(ev *engine.Event) {
	switch ev.Kind {
	case engine.PeerRemoved, engine.PeerLeft, engine.PeerSilent, engine.PeerReturned:
		d.noteLoss(ev)
	case engine.AddressChanged:
		d.logger.Info(ev.Kind.String(), "to", d.book.Address(ev.Contact).Endpoint, "because", "peers see this node there: it has moved, or its NAT was rebound")
	case engine.ModeChanged:
		why := "others can reach this node"
		if ev.Mode == engine.Client {
			why = "others can no longer reach this node: check its firewall and its NAT"
		}
		d.logger.Info(ev.Kind.String(), "mode", ev.Mode.String(), "because", why)
	case engine.LookupStep:
		if ev.Step.Kind != lookup.Ended || !d.logger.Enabled(context.Background(), slog.LevelDebug) {
			return
		}
		d.logger.Debug("lookup ended", "purpose", ev.Purpose, "reason", ev.Step.Reason, "hops", ev.Step.Hop,
			"rounds", ev.Step.Round, "requests", ev.N, "took", ev.Step.Elapsed)
	}
}
