package driver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"kadmium/engine"
	"kadmium/identity"
)

// When a node counts as ready (design R7.21).
const (
	answeredWithin = 30 * time.Second // how old the last answer may be
	probeEvery     = 15 * time.Second // between two times that neighbours are asked for one
	probed         = 3                // neighbours asked at a time
	watchedFor     = 10 * time.Minute // after somebody asked (design R7.35)
	searchEvery    = 10 * time.Minute // between two lookups after none of them answered
)

// A Readiness says whether a node is a working member of its network, and why.
type Readiness struct {
	Ready    bool
	Alone    bool // it is a network of its own
	Reason   string
	Answered time.Time // when a peer last answered; zero: none has
	standing standing
}

// A prober asks neighbours whether they are there. The driver's mutex guards it.
type prober struct {
	answered time.Time     // when a peer last answered anything; zero: none has
	wanted   time.Time     // when somebody last asked whether the node is ready; zero: nobody has
	running  chan struct{} // closed when the PINGs under way have ended; nil: there are none
	asked    time.Time     // when the first of the last ones was sent
	sent     int           // how many these were
	waiting  int           // how many have not ended
	silent   time.Time     // when such PINGs last ended without an answer; zero: never
	searched time.Time     // when the last lookup began
	probes   uint64
	searches uint64
}

