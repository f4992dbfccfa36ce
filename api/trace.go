package api

import (
	"context"
	"net/http"

	"kadmium"
)

// traceStream is the ?trace that asks for a stream whatever the client accepts.
const traceStream = "sse"

// wantsTrace reports whether the request asks for the steps of its lookup, and whether as
// they happen: with ?trace=sse, or ?trace and Accept: text/event-stream.
func (c *call) wantsTrace() (traced, streamed bool) {
	streams := c.r.Method != http.MethodHead // which has no body to stream
	if c.query.Get("trace") == traceStream {
		return true, streams
	}
	traced = c.flag("trace", traceStream)
	return traced, streams && traced && c.media == eventStream
}

// streamTrace runs an operation and streams each step of its lookup, then the result or
// the problem. The operation ends if nobody takes them.
func streamTrace[R any](ctx context.Context, c *call, o operation[R]) error {
	s, err := c.stream()
	if err != nil {
		return err
	}
	defer s.close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer s.beats(cancel)()
	result, err := o.run(kadmium.WithSteps(ctx, func(step kadmium.Step) { s.send("step", step) }))
	l := o.lookup(&result)
	if l != nil {
		l.Trace = nil // the client has it
	}
	if err != nil {
		s.send("problem", o.problem(ctx, c, result, l, err))
		return nil
	}
	s.send("result", result)
	return nil
}
