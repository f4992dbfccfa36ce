package kadmium

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"kadmium/driver"
	"kadmium/engine"
	"kadmium/identity"
)

// Ping asks the peer at the address whether it is there. An address without an ID
// takes any peer; one without an endpoint is found first. Errors: ErrNoAnswer,
// ErrNotFound, ErrNoPeers.
func (n *Node) Ping(ctx context.Context, to identity.Address) (Pong, error) {
	return n.ping(ctx, to, (*engine.Engine).Ping)
}

// Protocols asks a peer which application protocols it handles. Otherwise it is like
// Ping; the round trip time includes a session's beginning.
func (n *Node) Protocols(ctx context.Context, to identity.Address) (Pong, error) {
	return n.ping(ctx, to, (*engine.Engine).Protocols)
}

// A pinging is a method of the engine that sends a PING.
type pinging func(*engine.Engine, time.Time, engine.OpID, identity.Address, []engine.Effect) []engine.Effect

func (n *Node) ping(ctx context.Context, to identity.Address, start pinging) (Pong, error) {
	given := to
	to, found, err := n.locate(ctx, to)
	pong := Pong{Lookup: found}
	if err != nil {
		return pong, err
	}
	err = n.run(ctx, driver.Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return start(e, now, op, to, fx)
		},
		Finish: func(r *engine.Result) {
			pong.Protocols, pong.MoreProtocols = r.Protocols, r.MoreProtocols
			if r.Named {
				n.driver.SetProtocols(r.Peer, r.Protocols, r.MoreProtocols)
			}
			pong.Address, pong.RTT, pong.Serves = n.addressOf(r.Peer), r.RTT, r.Serves
			if r.Observed.IsValid() {
				pong.Observed = identity.Address{ID: n.id, Endpoint: r.Observed}
			}
		},
	})
	return pong, n.explainSilence(ctx, given, err)
}

// explainSilence adds to the error of a request to a peer at an address that another one
// lives there, if that is so.
func (n *Node) explainSilence(ctx context.Context, to identity.Address, err error) error {
	if !errors.Is(err, ErrNoAnswer) || to.ID.IsZero() || !to.Endpoint.IsValid() || ctx.Err() != nil {
		return err
	}
	if other := n.driver.OtherPeers(ctx, []identity.Address{to}); other != nil {
		return errors.Join(err, other)
	}
	return err
}

// locate is where to reach a peer: it is looked up if only its ID is known.
func (n *Node) locate(ctx context.Context, to identity.Address) (identity.Address, *Lookup, error) {
	if to.Endpoint.IsValid() {
		// Unmapped, as answers come: package net makes mapped addresses freely.
		to.Endpoint = netip.AddrPortFrom(to.Endpoint.Addr().Unmap(), to.Endpoint.Port())
		if err := n.driver.Reaches(to.Endpoint.Addr()); err != nil {
			return to, nil, errors.Join(ErrNoAnswer, err)
		}
		return to, nil, nil
	}
	if to.ID.IsZero() {
		return to, nil, ErrBadAddress
	}
	found, err := n.FindPeer(ctx, to.ID)
	return found.Peer.Address, &found.Lookup, err
}

// FindPeer finds where a peer is; it answered there. Errors: ErrNotFound, ErrNoPeers;
// ErrNoAnswer where nobody answered.
func (n *Node) FindPeer(ctx context.Context, id identity.ID) (Found, error) {
	found := Found{Peer: Peer{ID: id}}
	err := n.run(ctx, driver.Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.FindPeer(now, op, id, fx)
		},
		Finish: func(r *engine.Result) {
			if r.Peer != 0 {
				self := n.id.Position()
				found.Peer = n.peerOf(r.Peer, &self)
			}
			found.Lookup = n.lookupOf(r)
		},
	})
	return found, err
}

// Closest finds the k nodes nearest to the target, this one excepted; all of them
// answered. Errors: ErrNoPeers, ErrNoAnswer.
func (n *Node) Closest(ctx context.Context, target identity.Position) (Closest, error) {
	closest := Closest{Target: target.String()}
	err := n.run(ctx, driver.Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.Closest(now, op, target, fx)
		},
		Finish: func(r *engine.Result) {
			for _, c := range r.Contacts {
				closest.Peers = append(closest.Peers, n.peerOf(c, &target))
			}
			closest.Lookup = n.lookupOf(r)
		},
	})
	return closest, err
}
