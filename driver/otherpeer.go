package driver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kadmium/engine"
	"kadmium/identity"
)

// Bounds of asking who answers where a named peer did not (design R7.32).
const (
	maxAsked = 16
	askTime  = 3 * time.Second
)

// OtherPeers asks who is at addresses whose peers have not answered. A node drops what is
// meant for another, so a wrong ID looks like silence. The error says where another peer
// lives (ErrOtherPeer); nil: nowhere, as far as is known.
func (d *Driver) OtherPeers(ctx context.Context, silent []identity.Address) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var asking sync.WaitGroup
	found := make([]error, min(len(silent), maxAsked))
	for i := range found {
		if a := silent[i]; !a.ID.IsZero() && a.ID != d.id && d.Reaches(a.Endpoint.Addr()) == nil {
			asking.Go(func() { found[i] = d.otherPeer(ctx, a) })
		}
	}
	asking.Wait()
	return errors.Join(found...)
}

func (d *Driver) otherPeer(ctx context.Context, a identity.Address) error {
	var lives identity.Address
	err := d.Run(ctx, Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.Ping(now, op, identity.Address{Endpoint: a.Endpoint}, fx)
		},
		Finish: func(r *engine.Result) {
			if r.Peer != 0 {
				lives = d.book.Address(r.Peer)
			}
		},
	})
	if err != nil || lives.ID.IsZero() || lives.ID == a.ID {
		return nil
	}
	return fmt.Errorf("%w than %s: %s", ErrOtherPeer, a.ID, lives)
}
