package driver

import (
	"time"

	"kadmium/engine"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/transport"
)

// An engineCall is one call of an engine's method: it appends to the effects what the
// driver has to do.
type engineCall func(now time.Time, fx []engine.Effect) []engine.Effect

// step makes one engine call, carries out its effects, and sets the timer for the
// next Tick. The caller holds d.mu. Afterwards it uses no contact that the engine
// does not hold: the book may have dropped it.
func (d *Driver) step(call engineCall) {
	now := d.now()
	d.noticePause(now)
	d.effects = call(now, d.effects[:0])
	d.finishStep(now)
}

// tick is what the timer runs.
func (d *Driver) tick() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	now := d.now()
	if d.noticePause(now); !d.timer.due(now) {
		return
	}
	d.reviewClock(now)
	d.watchClients(now)
	d.watchInterfaces(now)
	d.watchReadiness(now)
	d.watchLife(now)
	d.step(d.engine.Tick)
}

// deliverToEngine hands a validated message to the engine. The caller holds d.mu.
func (d *Driver) deliverToEngine(now time.Time, a *arrival) {
	switch {
	case a.once != nil:
		a.Token = a.once.token
	case !a.Message.Response:
		a.Token = d.pending.begin(a.reply)
	}
	// A step without its closure, which would be an allocation a datagram.
	d.effects = d.engine.Receive(now, &a.Inbound, d.effects[:0])
	if a.Awaited {
		d.prober.answered = now
	}
	d.heard(now, a)
	if a.RTT > 0 {
		d.rtts.Observe(a.RTT.Seconds())
	}
	d.finishStep(now)
	d.pending.keep()
}

// finishStep is the rest of a step, after the engine call at now.
func (d *Driver) finishStep(now time.Time) {
	d.carryOut()
	for len(d.followUps) > 0 {
		call := d.followUps[0]
		d.followUps = append(d.followUps[:0], d.followUps[1:]...)
		d.effects = call(now, d.effects[:0])
		d.carryOut()
	}
	d.serves.Store(d.engine.Mode() == engine.Server)
	d.collectContacts()
	d.setTimer(now)
}

// followUp makes an engine call that an effect leads to, once the effects beside it
// are carried out: their messages are valid only until the next engine call.
func (d *Driver) followUp(call engineCall) { d.followUps = append(d.followUps, call) }

// keptEffects is how much room for effects a driver keeps: enough to answer with.
const keptEffects = 16

func (d *Driver) carryOut() {
	for i := range d.effects {
		d.effect(&d.effects[i])
	}
	clear(d.effects) // keep nothing alive that they point to
	if cap(d.effects) > keptEffects {
		d.effects = nil // thousands of nodes may share a process
	}
}

func (d *Driver) effect(fx *engine.Effect) {
	switch fx.Kind {
	case engine.SendRequest:
		d.sendRequest(fx)
	case engine.ForgetRequest:
		d.transport.Forget(fx.RequestID)
		delete(d.providerKeys, fx.RequestID)
	case engine.SendReply:
		d.sendReply(fx.Token, fx.Message)
	case engine.Persist:
		d.persist(fx.PersistID, fx.Changes)
	case engine.Progress:
		d.progress(fx.Op, fx.Result)
	case engine.Finish:
		d.finish(fx.Op, fx.Result)
	case engine.ReportEvent:
		d.report(&fx.Event)
	case engine.Deliver:
		d.deliver(fx.Token, fx.To, fx.Message)
	}
}

// report tells whoever listens of an event, and the log.
func (d *Driver) report(ev *engine.Event) {
	switch ev.Kind {
	case engine.PeerSilent:
		if !d.fellSilent(ev) {
			return
		}
	case engine.LookupStep:
		if ev.Step.Kind == lookup.Ended {
			d.lookups.observe(ev)
		}
		d.lookupStep(ev)
	}
	d.tellEvent(ev)
	d.event(ev)
}

func (d *Driver) sendRequest(fx *engine.Effect) {
	m := fx.Message
	body, err := d.codec.Append(d.body[:0], m, &d.book)
	if err == nil {
		d.body = body
		r := transport.Request{
			To:           d.book.Address(fx.To),
			ID:           fx.RequestID,
			Type:         m.Type,
			Serves:       m.Serves,
			Body:         body,
			FirstContact: fx.FirstContact,
			UnderSession: fx.UnderSession,
		}
		if fx.DialBack {
			err = d.dialBack(r)
		} else {
			err = d.transport.Request(r)
		}
	}
	if m.Type == rpc.GetProviders {
		d.providerKeys[fx.RequestID] = m.Key
	}
	if err != nil {
		id := fx.RequestID
		d.logger.Debug("request not sent", "type", m.Type, "to", d.book.Address(fx.To), "err", err)
		delete(d.providerKeys, id)
		d.followUp(func(now time.Time, effects []engine.Effect) []engine.Effect {
			return d.engine.Unreachable(now, id, effects)
		})
	}
}

func (d *Driver) sendReply(token uint64, m *rpc.Message) {
	if w := d.once.running[token]; w != nil {
		d.replyOnce(w, m)
		return
	}
	to, ok := d.pending.take(token)
	if !ok {
		return
	}
	body, err := d.codec.Append(d.body[:0], m, &d.book)
	if err != nil {
		d.logger.Debug("reply not sent", "type", m.Type, "err", err)
		return
	}
	d.body = body
	d.reply(to, m.Type, m.Serves, body)
}
