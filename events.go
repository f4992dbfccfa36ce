package kadmium

import (
	"context"

	"kadmium/engine"
)

// eventBuffer is the number of events that a reader of Events may fall behind.
const eventBuffer = 256

// A listener reads events. n.mu guards it.
type listener struct {
	events  chan Event
	dropped uint64      // since the last one it got
	stop    func() bool // ends the watch over its context
}

// Events are the node's events from now on, until the context ends or the node
// closes; then the channel is closed. Events that nobody reads in time are
// dropped, and counted in the next that is delivered.
func (n *Node) Events(ctx context.Context) <-chan Event {
	l := &listener{events: make(chan Event, eventBuffer)}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down || ctx.Err() != nil {
		close(l.events)
		return l.events
	}
	if n.listeners == nil {
		n.listeners = make(map[*listener]struct{})
	}
	n.listeners[l] = struct{}{}
	l.stop = context.AfterFunc(ctx, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.dismiss(l)
	})
	return l.events
}

func (n *Node) dismiss(l *listener) {
	if _, ok := n.listeners[l]; ok {
		delete(n.listeners, l)
		l.stop()
		close(l.events)
	}
}

// emit hands an event to whoever listens, and waits for nobody.
func (n *Node) emit(ev *engine.Event) {
	if len(n.listeners) == 0 {
		return
	}
	e := n.event(ev)
	for l := range n.listeners {
		e.Dropped = l.dropped
		select {
		case l.events <- e:
			l.dropped = 0
		default:
			l.dropped++
			n.eventsDropped++
		}
	}
}

func (n *Node) event(ev *engine.Event) Event {
	e := Event{
		At:    wall(ev.At),
		Kind:  ev.Kind.String(),
		Peer:  n.address(ev.Contact),
		Key:   string(ev.Key),
		Count: ev.N,
	}
	switch ev.Kind {
	case engine.ModeChanged:
		e.Mode = ev.Mode.String()
	case engine.LookupStep:
		step := n.traceStep(ev.Step, ev.Step.At)
		e.Lookup, e.Step = uint64(ev.Op), &step
	}
	return e
}
