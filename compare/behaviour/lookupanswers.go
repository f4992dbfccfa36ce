package behaviour

import (
	"context"
	"sync"

	"github.com/libp2p/go-libp2p/core/routing"

	"kadmium"
	"kadmium/compare/kad"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
	"kadmium/identity"
)

// lookUpListening looks up a key and calls answered for each answer of that lookup, with
// the peers that it named. Of kadmium only their number is known: the IDs are zero. All
// calls have returned when it returns.
func lookUpListening(ctx context.Context, n side.Node, key string, answered func(named []identity.ID)) (side.Result, error) {
	listening, stop := context.WithCancel(ctx)
	defer stop()
	var handing sync.WaitGroup
	switch n := n.(type) {
	case *kad.Node:
		events := n.Kadmium().Events(listening)
		handing.Go(func() { listenToSteps(events, identity.KeyPosition([]byte(key)), answered) })
	default:
		var events <-chan *routing.QueryEvent
		listening, events = routing.RegisterForQueryEvents(listening) // only of lookups under this context
		handing.Go(func() { listenToQueries(events, answered) })
	}
	found, err := n.Closest(listening, key)
	stop() // ends the events, after those in the channel have been read
	handing.Wait()
	return found, err
}

// listenToSteps reads the events of a kadmium node, which are of all its lookups. The
// lookup it listens to is the first that the API has started (its number is not 0) and
// whose steps have the right distances to the target.
func listenToSteps(events <-chan kadmium.Event, target identity.Position, answered func([]identity.ID)) {
	var lookup uint64
	strange := make(map[uint64]bool)
	for e := range events {
		if e.Kind != "lookup step" || e.Lookup == 0 || e.Step.Peer.IsZero() {
			continue
		}
		at := e.Step.Peer.Position()
		if identity.Bits-identity.CommonPrefixLen(&target, &at) != e.Step.Distance {
			strange[e.Lookup] = true
			continue
		}
		if lookup == 0 && e.Step.Kind == "asked" && !strange[e.Lookup] {
			lookup = e.Lookup
		}
		if e.Lookup == lookup && e.Step.Kind == "answered" {
			answered(make([]identity.ID, e.Step.Named))
		}
	}
}

func listenToQueries(events <-chan *routing.QueryEvent, answered func([]identity.ID)) {
	for e := range events {
		if e.Type != routing.PeerResponse {
			continue
		}
		var named []identity.ID
		for _, p := range e.Responses {
			named = append(named, p2p.Identity(p.ID))
		}
		answered(named)
	}
}
