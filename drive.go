package kadmium

import (
	"time"

	"kadmium/engine"
	"kadmium/rpc"
	"kadmium/transport"
)

// A followUp is a call that the engine must get because of an effect: it waits
// until the effects beside it are carried out, as their messages last only until
// the engine's next call.
type followUp struct {
	kind   engine.EffectKind // of the effect
	id     uint64            // SendRequest: of the request; Persist: of the batch; Deliver: the token
	status rpc.Status        // Deliver
}

// step makes one call to the engine, carries out what it asks for, and arranges
// for the next Tick. The caller holds n.mu, and afterwards uses no contact that
// the engine does not hold: the book may have been swept.
func (n *Node) step(call func(now time.Time, fx []engine.Effect) []engine.Effect) {
	now := n.clock.Now()
	n.effects = call(now, n.effects[:0])
	n.settle(now)
}

// settle is the rest of a step, after the engine's call at now.
func (n *Node) settle(now time.Time) {
	n.carryOut()
	for len(n.followUps) > 0 {
		f := n.followUps[0]
		n.followUps = append(n.followUps[:0], n.followUps[1:]...)
		n.effects = n.follow(now, f, n.effects[:0])
		n.carryOut()
	}
	n.serves.Store(n.engine.Mode() == engine.Server)
	n.sweep()
	n.wake.arrange(n.clock, now, n.engine.WakeAt(), n.ticks)
}

func (n *Node) follow(now time.Time, f followUp, fx []engine.Effect) []engine.Effect {
	switch f.kind {
	case engine.SendRequest:
		return n.engine.Unreachable(now, f.id, fx)
	case engine.Persist:
		return n.engine.Persisted(now, f.id, nil, fx)
	default:
		return n.engine.Respond(now, f.id, f.status, nil, fx)
	}
}

// keptEffects is how much room for effects a node keeps: enough to answer with.
const keptEffects = 16

func (n *Node) carryOut() {
	for i := range n.effects {
		n.effect(&n.effects[i])
	}
	clear(n.effects) // keep nothing alive that they point to
	if cap(n.effects) > keptEffects {
		n.effects = nil // thousands of nodes may share a process
	}
}

func (n *Node) effect(fx *engine.Effect) {
	switch fx.Kind {
	case engine.SendRequest:
		n.sendRequest(fx)
	case engine.ForgetRequest:
		n.transport.Forget(fx.RequestID)
		delete(n.sought, fx.RequestID)
	case engine.SendReply:
		n.sendReply(fx.Token, fx.Message)
	case engine.Persist:
		n.persist(fx.Batch, fx.Ops)
	case engine.Progress:
		n.progress(fx.Op, fx.Result)
	case engine.Finish:
		n.finish(fx.Op, fx.Result)
	case engine.Emit:
		n.emit(&fx.Event)
	case engine.Deliver:
		n.deliver(fx.Token, fx.To, fx.Message)
	}
}

func (n *Node) sendRequest(fx *engine.Effect) {
	m := fx.Message
	body, err := n.codec.Append(n.body[:0], m, &n.book)
	if err == nil {
		n.body = body
		err = n.request(fx.Elsewhere, transport.Request{
			To:     n.book.Address(fx.To),
			ID:     fx.RequestID,
			Type:   m.Type,
			Serves: m.Serves,
			Body:   body,
			Fresh:  fx.Fresh,
		})
	}
	if m.Type == rpc.GetProviders {
		n.sought[fx.RequestID] = m.Key
	}
	if err != nil {
		n.logger.Debug("request not sent", "type", m.Type, "to", n.book.Address(fx.To), "error", err)
		delete(n.sought, fx.RequestID)
		n.followUps = append(n.followUps, followUp{kind: engine.SendRequest, id: fx.RequestID})
	}
}

func (n *Node) request(elsewhere bool, r transport.Request) error {
	if elsewhere {
		return n.callBack(r)
	}
	return n.transport.Request(r)
}

func (n *Node) sendReply(token uint64, m *rpc.Message) {
	to, ok := n.replies.take(token)
	if !ok {
		return
	}
	body, err := n.codec.Append(n.body[:0], m, &n.book)
	if err == nil {
		n.body = body
		err = n.transport.Reply(to, m.Serves, body)
	}
	if err != nil {
		n.logger.Debug("reply not sent", "type", m.Type, "error", err)
	}
}
