package kadmium

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
)

// maxHandling bounds the messages whose handlers run at once; the sender of one
// more is told ErrHandlerFailed.
const maxHandling = 256

// A Handler answers a message; its answer is at most rpc.MaxPayload bytes. Each
// message has a goroutine of its own, and the context ends when the node closes.
// An error reaches the sender as ErrHandlerFailed, without its text.
type Handler func(ctx context.Context, m Message) ([]byte, error)

// Handle sets the handler of a protocol, replacing the one before; nil removes
// it. The empty protocol's handler gets what no other takes.
func (n *Node) Handle(protocol string, h Handler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h == nil {
		delete(n.handlers, protocol)
		return
	}
	if n.handlers == nil {
		n.handlers = make(map[string]Handler)
	}
	n.handlers[protocol] = h
}

// Send sends a message and waits for the reply. Without an endpoint in the address
// the peer is found first. At most rpc.MaxPayload bytes. Errors: ErrTooLarge,
// ErrBadOption; ErrNotFound, ErrNoAnswer, ErrNoHandler, ErrHandlerFailed.
func (n *Node) Send(ctx context.Context, to identity.Address, protocol string, payload []byte) (Reply, error) {
	if protocol == "" {
		return Reply{}, fmt.Errorf("%w: a message needs a protocol name", ErrBadOption)
	}
	if len(protocol) > rpc.MaxProtocol {
		return Reply{}, fmt.Errorf("%w: a protocol name of %d bytes, at most %d", ErrTooLarge, len(protocol), rpc.MaxProtocol)
	}
	if len(payload) > rpc.MaxPayload {
		return Reply{}, fmt.Errorf("%w: a payload of %d bytes, at most %d", ErrTooLarge, len(payload), rpc.MaxPayload)
	}
	to, found, err := n.locate(ctx, to)
	if err != nil {
		return Reply{Lookup: found}, err
	}
	if to.ID.IsZero() { // a message is for a known peer: learn who lives there
		pong, err := n.Ping(ctx, to)
		if err != nil {
			return Reply{}, err
		}
		to = pong.Address
	}
	payload = bytes.Clone(payload) // it may be sent again after the context has ended
	reply := Reply{Lookup: found}
	err = n.run(ctx, call{
		start: func(now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return n.engine.SendMessage(now, op, to, protocol, payload, fx)
		},
		finish: func(r *engine.Result) {
			reply.From, reply.Payload, reply.RTT = n.address(r.Peer), bytes.Clone(r.Payload), r.RTT
		},
	})
	var refusal *engine.StatusError
	if errors.As(err, &refusal) && refusal.Status == rpc.Failed { // of a STORE it would be the disk
		err = fmt.Errorf("%w (%w)", ErrHandlerFailed, err)
	}
	return reply, err
}

// deliver hands a message to its handler. The caller holds n.mu.
func (n *Node) deliver(token uint64, from identity.Contact, m *rpc.Message) {
	h := n.handlers[m.Protocol]
	if h == nil {
		h = n.handlers[""]
	}
	if h == nil || n.handling >= maxHandling {
		status := rpc.NoHandler
		if h != nil {
			status = rpc.Failed
		}
		n.followUps = append(n.followUps, followUp{kind: engine.Deliver, id: token, status: status})
		return
	}
	n.handling++
	message := Message{From: n.book.Address(from), Protocol: m.Protocol, Payload: bytes.Clone(m.Payload)}
	go n.handle(h, message, token)
}

// handle runs a handler and sends its answer. Close does not wait for it: it is
// the user's code, which may itself be what closes the node.
func (n *Node) handle(h Handler, m Message, token uint64) {
	answer, err := h(n.ctx, m)
	status := rpc.OK
	switch {
	case err != nil:
		n.logger.Warn("handler failed", "protocol", m.Protocol, "peer", m.From, "error", err)
		status, answer = rpc.Failed, nil
	case len(answer) > rpc.MaxPayload:
		n.logger.Warn("handler's answer is too large", "protocol", m.Protocol, "bytes", len(answer), "most", rpc.MaxPayload)
		status, answer = rpc.Failed, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.handling--
	if n.down {
		return
	}
	n.step(func(now time.Time, fx []engine.Effect) []engine.Effect {
		return n.engine.Respond(now, token, status, answer, fx)
	})
}
