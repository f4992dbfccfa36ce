package driver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/transport"
)

// resolveAgain is how long a node that is alone relies on an answer of the DNS.
const resolveAgain = time.Minute

// A joining is one join through seeds.
type joining struct {
	*Driver
	op        engine.OpID
	addresses []identity.Address // that the caller named
	names     []Seed             // host names to look up
	asked     []identity.Address // also those that names resolved to; mu guards it
	unused    error              // why some seeds gave no address to try; mu guards it
	partly    error              // which names have more addresses than the sockets reach; mu guards it
	logger    *slog.Logger
}

// Join joins through the seeds, and through the peers that the node knows (Kademlia,
// section 2.3). Host names are looked up beside each other and beside the join (design
// R7.10); those that resolve after its end still lead to their peers, until the context
// ends. The operation needs no Start. Errors: as Run, and engine.ErrNoAnswer, with
// ErrNoSocket and the resolver's errors where they are the reason.
func (d *Driver) Join(ctx context.Context, seeds []Seed, op Operation) error {
	return d.through(seeds).run(ctx, op)
}

// through makes a join through the seeds.
func (d *Driver) through(seeds []Seed) *joining {
	j := &joining{Driver: d, logger: d.logger}
	j.addresses, j.names, j.unused = d.sortSeeds(seeds)
	j.asked = j.addresses
	d.noteSeeds(seeds)
	return j
}

func (j *joining) run(ctx context.Context, op Operation) error {
	op.Start = func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
		j.op = op
		for _, s := range j.names {
			j.workers.Go(func() { j.throughName(ctx, s) })
		}
		if j.unused == nil {
			fx = e.JoinByNames(now, op, j.addresses, len(j.names), fx)
			if j.firstOfNetwork() { // as it was when the names were resolved before
				fx = e.BeginNetwork(now, fx)
			}
			return fx
		}
		// One name more, which resolves to nothing: the join fails if there is nobody to ask.
		fx = e.JoinByNames(now, op, j.addresses, len(j.names)+1, fx)
		return e.JoinThrough(now, op, nil, fx)
	}
	err := j.Run(ctx, op)
	j.mu.Lock()
	defer j.mu.Unlock()
	if errors.Is(err, engine.ErrNoAnswer) {
		asked := j.asked
		j.mu.Unlock()
		other := j.OtherPeers(ctx, asked)
		j.mu.Lock()
		if other != nil || j.unused != nil || j.partly != nil {
			err = errors.Join(err, other, j.unused, j.partly)
		}
		return err
	}
	switch {
	case err == nil:
		j.warn(j.unused)
	}
	return err
}

// throughName looks a host name up and joins through its addresses.
func (j *joining) throughName(ctx context.Context, s Seed) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(j.ctx, cancel)() // the driver's
	addresses, err := j.resolve(ctx, s)
	resolved, other := len(addresses) > 0, j.isOther()
	addresses = slices.DeleteFunc(addresses, func(a identity.Address) bool { return !other(a) })
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed || ctx.Err() != nil {
		return // nobody waits for the join any more
	}
	if resolved { // addresses that no socket reaches, of this node or another, help nobody
		j.givenSeeds[s.String()] = len(addresses) == 0
	}
	switch over := j.operations[j.op] == nil; {
	case len(addresses) > 0:
		j.asked = append(slices.Clip(j.asked), addresses...)
		j.partly = errors.Join(j.partly, err)
	case over:
		j.warn(err)
	default:
		j.unused = errors.Join(j.unused, err)
	}
	j.step(func(now time.Time, fx []engine.Effect) []engine.Effect {
		return j.engine.JoinThrough(now, j.op, addresses, fx)
	})
}

func (j *joining) warn(err error) {
	if err != nil {
		j.logger.Warn("bootstrap peer not used", "err", err)
	}
}

// bootstrap makes the first attempt to join. The engine repeats it while the node is
// alone (design R7.2). The engine knows addresses only, so host names are looked up
// again here.
func (d *Driver) bootstrap() {
	d.mu.Lock()
	for _, a := range d.ownSeeds {
		d.namesakeNamed(a)
	}
	d.mu.Unlock()
	first := d.through(d.seeds)
	first.addresses = nil // the engine has them
	err := first.run(d.ctx, Operation{})
	if len(d.seeds) > 0 && err != nil && d.beginNetwork() {
		err = nil
	}
	if len(d.seeds) > 0 && err != nil {
		d.joinErr = err
		if d.ctx.Err() == nil && !errors.Is(err, ErrClosed) { // otherwise nobody waited for an answer
			d.warnOfSilence(err)
		}
	}
	close(d.joined)
	d.firstJoinEnded(err)
	for len(first.names) > 0 && transport.Pause(d.afterFunc, resolveAgain, d.ctx.Done()) {
		if d.alone() {
			again := d.through(first.names)
			again.logger = slog.New(slog.DiscardHandler) // the first attempt told what is wrong
			_ = again.run(d.ctx, Operation{})
		}
	}
}

// beginNetwork tells the engine if there is nobody but this node itself to join through.
func (d *Driver) beginNetwork() (first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if first = d.firstOfNetwork() && !d.closed; first {
		d.step(d.engine.BeginNetwork)
	}
	return first
}

// warnOfSilence logs that no bootstrap peer answered, and whatever else err has to say.
func (d *Driver) warnOfSilence(err error) {
	about := []any{"peers", d.seedNames()}
	if err != engine.ErrNoAnswer {
		about = append(about, "err", err)
	}
	d.logger.Warn("no bootstrap peer answered", about...)
}

// unserved is the error of an operation; where nobody is known who serves it, it says what
// the bootstrap peers of the Config have done.
func (d *Driver) unserved(err error) error {
	switch {
	case len(d.seeds) == 0 || !errors.Is(err, engine.ErrNoPeers):
		return err
	case d.engine.OnlyClients():
		return fmt.Errorf("%w: %w", err, ErrOnlyClients)
	}
	return fmt.Errorf("%w: %w from the bootstrap peers %s", err, engine.ErrNoAnswer, d.seedNames())
}

func (d *Driver) seedNames() string {
	names := make([]string, len(d.seeds))
	for i, s := range d.seeds {
		names[i] = s.String()
	}
	return strings.Join(names, ", ")
}

func (d *Driver) alone() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.engine.Alone(d.now())
}

// Joined waits until the first attempt to join has ended: nil if a peer answered or
// there was none to ask, engine.ErrNoAnswer if no bootstrap peer did.
func (d *Driver) Joined(ctx context.Context) error {
	select {
	case <-d.joined:
		return d.joinErr
	case <-ctx.Done():
		return ctx.Err()
	}
}
