package kadmium

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"kadmium/driver"
	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
)

// A Handler answers a message; its answer is at most rpc.MaxPayload bytes. Each
// message has a goroutine of its own, and the context ends when the node closes, and after
// 10 minutes, when the message has failed.
// An error, or a panic, reaches the sender as ErrHandlerFailed, without its text.
type Handler func(ctx context.Context, m Message) ([]byte, error)

// Handle sets the handler of a protocol, replacing the one before; nil removes
// it. The empty protocol's handler gets what no other takes. Errors: ErrBadProtocol.
func (n *Node) Handle(protocol string, h Handler) error {
	return n.driver.Handle(protocol, h.driver())
}

// driver is the handler as the driver runs it.
func (h Handler) driver() driver.Handler {
	if h == nil {
		return nil
	}
	return func(ctx context.Context, from identity.Address, protocol string, payload []byte) ([]byte, error) {
		return h(ctx, Message{From: from, Protocol: protocol, Payload: payload})
	}
}

func driverHandlers(handlers map[string]Handler) map[string]driver.Handler {
	all := make(map[string]driver.Handler, len(handlers))
	for protocol, h := range handlers {
		all[protocol] = h.driver()
	}
	return all
}

// Send sends a message and waits for the reply. Without an endpoint in the address
// the peer is found first. At most rpc.MaxPayload bytes. A message to this node itself
// goes to its own handler. Errors: ErrTooLarge, ErrBadProtocol; ErrNotFound, ErrNoAnswer,
// ErrNoHandler, ErrHandlerFailed.
func (n *Node) Send(ctx context.Context, to identity.Address, protocol string, payload []byte) (Reply, error) {
	if err := rpc.CheckProtocol(protocol); err != nil {
		return Reply{}, err
	}
	if len(payload) > rpc.MaxPayload {
		return Reply{}, fmt.Errorf("%w: a payload of %d bytes, at most %d", ErrTooLarge, len(payload), rpc.MaxPayload)
	}
	payload = bytes.Clone(payload) // it may be sent again after the context has ended
	if n.isSelf(to) {
		return n.sendSelf(ctx, protocol, payload)
	}
	given := to
	to, found, err := n.locate(ctx, to)
	if err != nil {
		return Reply{Lookup: found}, err
	}
	if to.ID.IsZero() { // a message is for a known peer: learn its ID
		pong, err := n.Ping(ctx, to)
		if err != nil {
			return Reply{}, err
		}
		to = pong.Address
	}
	reply := Reply{Lookup: found}
	err = n.run(ctx, driver.Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.SendMessage(now, op, to, protocol, payload, fx)
		},
		Finish: func(r *engine.Result) {
			reply.From, reply.Payload, reply.RTT = n.addressOf(r.Peer), bytes.Clone(r.Payload), r.RTT
		},
	})
	return reply, n.explainSilence(ctx, given, handlerError(err))
}

// isSelf reports whether an address is this node's: it has its ID, or no ID and an
// endpoint of its own.
func (n *Node) isSelf(a identity.Address) bool {
	if !a.ID.IsZero() || !a.Endpoint.IsValid() {
		return a.ID == n.id
	}
	own := identity.Address{ID: n.id, Endpoint: netip.AddrPortFrom(a.Endpoint.Addr().Unmap(), a.Endpoint.Port())}
	return slices.Contains(n.Addresses(), own)
}

// sendSelf is Send to this node.
func (n *Node) sendSelf(ctx context.Context, protocol string, payload []byte) (Reply, error) {
	reply := Reply{From: n.Addresses()[0]}
	begun := n.clock.Now()
	answer, err := n.driver.SendSelf(ctx, protocol, payload)
	reply.Payload, reply.RTT = bytes.Clone(answer), n.clock.Now().Sub(begun)
	return reply, handlerError(publicError(err))
}

// handlerError says of a message that its handler failed; of a STORE the status would
// mean the disk.
func handlerError(err error) error {
	var refusal *engine.StatusError
	if errors.As(err, &refusal) && refusal.Status == rpc.Failed {
		return fmt.Errorf("%w (%w)", ErrHandlerFailed, err)
	}
	return err
}
