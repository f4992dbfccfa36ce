package kadmium

import (
	"context"
	"errors"
	"iter"
	"time"

	"kadmium/driver"
	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// Provide tells the k nodes nearest to the key that this node provides it, again
// every 22 h until Unpublish. The key needs no namespace. Errors: ErrEmptyKey,
// ErrTooLarge; ErrNoPeers, ErrNotStored; ErrKeptHere, beside which the result says what
// is kept.
func (n *Node) Provide(ctx context.Context, key string) (Stored, error) {
	stored := Stored{Key: key, provide: true}
	if err := store.CheckProviderKey([]byte(key)); err != nil {
		return stored, err
	}
	err := n.run(ctx, driver.Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.Provide(now, op, []byte(key), false, fx)
		},
		Finish: func(r *engine.Result) { n.fillStored(&stored, r) },
	})
	return stored, err
}

// Providers yields the providers of a key as they are found, each once, and again if a later
// answer has a newer entry of it, as after it has moved. The sequence ends when the nodes
// nearest to the key have named all that they know, or with an error. Errors: ErrEmptyKey,
// ErrTooLarge, ErrBadOption; ErrNoPeers.
func (n *Node) Providers(ctx context.Context, key string, opts ProvidersOptions) iter.Seq2[Provider, error] {
	return func(yield func(Provider, error) bool) {
		if err := store.CheckProviderKey([]byte(key)); err != nil {
			yield(Provider{}, err)
			return
		}
		if opts.Max < 0 {
			yield(Provider{}, errNegative("Max"))
			return
		}
		var pending []Provider
		var ended Lookup
		var more bool
		seen := make(map[identity.ID]uint64) // sequences
		take := func(r *engine.Result) {
			for i := range r.Providers {
				p := &r.Providers[i]
				sequence, known := seen[p.Peer.ID]
				if known && p.Sequence > sequence || !known && (opts.Max == 0 || len(seen) < opts.Max) {
					seen[p.Peer.ID] = p.Sequence
					pending = append(pending, n.providerOf(p))
				}
			}
		}
		complete := false
		stream(ctx, n, driver.Operation{
			Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
				return e.Providers(now, op, []byte(key), opts.Max, fx)
			},
			Progress: take,
			Finish: func(r *engine.Result) {
				take(r)
				ended, more, complete = n.searchOf(r), r.More, true
			},
		}, &pending, func(p Provider, err error) bool {
			if errors.Is(err, ErrNotFound) {
				return false // an empty sequence says so already
			}
			return yield(p, err)
		})
		tellHeldHere(ctx, ended)
		if complete && opts.Lookup != nil {
			*opts.Lookup = ended
		}
		if complete && opts.More != nil {
			*opts.More = more
		}
	}
}

func (n *Node) providerOf(p *rpc.Provider) Provider {
	return Provider{Peer: p.Peer.ID, Address: p.Peer, Expires: n.driver.Wall(n.driver.Now().Add(p.TTL))}
}
