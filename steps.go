package kadmium

import (
	"context"
	"sync"

	"kadmium/driver"
	"kadmium/engine"
	"kadmium/lookup"
)

// maxPendingSteps is the number of steps that a function of WithSteps may fall behind
// (design R8.33).
const maxPendingSteps = 1024

type stepsKey struct{}

// WithSteps returns a context under which each operation of a node tells f the steps of
// its lookups as they happen, in their order, on the goroutine that called the operation;
// the last ones before it returns. The node does not wait for f: if it falls 1,024 steps
// behind, further ones are dropped, and counted (steps.dropped in Stats), but for the last
// of a lookup. Step.At counts from the start of the lookup; an operation may make several,
// one after the other. f may call the node.
func WithSteps(ctx context.Context, f func(Step)) context.Context {
	return context.WithValue(ctx, stepsKey{}, f)
}

// withoutSteps is a context for an operation whose steps the caller does not want.
func withoutSteps(ctx context.Context) context.Context {
	return context.WithValue(ctx, stepsKey{}, nil)
}

// tellSteps lets an operation tell its steps if the context asks for them.
func (n *Node) tellSteps(ctx context.Context, op *driver.Operation) {
	if f, ok := ctx.Value(stepsKey{}).(func(Step)); ok {
		s := &stepQueue{n: n, f: f}
		op.Step, op.Told = s.add, s.tell
	}
}

// tellHeldHere tells the only step of a search that asked nobody.
func tellHeldHere(ctx context.Context, l Lookup) {
	if f, ok := ctx.Value(stepsKey{}).(func(Step)); ok && l.Reason == HeldHere {
		f(l.Trace[0])
	}
}

// A stepQueue has the steps of an operation that its caller was not told yet.
type stepQueue struct {
	n *Node
	f func(Step)

	mu      sync.Mutex // taken after the driver's
	pending []Step
}

// add takes a step. The driver's mutex is held.
func (s *stepQueue) add(ev *engine.Event) {
	step := s.n.traceStep(ev.Step, ev.Began)
	last := ev.Step.Kind == lookup.Ended
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) >= maxPendingSteps && !last {
		s.n.lostSteps.Add(1)
		return
	}
	s.pending = append(s.pending, step)
}

// tell passes on what there is.
func (s *stepQueue) tell() {
	for {
		s.mu.Lock()
		batch := s.pending
		s.pending = nil
		s.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, step := range batch {
			s.f(step)
		}
	}
}