// Ready says whether the node is ready. If no peer has answered for 30 s, it sends a PING
// to three neighbours, at most every 15 s, and waits for an answer until the context ends;
// if none answers, a lookup of the node itself follows, at most every 10 min.
func (d *Driver) Ready(ctx context.Context) Readiness {
	d.mu.Lock()
	d.prober.wanted = d.now()
	r, asks := d.readiness()
	if !asks {
		d.mu.Unlock()
		return r
	}
	switch p := &d.prober; {
	case p.running != nil && p.sent < probed: // the node asks one by itself
		d.askNeighbours(probed - p.sent)
	case p.running == nil && d.now().Sub(p.asked) >= probeEvery:
		d.askNeighbours(probed)
	}
	running := d.prober.running
	d.mu.Unlock()
	if running != nil {
		select {
		case <-running:
		case <-ctx.Done():
		case <-d.ctx.Done():
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	r, _ = d.readiness()
	return r
}

// watchReadiness asks a neighbour by itself where nobody has answered for a while, if it was
// asked of late whether the node is ready. So who asks seldom, and does not wait, is told
// what is so, and not what was so when they last asked. The caller holds d.mu.
func (d *Driver) watchReadiness(now time.Time) {
	p := &d.prober
	if p.wanted.IsZero() || now.Sub(p.wanted) >= watchedFor || p.running != nil ||
		now.Sub(p.asked) < probeEvery || now.Sub(p.answered) < probeEvery {
		return
	}
	if d.hasJoined() && d.engine.Table().Len() > 0 {
		d.askNeighbours(1)
	}
}

// readiness is the readiness as far as it is known. asks: to ask neighbours may change it.
// The caller holds d.mu.
func (d *Driver) readiness() (r Readiness, asks bool) {
	r.Answered = d.prober.answered
	ago := d.now().Sub(r.Answered)
	switch failed := d.readFailure(); {
	case d.closed:
		r.Reason = "the node is closing"
	case failed != nil:
		r.Reason = failed.Error()
	case !d.hasJoined():
		r.Reason = "joining the network"
	case !r.Answered.IsZero() && ago < answeredWithin:
		r.standing = together
		r.Ready, r.Reason = true, fmt.Sprintf("a peer answered %v ago", ago.Truncate(time.Second))
	case d.engine.MetNobody() && len(d.givenSeeds) == 0:
		r.standing = alone
		r.Ready, r.Alone, r.Reason = true, true, "alone: it was given no peer to join through, and has met none"
	case d.engine.MetNobody() && d.seedsAreSelf():
		r.standing = alone
		r.Ready, r.Alone, r.Reason = true, true, "alone: what it was given to join through is itself, and it has met nobody"
	case d.engine.Table().Len() == 0:
		r.standing = unknowing
		r.Reason = "no peer is known: none that it was given to join through answers, and no other is left"
	default:
		if r.Reason, asks = d.silence(ago), true; d.isCutOff() {
			r.standing, r.Reason = cutOff, "cut off: "+r.Reason
		}
	}
	return r, asks
}

// isCutOff reports whether nobody has answered since neighbours were asked in vain.
func (d *Driver) isCutOff() bool {
	p := &d.prober
	return !p.silent.IsZero() && p.answered.Before(p.silent)
}

// silence says that nobody has answered.
func (d *Driver) silence(ago time.Duration) string {
	since := "nobody has answered yet"
	if !d.prober.answered.IsZero() {
		since = fmt.Sprintf("nobody has answered for %v", ago.Truncate(time.Second))
	}
	known := d.engine.Table().Len()
	switch p := &d.prober; {
	case p.running != nil:
		return fmt.Sprintf("%s; %d of %d contacts are being asked", since, p.sent, known)
	case p.sent > 0:
		return fmt.Sprintf("%s; of %d contacts %d were asked %v ago", since, known, p.sent, d.now().Sub(p.asked).Truncate(time.Second))
	}
	return since
}

// hasJoined reports whether the first attempt to join has ended.
func (d *Driver) hasJoined() bool {
	select {
	case <-d.joined:
		return true
	default:
		return false
	}
}

// readFailure is why a socket cannot be read, or the journal no longer be written.
func (d *Driver) readFailure() error {
	if err := d.Err(); err != nil {
		return err
	}
	return d.transport.ReadFailure()
}

// Health is why the node cannot work, nil if it can: its sockets are read and its journal
// is written. Errors: engine.ErrJournal, if that is all; ErrClosed; others.
func (d *Driver) Health() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	if err := d.readFailure(); err != nil || d.journal == nil {
		return err
	}
	if err := d.journal.Failing(); err != nil {
		return fmt.Errorf("%w: %w", engine.ErrJournal, err)
	}
	return nil
}

// probeNeighbours sends a PING to n of the k contacts nearest to this node, first to those
// that have not failed, beside the PINGs under way. They leave
// with the step in progress. The caller holds d.mu.
func (d *Driver) probeNeighbours(n int) {
	p, table, self := &d.prober, d.engine.Table(), d.id.Position()
	near := table.NearestAny(nil, &self, d.k)
	rand.Shuffle(len(near), func(i, j int) { near[i], near[j] = near[j], near[i] })
	slices.SortStableFunc(near, func(a, b identity.Contact) int { return failingLast(table.Failing(a)) - failingLast(table.Failing(b)) })
	near = near[:min(len(near), n)]
	if p.running == nil {
		p.asked, p.sent, p.running = d.now(), 0, make(chan struct{})
	}
	p.sent += len(near)
	p.waiting += len(near)
	p.probes += uint64(len(near))
	addresses := make([]identity.Address, len(near)) // a step may forget contacts
	for i, c := range near {
		addresses[i] = d.book.Address(c)
	}
	for _, a := range addresses {
		r := d.register(Operation{Finish: func(*engine.Result) { d.probeEnded() }})
		d.followUp(func(now time.Time, fx []engine.Effect) []engine.Effect {
			return d.engine.Ping(now, r.id, a, fx)
		})
	}
}

// askNeighbours is probeNeighbours outside a step. The caller holds d.mu.
func (d *Driver) askNeighbours(n int) {
	d.probeNeighbours(n)
	d.step(func(_ time.Time, fx []engine.Effect) []engine.Effect { return fx })
}

func failingLast(failing bool) int {
	if failing {
		return 1
	}
	return 0
}

// probeEnded follows the end of one PING. The first answer ends the wait. The caller holds
// d.mu.
func (d *Driver) probeEnded() {
	p := &d.prober
	p.waiting--
	answered := !p.answered.Before(p.asked)
	switch {
	case answered:
	case p.waiting > 0:
		return
	case !d.isCutOff() && p.sent < min(probed, d.k, d.engine.Table().Len()):
		d.probeNeighbours(probed - p.sent) // one that is silent shows nothing
		return
	}
	if p.running != nil {
		close(p.running)
		p.running = nil
	}
	if answered {
		return
	}
	now := d.now()
	p.silent = now
	if now.Sub(p.searched) >= searchEvery {
		p.searched = now
		p.searches++
		d.followUp(d.engine.LookUpSelf)
	}
}
