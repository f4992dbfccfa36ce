package translate

import (
	"context"

	"github.com/libp2p/go-libp2p/core/routing"

	"kadmium"
)

// Publish hands the steps of a node's operations to the consumer that the context was
// registered for by routing.RegisterForQueryEvents, as they happen: run it beside an
// operation of the kind op, or beside several. Of the lookups that the node makes by
// itself it says nothing, as libp2p does not. An answer comes without the peers that
// it named: which of them are asked is not known yet.
//
// It returns once the channel, which Node.Events made, is closed, or the context has
// ended. A consumer that reads slowly is waited for; events of the node that were
// lost meanwhile are counted in what is returned.
func Publish(ctx context.Context, op Operation, events <-chan kadmium.Event) (lost uint64) {
	for {
		select {
		case e, open := <-events:
			if !open {
				return lost
			}
			lost += e.Dropped
			if e.Step == nil || e.Lookup == 0 {
				continue
			}
			if q := event(op, e.Step); q != nil {
				routing.PublishQueryEvent(ctx, q)
			}
		case <-ctx.Done():
			return lost
		}
	}
}
