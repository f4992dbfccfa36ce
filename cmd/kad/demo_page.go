package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"kadmium"
	"kadmium/api"
)

// The network of `kad demo --page`.
const (
	demoPageNodes = 20
	demoPageK     = 4                       // so that buckets fill, and lookups take more than a hop
	demoPageEvery = 1500 * time.Millisecond // between two operations, on average
	demoPageKeys  = 12
)

// runPage runs a small network in this process, with a little traffic, and serves the page
// of one of its nodes until the context ends.
func (a *app) runPage(ctx context.Context) error {
	nodes, err := startDemoPage(ctx)
	defer func() {
		for _, n := range nodes {
			n.Close()
		}
	}()
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	l, err := api.ListenTCP("0", false, false)
	if err != nil {
		return err
	}
	token := api.NewToken()
	server := api.NewServer(nil, nodes[0])
	defer server.ServeTCP(l, api.TCPConfig{Token: token})()
	at := api.PageAddress{URL: server.URL() + "#token=" + token.Secret()}
	if err := a.Print(at, func(w io.Writer) {
		fmt.Fprintf(w, "%d nodes run in this process, until ^C. The page of one of them is at\n%s\n", len(nodes), at.URL)
	}); err != nil {
		return err
	}
	var done sync.WaitGroup
	defer done.Wait()
	done.Go(func() { keepBusy(ctx, nodes) })
	select {
	case <-ctx.Done():
		return nil
	case <-nodes[0].Failed():
		return nodes[0].Err()
	}
}

// startDemoPage starts the nodes; all join by the first.
func startDemoPage(ctx context.Context) (nodes []*kadmium.Node, err error) {
	ctx, cancel := context.WithTimeout(ctx, demoTime)
	defer cancel()
	echo := func(_ context.Context, m kadmium.Message) ([]byte, error) { return m.Payload, nil }
	for range demoPageNodes {
		cfg := kadmium.Config{
			Listen: []string{"127.0.0.1:0"}, Network: "kad demo", Mode: kadmium.Server, K: demoPageK,
			Handlers: map[string]kadmium.Handler{echoProtocol: echo},
		}
		if len(nodes) > 0 {
			cfg.Bootstrap = []string{nodes[0].Addresses()[0].String()}
		}
		n, err := kadmium.New(cfg)
		if err != nil {
			return nodes, err
		}
		nodes = append(nodes, n)
	}
	for _, n := range nodes {
		if err := n.Joined(ctx); err != nil {
			return nodes, err
		}
	}
	return nodes, nil
}

// keepBusy puts, gets, provides and looks for values by the nodes in turn, the served one
// more often than others. What fails is seen on the page.
func keepBusy(ctx context.Context, nodes []*kadmium.Node) {
	for i := 0; ctx.Err() == nil; i++ {
		key := fmt.Sprintf("/v/weather-%d", i%demoPageKeys)
		n := nodes[0]
		if i%3 == 0 {
			n = nodes[rand.IntN(len(nodes))]
		}
		switch i % 5 {
		case 0, 3:
			_, _ = n.Put(ctx, key, fmt.Appendf(nil, "%d degrees", rand.IntN(35)), kadmium.PutOptions{})
		case 1:
			_, _ = n.Get(ctx, key, kadmium.GetOptions{Quorum: 5})
		case 2:
			_, _ = n.FindPeer(ctx, nodes[1+rand.IntN(len(nodes)-1)].ID())
		case 4:
			_, _ = n.Provide(ctx, key)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(rand.Int64N(int64(2 * demoPageEvery)))):
		}
	}
}
