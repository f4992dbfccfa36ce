package translate

import (
	"context"

	"github.com/libp2p/go-libp2p/core/routing"

	"kadmium"
)

// Publish publishes the steps of a node's operations as they happen, to the consumer for
// which the context was registered by routing.RegisterForQueryEvents. Run it concurrently
// with one or several operations of the kind op. Like libp2p it leaves out lookups that the
// node makes by itself. A PeerResponse does not have the peers that the answer named: it is
// not known yet which of them will be asked.
//
// It returns when the channel, which is from Node.Events, is closed, or the context ends. It
// waits for a slow consumer. It returns the number of events that the node dropped
// meanwhile.
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
