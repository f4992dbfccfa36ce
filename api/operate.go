package api

import (
	"context"
	"encoding/json"

	"kadmium"
)

// An operation is what a request does with the node, for all that have a result which may
// tell of a lookup.
type operation[R any] struct {
	subject func() string                           // what an error is about
	lookup  func(*R) *kadmium.Lookup                // of the result; nil: none was needed
	held    func() (R, bool)                        // the result if nobody needs to be asked; nil: always run
	run     func(ctx context.Context) (R, error)    // with an error the result tells of the lookup that failed
	answer  func(result R) error                    // writes the result
	failed  func(result R) (json.RawMessage, error) // what a problem shows of the result; nil: nothing
}

// operate runs an operation and answers. Steps of its lookup are shown with ?trace only:
// in the result, or as they happen in a stream of events.
func operate[R any](c *call, o operation[R]) error {
	traced, streamed := c.wantsTrace()
	timeout := c.timeout()
	if c.bad != nil {
		return c.bad
	}
	if o.held != nil && !traced {
		if result, ok := o.held(); ok {
			return o.answer(result)
		}
	}
	ctx, cancel := WithTimeout(c.r.Context(), timeout)
	defer cancel()
	if streamed {
		return streamTrace(ctx, c, o)
	}
	result, err := o.run(ctx)
	l := o.lookup(&result)
	if l != nil && !traced {
		l.Trace = nil
	}
	if err != nil {
		return o.problem(ctx, c, result, l, err)
	}
	return o.answer(result)
}

// problem is the operation's error, with its subject, why the context ended, and the lookup
// that failed.
func (o operation[R]) problem(ctx context.Context, c *call, result R, l *kadmium.Lookup, err error) *Problem {
	traced, _ := c.wantsTrace()
	err = WhyEnded(ctx, err)
	err = about(o.subject(), err)
	p := *c.problemOf(err)
	if l != nil && l.Reason != "" {
		p.Lookup = l
		p.Next = nextOfLookup(&p, traced || l.RPCs == 0)
		if o.failed != nil {
			if p.Result, err = o.failed(result); err != nil {
				return internal(err)
			}
		}
	}
	return &p
}
