package kadmium

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"kadmium/engine"
	"kadmium/identity"
)

// eventBuffer is the number of events that a reader of Events may fall behind.
const eventBuffer = 256 // of one subscriber (design R8.31)

// MessageCopied is the Kind of an Event that is a copy of a message.
const MessageCopied = "message"

// An EventFilter says which events a reader wants.
type EventFilter struct {
	Kinds []string // empty: all
	// Protocols are those of which the reader gets a copy of each message that comes in, as
	// an Event of Kind MessageCopied. Who handles the messages, if anybody, does not change.
	Protocols []string
	// Lost, if it is set, has one added for each event that is dropped, at once.
	Lost *atomic.Uint64
}

// wants reports whether an event is for the reader.
func (f *EventFilter) wants(e *Event) bool {
	if e.Message != nil && !slices.Contains(f.Protocols, e.Message.Protocol) {
		return false
	}
	return len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)
}

// EventKinds are the kinds that events have.
func EventKinds() []string {
	kinds := []string{MessageCopied}
	for k := engine.PeerAdded; k.String() != "unknown"; k++ {
		kinds = append(kinds, k.String())
	}
	return kinds
}

// A listener reads events. The mutex of its listeners guards it.
type listener struct {
	filter  EventFilter
	events  chan Event
	dropped uint64      // since the last one it got
	stop    func() bool // ends the watch over its context
}

// listeners are all readers of a node's events. The zero value is ready to use.
type listeners struct {
	mu      sync.Mutex // taken after the driver's
	all     map[*listener]struct{}
	dropped uint64 // by all, since the start
	closed  bool
}

// Events are the node's events from now on, until the context ends or the node
// closes; then the channel is closed. Events that nobody reads in time are
// dropped, and counted in the next that is delivered.
func (n *Node) Events(ctx context.Context) <-chan Event { return n.EventsOf(ctx, EventFilter{}) }

// EventsOf is Events of those that a reader wants, and copies of messages. What it does not
// want takes no place in its channel.
func (n *Node) EventsOf(ctx context.Context, filter EventFilter) <-chan Event {
	return n.listeners.add(ctx, filter)
}

func (ls *listeners) add(ctx context.Context, filter EventFilter) <-chan Event {
	l := &listener{filter: filter, events: make(chan Event, eventBuffer)}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.closed || ctx.Err() != nil {
		close(l.events)
		return l.events
	}
	if ls.all == nil {
		ls.all = make(map[*listener]struct{})
	}
	ls.all[l] = struct{}{}
	l.stop = context.AfterFunc(ctx, func() {
		ls.mu.Lock()
		defer ls.mu.Unlock()
		ls.remove(l)
	})
	return l.events
}

// remove ends a listener. The caller holds ls.mu.
func (ls *listeners) remove(l *listener) {
	if _, ok := ls.all[l]; ok {
		delete(ls.all, l)
		l.stop()
		close(l.events)
	}
}

// close ends all listeners, and those to come.
func (ls *listeners) close() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.closed = true
	for l := range ls.all {
		ls.remove(l)
	}
}

func (ls *listeners) droppedEvents() uint64 {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.dropped
}

// emit hands an event of the engine to whoever listens, and waits for nobody. The
// driver's mutex is held.
func (n *Node) emit(ev *engine.Event) {
	n.listeners.deliver(func() Event { return n.eventOf(ev) })
}

// copyMessage hands a copy of a message that came in to whoever asked for those of its
// protocol. The driver's mutex is held.
func (n *Node) copyMessage(from identity.Address, protocol string, payload []byte) {
	n.listeners.deliver(func() Event {
		m := Message{From: from, Protocol: protocol, Payload: bytes.Clone(payload)}
		return Event{At: wall(n.clock.Now()), Kind: MessageCopied, Peer: from, Message: &m}
	})
}

// deliver makes an event if anybody listens.
func (ls *listeners) deliver(event func() Event) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if len(ls.all) == 0 {
		return
	}
	e := event()
	for l := range ls.all {
		if !l.filter.wants(&e) {
			continue
		}
		e.Dropped = l.dropped
		select {
		case l.events <- e:
			l.dropped = 0
		default:
			l.dropped++
			ls.dropped++
			if l.filter.Lost != nil {
				l.filter.Lost.Add(1)
			}
		}
	}
}

func (n *Node) eventOf(ev *engine.Event) Event {
	e := Event{
		At:    n.driver.Wall(ev.At),
		Kind:  ev.Kind.String(),
		Peer:  n.addressOf(ev.Contact),
		Was:   n.addressOf(ev.Was),
		Key:   string(ev.Key),
		Count: ev.N,
	}
	switch ev.Kind {
	case engine.ModeChanged:
		e.Mode = ev.Mode.String()
	case engine.LookupStep:
		step := n.traceStep(ev.Step, ev.Began)
		e.Lookup, e.Purpose, e.Step = uint64(ev.Op), ev.Purpose.String(), &step
	}
	return e
}
