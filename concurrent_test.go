package kadmium

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"kadmium/identity"
)

// All methods at once, from several goroutines, while nodes come and go; the race
// detector judges.
func TestConcurrentUse(t *testing.T) {
	nodes := []*Node{start(t, Config{DataDir: t.TempDir()})}
	for range 4 {
		nodes = append(nodes, start(t, Config{}, nodes[0]))
	}
	for _, n := range nodes {
		n.Handle("echo", echoPayload)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var work sync.WaitGroup
	do := func(f func(round int) error) {
		work.Go(func() {
			for round := range 20 {
				if err := f(round); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i, n := range nodes {
		other := nodes[(i+1)%len(nodes)]
		key := func(round int) string { return fmt.Sprintf("/v/%d/%d", i, round) }
		do(func(round int) error {
			_, err := n.Put(ctx, key(round), []byte("v"), PutOptions{})
			if err != nil {
				return err
			}
			_, err = other.Get(ctx, key(round), GetOptions{Quorum: round % 3})
			return err
		})
		do(func(int) error { _, err := n.FindPeer(ctx, other.ID()); return err })
		do(func(int) error { _, err := n.Closest(ctx, other.ID().Position()); return err })
		do(func(int) error { _, err := n.Send(ctx, identity.Address{ID: other.ID()}, "echo", nil); return err })
		do(func(round int) error {
			if _, err := n.Provide(ctx, key(round)); err != nil {
				return err
			}
			for range other.Providers(ctx, key(round), ProvidersOptions{}) {
			}
			return n.Unpublish(ctx, key(round))
		})
		do(func(round int) error {
			for _, err := range n.Watch(ctx, key(round)) {
				if err != nil && !errors.Is(err, ErrNotFound) {
					return err
				}
			}
			return nil
		})
		do(func(int) error {
			n.Stats()
			n.Table()
			n.Peers()
			listening, stop := context.WithCancel(ctx)
			defer stop()
			n.Events(listening)
			n.Handle("other", echoPayload)
			return nil
		})
		do(func(round int) error {
			if round > 3 {
				return nil
			}
			// A client is in nobody's table: no lookup waits for it when it has gone.
			visitor, err := New(Config{Mode: Client, Listen: []string{"127.0.0.1:0"}, Bootstrap: []string{n.Addresses()[0].String()}})
			if err != nil {
				return err
			}
			defer visitor.Close()
			return visitor.Joined(ctx)
		})
	}
	work.Wait()
}
