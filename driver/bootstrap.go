package driver

import (
	"context"
	"errors"
	"slices"
	"time"

	"kadmium/engine"
	"kadmium/identity"
)

// resolveAgain is how long a node that is alone relies on an answer of the DNS.
const resolveAgain = time.Minute

// Join joins through the seeds, and through the peers that the node knows (Kademlia,
// section 2.3). finish runs as an Operation's Finish. Errors: as Run, and
// engine.ErrNoAnswer.
func (d *Driver) Join(ctx context.Context, seeds []Seed, finish func(*engine.Result)) error {
	addresses, err := d.resolve(ctx, seeds)
	if err != nil {
		return err
	}
	return d.join(ctx, addresses, finish)
}

func (d *Driver) join(ctx context.Context, addresses []identity.Address, finish func(*engine.Result)) error {
	return d.Run(ctx, Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.Join(now, op, addresses, fx)
		},
		Finish: finish,
	})
}

// bootstrap makes the first attempt to join. The engine repeats it while the node is
// alone (design R7.2). The engine knows addresses only, so host names are resolved
// again here.
func (d *Driver) bootstrap() {
	hosts := slices.DeleteFunc(slices.Clone(d.seeds), func(s Seed) bool { return s.host == "" })
	addresses, resolveErr := d.resolve(d.ctx, hosts)
	err := d.join(d.ctx, addresses, nil)
	if err == nil && d.alone() {
		err = resolveErr // there was nobody to ask
	}
	if len(d.seeds) > 0 && err != nil {
		d.joinErr = err
		if d.ctx.Err() == nil && !errors.Is(err, ErrClosed) { // otherwise nobody waited for an answer
			d.logger.Warn("no bootstrap peer answered", "err", err)
		}
	}
	close(d.joined)
	for len(hosts) > 0 && d.pause(resolveAgain) {
		if !d.alone() {
			continue
		}
		if addresses, err = d.resolve(d.ctx, hosts); err == nil {
			d.join(d.ctx, addresses, nil)
		}
	}
}

// pause waits, and reports false if the driver was closed meanwhile.
func (d *Driver) pause(wait time.Duration) bool {
	over := make(chan struct{})
	stop := d.afterFunc(wait, func() { close(over) })
	defer stop()
	select {
	case <-over:
		return true
	case <-d.ctx.Done():
		return false
	}
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
