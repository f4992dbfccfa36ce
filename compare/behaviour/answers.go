package behaviour

import (
	"context"

	"github.com/libp2p/go-libp2p/core/routing"

	"kadmium/compare/kad"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
	"kadmium/identity"
)

// maxAnswers bounds the answers that nobody has read yet: more than one lookup
// among the nodes of a case brings.
const maxAnswers = 1000

// watchAnswers is a context for one lookup by a node, and a channel that gets each
// answer as it comes: the peers that it named, of which kadmium tells only how many.
// It is closed when the context has ended.
func watchAnswers(ctx context.Context, n side.Node) (context.Context, <-chan []identity.ID) {
	answers := make(chan []identity.ID, maxAnswers)
	if k, ok := n.(*kad.Node); ok {
		events := k.Kadmium().Events(ctx)
		go func() {
			defer close(answers)
			for e := range events {
				if e.Kind == "lookup step" && e.Lookup != 0 && e.Step.Kind == "answered" {
					answers <- make([]identity.ID, e.Step.Named)
				}
			}
		}()
		return ctx, answers
	}
	ctx, events := routing.RegisterForQueryEvents(ctx)
	go func() {
		defer close(answers)
		for e := range events {
			if e.Type == routing.PeerResponse {
				var named []identity.ID
				for _, p := range e.Responses {
					named = append(named, p2p.Identity(p.ID))
				}
				answers <- named
			}
		}
	}()
	return ctx, answers
}
