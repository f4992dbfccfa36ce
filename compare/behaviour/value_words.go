package behaviour

import (
	"context"
	"errors"
	"fmt"
	"strings"

	record "github.com/libp2p/go-libp2p-record"
	"github.com/libp2p/go-libp2p/core/routing"
	"github.com/multiformats/go-multihash"

	"kadmium"
	"kadmium/compare/kad"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// A keyed node is a node of either side as cases of values need it.
type keyed interface {
	side.Node
	Address() identity.Address
	PutKey(ctx context.Context, key string, value []byte) (side.Result, error)
	GetKey(ctx context.Context, key string, quorum int) (side.Result, error)
	ProvideKey(ctx context.Context, key multihash.Multihash) error
	ProvidersOf(ctx context.Context, key multihash.Multihash) ([]identity.Address, error)
	HoldsProviders(ctx context.Context, key multihash.Multihash) (bool, error)
}

var _, _ keyed = (*p2p.Node)(nil), (*kad.Node)(nil)

// olderAtPutter is what libp2p says, without an error of its own, to a putter that
// holds something newer (routing.go, PutValue).
const olderAtPutter = "can't replace a newer value"

// putting is the words for how a put ended.
func putting(err error) string {
	switch {
	case err == nil:
		return "no error"
	case errors.Is(err, kadmium.ErrOlder), strings.Contains(err.Error(), olderAtPutter):
		return "error: a newer value is held"
	case errors.Is(err, kadmium.ErrNotStored):
		return "error: no node stored it"
	}
	return failing(err)
}

// getting is the words for how a get ended.
func getting(r side.Result, err error) string {
	switch {
	case errors.Is(err, routing.ErrNotFound), errors.Is(err, kadmium.ErrNotFound):
		return "not found"
	case err != nil:
		return failing(err)
	}
	return holding(r.Value)
}

// failing is the words for what can be wrong with the question.
func failing(err error) string {
	switch {
	case errors.Is(err, kadmium.ErrTooLarge):
		return "error: too large"
	case errors.Is(err, record.ErrInvalidRecordType), errors.Is(err, kadmium.ErrEmptyKey), errors.Is(err, kadmium.ErrUnknownNamespace):
		return "error: bad key"
	}
	return "another error: " + err.Error()
}

// holding is the words for a value of the workload's namespace; long payloads go
// unnamed.
func holding(value []byte) string {
	switch {
	case len(value) < 8:
		return "nothing"
	case len(value) > 64:
		return "a long value"
	}
	return string(value[8:])
}

// atOnce adds to an error's words that nobody was asked for it.
func atOnce(words string, r side.Result, err error) string {
	if err != nil && (r.Counts == nil || r.Counts().Requests == 0) {
		return words + ", nobody is asked"
	}
	return words
}

// stranger makes a hand-made peer that is in no table.
func (s *Stage) stranger() (side.Raw, error) {
	return s.raw(func() side.Reply { return side.Reply{} })
}

// raw makes a hand-made peer with these answers.
func (s *Stage) raw(answer func() side.Reply) (side.Raw, error) {
	var r side.Raw
	var err error
	if s.Network != nil {
		r, err = p2p.NewRaw(s.Spec(), answer)
	} else {
		r, err = kad.NewRaw(s.Spec(), answer)
	}
	if err == nil {
		s.raws = append(s.raws, r)
	}
	return r, err
}

// newcomer makes a server that joins by a node, and waits until it knows
// somebody: libp2p's table fills after the node was made.
func (s *Stage) newcomer(by side.Node) (side.Node, error) {
	n, err := s.Join(by)
	if err != nil {
		return nil, err
	}
	return n, s.Await(func() bool { return len(n.Table()) > 0 })
}

// asker makes a client: it asks, but is in nobody's table and holds nothing for
// others. It waits until the client knows somebody.
func (s *Stage) asker(by side.Node) (side.Node, error) {
	spec := s.Spec(by)
	spec.Client = true
	n, err := s.Make(spec)
	if err != nil {
		return nil, err
	}
	return n, s.Await(func() bool { return len(n.Table()) > 0 })
}

// judging makes n converged servers, each with a validator of its own.
func (s *Stage) judging(n int) ([]side.Node, []*world.Sequenced, error) {
	var nodes []side.Node
	var validators []*world.Sequenced
	for range n {
		spec := s.Spec(nodes[:min(1, len(nodes))]...)
		spec.Validator = new(world.Sequenced)
		node, err := s.Make(spec)
		if err != nil {
			return nil, nil, err
		}
		nodes, validators = append(nodes, node), append(validators, spec.Validator)
	}
	return nodes, validators, s.Converge(nodes)
}

// nameNearest is a name of the workload's namespace whose key is nearer to the host
// than to all of the others.
func nameNearest(host identity.ID, others []identity.ID) string {
	all := append([]identity.ID{host}, others...)
	for i := 0; ; i++ {
		name := fmt.Sprintf("value %d", i)
		if world.Nearest(all, []byte(side.Key(name)), 1, identity.ID{})[0] == host {
			return name
		}
	}
}
