package translate

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"
	"go.uber.org/goleak"

	"kadmium/compare/kad"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
	"kadmium/compare/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// servers is how many nodes are in everybody's table; one more asks them.
const servers = 6

// spec is the i-th node of the network, with the same key on both sides.
func spec(i int, bootstrap ...side.Node) side.Spec {
	return side.Spec{Seed: world.Host(7, i), Profile: side.Matched, K: 20, Alpha: 3, Bootstrap: bootstrap}
}

// network makes the servers and the client that asks, which is the last, and waits
// until it knows all of them, and they one another.
func network(t *testing.T, maker side.Maker) []side.Node {
	t.Helper()
	var nodes []side.Node
	for i := range servers + 1 {
		s := spec(i, nodes[:min(1, i)]...)
		s.Client = i == servers
		n, err := maker(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		nodes = append(nodes, n)
	}
	for i, n := range nodes {
		others := servers - 1
		if i == servers {
			others = servers
		}
		await(t, func() bool {
			if _, err := n.Closest(t.Context(), "anything"); err != nil {
				return false
			}
			return len(n.Table()) == others
		})
	}
	return nodes
}

// await polls a condition, for ten seconds at most.
func await(t *testing.T, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never happened")
		}
	}
}

func kadmiumNetwork(t *testing.T) []*kad.Node {
	t.Helper()
	var nodes []*kad.Node
	for _, n := range network(t, kad.New) {
		nodes = append(nodes, n.(*kad.Node))
	}
	return nodes
}

func libp2pNetwork(t *testing.T) []*p2p.Node {
	t.Helper()
	var nodes []*p2p.Node
	for _, n := range network(t, p2p.NewNetwork().New) {
		nodes = append(nodes, n.(*p2p.Node))
	}
	return nodes
}

// watched runs something and returns the query events it published, in libp2p's case
// but for those of dialling.
func watched(t *testing.T, run func(context.Context)) []*routing.QueryEvent {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ctx, events := routing.RegisterForQueryEvents(ctx)
	var got []*routing.QueryEvent
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			got = append(got, e)
		}
	}()
	run(ctx)
	cancel()
	<-done
	return withoutDials(got)
}

// withoutDials leaves out what libp2p says of connections, which depends on those
// there were before: that it dials, and that a dial failed or ended with the lookup,
// an error of a peer that was sent no query.
func withoutDials(events []*routing.QueryEvent) []*routing.QueryEvent {
	var rest []*routing.QueryEvent
	open := make(map[peer.ID]int)
	for _, e := range events {
		switch e.Type {
		case routing.DialingPeer:
			continue
		case routing.SendingQuery:
			open[e.ID]++
		case routing.QueryError:
			if e.ID != "" && open[e.ID] == 0 {
				continue
			}
			open[e.ID]--
		case routing.PeerResponse:
			open[e.ID]--
		}
		rest = append(rest, e)
	}
	return rest
}

// kinds are the kinds that occur, in ascending order.
func kinds(events []*routing.QueryEvent) []routing.QueryEventType {
	var all []routing.QueryEventType
	for _, e := range events {
		if !slices.Contains(all, e.Type) {
			all = append(all, e.Type)
		}
	}
	slices.Sort(all)
	return all
}

// perPeer is the kinds of each peer's events in their order, each once: libp2p asks
// some peers twice.
func perPeer(events []*routing.QueryEvent) map[peer.ID][]routing.QueryEventType {
	all := make(map[peer.ID][]routing.QueryEventType)
	for _, e := range events {
		if !slices.Contains(all[e.ID], e.Type) {
			all[e.ID] = append(all[e.ID], e.Type)
		}
	}
	return all
}

// checkOrder fails if an answer or error has no query before it that it could be of.
// A query without either is one that the lookup did not wait for.
func checkOrder(t *testing.T, events []*routing.QueryEvent) {
	t.Helper()
	open := make(map[peer.ID]int)
	for i, e := range events {
		switch e.Type {
		case routing.SendingQuery:
			open[e.ID]++
		case routing.PeerResponse, routing.QueryError:
			if open[e.ID]--; open[e.ID] < 0 {
				t.Errorf("event %d, kind %d of %v, follows no query", i, e.Type, e.ID)
			}
		}
		if (e.Type == routing.QueryError) != (e.Extra != "") {
			t.Errorf("event %d, kind %d, has the text %q", i, e.Type, e.Extra)
		}
	}
}

// of are the events of one kind.
func of(kind routing.QueryEventType, events []*routing.QueryEvent) []*routing.QueryEvent {
	return slices.DeleteFunc(slices.Clone(events), func(e *routing.QueryEvent) bool { return e.Type != kind })
}
