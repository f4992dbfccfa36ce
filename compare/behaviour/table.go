package behaviour

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kadmium/compare/side"
	"kadmium/compare/world"
)

// tableCases are about who enters which routing table.
func tableCases() []Case {
	cases := []Case{{
		Name: "ring of 30 nodes, each joining by the one before it",
		Play: ring,
	}, {
		Name: "A joins by B, C joins by B, C looks a key up",
		Play: requestIntroduces,
	}, {
		Name: "a client finds, puts and gets",
		Play: client,
	}, {
		Name: "a server looks for a client by its ID",
		Play: findClient,
		Why: "libp2p is better: asked for an ID, a node also names a peer that it is merely connected to. " +
			"A kadmium client keeps no connections and promises no answer, so nobody names it.",
	}}
	return slices.Concat(cases, departedCases(), emptyTableCases())
}

func ring(s *Stage) (string, error) {
	var nodes []side.Node
	for range 30 {
		n, err := s.Join(nodes[max(0, len(nodes)-1):]...)
		if err != nil {
			return "", err
		}
		nodes = append(nodes, n)
	}
	switch err := s.Converge(nodes); {
	case errors.Is(err, context.DeadlineExceeded):
		return "does not converge", nil
	case err != nil:
		return "", err
	}
	return "converges: each finds its true 20 nearest", nil
}

// requestIntroduces checks that a node that is asked learns of the asker (Kademlia,
// section 2.2).
func requestIntroduces(s *Stage) (string, error) {
	b, err := s.Join()
	if err != nil {
		return "", err
	}
	a, err := s.Join(b)
	if err != nil {
		return "", err
	}
	c, err := s.Join(b)
	if err != nil {
		return "", err
	}
	err = s.Await(func() bool { // libp2p has B in C's table only some time after joining
		_, err := c.Closest(s.Context, "acquaintance")
		return err == nil
	})
	if err != nil {
		return "", err
	}
	knows := func(x, y side.Node) bool {
		return s.Within(5*time.Second, func() bool { return slices.Contains(x.Table(), y.ID()) })
	}
	switch cKnows, aKnows := knows(c, a), knows(a, c); {
	case cKnows && aKnows:
		return "C has A in its table, and A has C", nil
	case cKnows:
		return "C has A in its table, A has not C", nil
	case aKnows:
		return "A has C in its table, C has not A", nil
	default:
		return "neither has the other in its table", nil
	}
}

// withClient makes a converged network and a client that joins it.
func withClient(s *Stage) (servers []side.Node, client side.Node, err error) {
	if servers, err = s.Converged(max(4, s.Nodes)); err != nil {
		return nil, nil, err
	}
	spec := s.Spec(servers[0])
	spec.Client = true
	if client, err = s.Make(spec); err != nil {
		return nil, nil, err
	}
	return servers, client, s.Await(func() bool { return len(client.Table()) >= min(10, len(servers)) })
}

func client(s *Stage) (string, error) {
	servers, client, err := withClient(s)
	if err != nil {
		return "", err
	}
	var able []string
	try := func(what string, err error, done bool) {
		if err == nil && done {
			able = append(able, what)
		}
	}
	other := servers[len(servers)-1]
	found, err := client.FindPeer(s.Context, other.ID())
	try("finds", err, slices.Contains(found.Peers, other.ID()))
	_, err = client.Put(s.Context, "client", world.Value(1, "by a client"))
	try("puts", err, true)
	got, err := other.Get(s.Context, "client", 1)
	try("is heard", err, string(got.Value) == string(world.Value(1, "by a client")))
	if _, err := other.Put(s.Context, "server", world.Value(1, "by a server")); err != nil {
		return "", err
	}
	got, err = client.Get(s.Context, "server", 1)
	try("gets", err, string(got.Value) == string(world.Value(1, "by a server")))
	in := "in no server's table"
	for _, n := range servers {
		if slices.Contains(n.Table(), client.ID()) {
			in = "in a server's table"
		}
	}
	if len(able) < 4 {
		return fmt.Sprintf("only %s; is %s", strings.Join(able, ", "), in), nil
	}
	return "all succeed; it is " + in, nil
}

func findClient(s *Stage) (string, error) {
	servers, client, err := withClient(s)
	if err != nil {
		return "", err
	}
	searcher := servers[len(servers)-1]
	if err := s.disconnect(searcher, client); err != nil {
		return "", err
	}
	_, err = searcher.FindPeer(s.Context, client.ID())
	if err == nil {
		return "finds it", nil
	}
	return outcome(err), nil
}
