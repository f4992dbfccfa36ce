package behaviour

import (
	"context"
	"slices"

	"kadmium/compare/side"
	"kadmium/compare/world"
)

// emptyTableCases are about the operations of a server that knows no other node.
func emptyTableCases() []Case {
	return []Case{{
		Name: "empty table: closest",
		Play: withEmptyTable(func(ctx context.Context, n side.Node) string {
			_, err := n.Closest(ctx, "a key")
			return outcome(err)
		}),
	}, {
		Name: "empty table: find a peer",
		Play: withEmptyTable(func(ctx context.Context, n side.Node) string {
			_, err := n.FindPeer(ctx, world.Host(2, 0).ID())
			return outcome(err)
		}),
	}, {
		Name: "empty table: get",
		Play: withEmptyTable(func(ctx context.Context, n side.Node) string {
			_, err := n.Get(ctx, "nobody put it", 1)
			return outcome(err)
		}),
		Why: "Nobody was asked, so nothing is known of the key: another error than for a key that nobody holds.",
	}, {
		Name: "empty table: put, then get it",
		Play: withEmptyTable(func(ctx context.Context, n side.Node) string {
			_, putting := n.Put(ctx, "alone", world.Value(1, "mine"))
			got, getting := n.Get(ctx, "alone", 1)
			return "put: " + outcome(putting) + "; get: " + foundOr(getting, payload(got.Value) == "mine")
		}),
		Why: "libp2p's error says at once that nobody else has the value, which it keeps all the same. In kadmium a server among the k nearest " +
			"is a holder like any other: the put has one, says so, and hands the record over to nodes that join. " +
			"Had it been given a peer to join by, or met one, it would return an error too.",
	}, {
		Name: "empty table: find providers",
		Play: withEmptyTable(func(ctx context.Context, n side.Node) string {
			found, err := n.Providers(ctx, "nobody has it", 0)
			if err == nil && len(found.Peers) == 0 {
				return "no error, and no provider"
			}
			return outcome(err)
		}),
		Why: "Nobody was asked, which is not the same as that nobody provides it; libp2p's channel has no place for an error.",
	}, {
		Name: "empty table: provide, then find providers",
		Play: withEmptyTable(func(ctx context.Context, n side.Node) string {
			_, providing := n.Provide(ctx, "alone")
			found, finding := n.Providers(ctx, "alone", 0)
			return "provide: " + outcome(providing) + "; providers: " + foundOr(finding, slices.Contains(found.Peers, n.ID()))
		}),
		Why: "As for a put: libp2p's error warns that nobody else knows, while kadmium counts the node itself, a server among the k nearest, as the one holder.",
	}}
}

func withEmptyTable(operation func(context.Context, side.Node) string) func(*Stage) (string, error) {
	return func(s *Stage) (string, error) {
		n, err := s.Join()
		if err != nil {
			return "", err
		}
		return operation(s.Context, n), nil
	}
}
