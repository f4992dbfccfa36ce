package cost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"kadmium/compare/side"
	"kadmium/compare/world"
)

// An operation is one kind of operation whose costs are measured.
type operation struct {
	name string

	// cold says to end the connections or sessions of the searcher before each.
	cold bool

	// prepare runs before and is not measured.
	prepare func(context.Context, task) error
	do      func(context.Context, task) (side.Result, error)

	// again says that the measured pass uses the keys of the first pass, so that exactly
	// the connections that it needs are established.
	again bool
	// away is the key of which the searcher should not be a holder; nil: any searcher.
	away func(task) string

	// brought reports whether the result is what was sought; nil: nothing is sought.
	brought func(task, side.Result) bool

	closest bool // compare the peers returned with the true closest
	holders bool // count the holders
}

// A task is one execution of an operation.
type task struct {
	i        int
	run      int
	pass     string    // makes the keys of passes different
	searcher side.Node // runs the operation
	other    side.Node // the node that put or provided before, or that is sought
}

// key is the key of the task. That of the first run has no number of the run.
func (t task) key() string {
	if t.run > 1 {
		return fmt.Sprintf("%s %d, run %d", t.pass, t.i, t.run)
	}
	return fmt.Sprintf("%s %d", t.pass, t.i)
}

func (t task) value() []byte { return world.Value(1, t.key()) }

var operations = []operation{
	{name: "closest", do: closest, again: true, closest: true},
	{name: "find peer", do: findPeer, again: true, brought: other},
	{name: "put", do: put, holders: true},
	{name: "get, quorum 1", prepare: putByOther, do: get(1), away: value, brought: stored},
	{name: "get to the end", prepare: putByOther, do: get(0), away: value, brought: stored},
	{name: "provide", do: provide, holders: true},
	{name: "find one provider", prepare: provideByOther, do: providers(1), away: content, brought: other},
	{name: "find all providers", prepare: provideByOther, do: providers(0), away: content, brought: other},
	{name: "closest, cold", cold: true, do: closest, closest: true},
	{name: "find peer, cold", cold: true, do: findPeer, brought: other},
}

// stores reports whether the operation or its preparation stores something.
func (o operation) stores() bool { return o.holders || o.prepare != nil }

// ready prepares the operation.
func (o operation) ready(ctx context.Context, t task) error {
	if o.prepare == nil {
		return nil
	}
	if err := o.prepare(ctx, t); err != nil {
		return fmt.Errorf("preparing %d: %w", t.i, err)
	}
	return nil
}

// run runs the operation. It fails if the result is not what was sought.
func (o operation) run(ctx context.Context, t task) (side.Result, error) {
	found, err := o.do(ctx, t)
	if err == nil && o.brought != nil && !o.brought(t, found) {
		err = errNotBrought
	}
	return found, err
}

var errNotBrought = errors.New("what was sought did not come back")

// Crashed is the operation that is measured last.
const Crashed = "closest, a quarter crashed"

// Operations are the names of all operations.
func Operations() []string {
	var names []string
	for _, o := range operations {
		names = append(names, o.name)
	}
	return append(names, Crashed)
}

func closest(ctx context.Context, t task) (side.Result, error) {
	return t.searcher.Closest(ctx, t.key())
}

func findPeer(ctx context.Context, t task) (side.Result, error) {
	return t.searcher.FindPeer(ctx, t.other.ID())
}

func put(ctx context.Context, t task) (side.Result, error) {
	return t.searcher.Put(ctx, t.key(), t.value())
}

func putByOther(ctx context.Context, t task) error {
	_, err := t.other.Put(ctx, t.key(), t.value())
	return err
}

// stored reports whether the result is the value that was put.
func stored(t task, found side.Result) bool { return bytes.Equal(found.Value, t.value()) }

// other reports whether the other node of the task is among the peers found.
func other(t task, found side.Result) bool { return slices.Contains(found.Peers, t.other.ID()) }

func get(quorum int) func(context.Context, task) (side.Result, error) {
	return func(ctx context.Context, t task) (side.Result, error) {
		return t.searcher.Get(ctx, t.key(), quorum)
	}
}

func provide(ctx context.Context, t task) (side.Result, error) {
	return t.searcher.Provide(ctx, t.key())
}

func provideByOther(ctx context.Context, t task) error {
	_, err := t.other.Provide(ctx, t.key())
	return err
}

func providers(most int) func(context.Context, task) (side.Result, error) {
	return func(ctx context.Context, t task) (side.Result, error) {
		return t.searcher.Providers(ctx, t.key(), most)
	}
}

// value is the name of the value that the task puts or gets.
func value(t task) string { return side.Key(t.key()) }

// content is the name of the content that the task provides or seeks.
func content(t task) string { return string(world.ContentKey(t.key())) }
