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

// An operation is one line of the costs.
type operation struct {
	name string

	// cold ends the searcher's connections, or sessions, before each.
	cold bool

	// prepare does what must be there before; it is not measured.
	prepare func(context.Context, task) error
	do      func(context.Context, task) (side.Result, error)

	// again has the measured pass use the keys of the first: just what it needs is
	// warm then.
	again bool
	// away is the key that the searcher should not be a holder of; nil: any searcher.
	away func(task) string

	// brought reports whether what came back is what was sought; nil: nothing is.
	brought func(task, side.Result) bool

	closest bool // compare the peers returned with the true closest
	holders bool // count who took it
}

// A task is one execution of an operation.
type task struct {
	i        int
	pass     string    // tells the keys of passes apart
	searcher side.Node // who does it
	other    side.Node // who put or provided before, or is looked for
}

func (t task) key() string { return fmt.Sprintf("%s %d", t.pass, t.i) }

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

// stores reports whether the operation, or what it needs, leaves something with holders.
func (o operation) stores() bool { return o.holders || o.prepare != nil }

// ready does what must be there before the operation.
func (o operation) ready(ctx context.Context, t task) error {
	if o.prepare == nil {
		return nil
	}
	if err := o.prepare(ctx, t); err != nil {
		return fmt.Errorf("preparing %d: %w", t.i, err)
	}
	return nil
}

// run does the operation. It is no success if something else came back than what was
// sought, or nothing.
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

// Operations are the names of all.
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

// stored reports whether the value came back that was put.
func stored(t task, found side.Result) bool { return bytes.Equal(found.Value, t.value()) }

// other reports whether the task's other node is among the peers found.
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

// value is the key of what the task puts or gets.
func value(t task) string { return side.Key(t.key()) }

// content is the key of what the task provides or finds providers of.
func content(t task) string { return string(world.ContentKey(t.key())) }
