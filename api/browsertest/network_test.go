package browsertest

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"kadmium"
	"kadmium/api"
)

// patience bounds everything that a test waits for.
const patience = 30 * time.Second

// size is the number of nodes of a test network.
const size = 20

// A network is some nodes of one process, of which the first is served.
type network struct {
	t      *testing.T
	k      int
	nodes  []*kadmium.Node
	server *api.Server
	url    string // of the page
	token  string // what its URL ends with, so that it may ask the node
}

// start starts a network whose nodes all know each other.
func start(t *testing.T) *network {
	t.Helper()
	t.Parallel() // most of a test is waiting
	return startOf(t, kadmium.DefaultK)
}

// startOf starts a network with buckets for k contacts.
func startOf(t *testing.T, k int) *network {
	t.Helper()
	n := startAlone(t, k)
	for range size - 1 {
		n.add()
	}
	return n
}

// startAlone starts a network of the node that is served.
func startAlone(t *testing.T, k int) *network {
	t.Helper()
	n := &network{t: t, k: k}
	n.add()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.server = api.NewServer(nil, n.nodes[0])
	token := api.NewToken()
	t.Cleanup(n.server.ServeTCP(l, api.TCPConfig{Token: token, Open: true}))
	n.url, n.token = n.server.URL(), "#token="+token.Secret()
	return n
}

// add adds a node that joins by the first.
func (n *network) add() *kadmium.Node {
	n.t.Helper()
	cfg := kadmium.Config{Listen: []string{"127.0.0.1:0"}, Mode: kadmium.Server, K: n.k}
	if len(n.nodes) > 0 {
		cfg.Bootstrap = []string{n.nodes[0].Addresses()[0].String()}
	}
	node, err := kadmium.New(cfg)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { node.Close() })
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	if err := node.Joined(ctx); err != nil {
		n.t.Fatal(err)
	}
	n.nodes = append(n.nodes, node)
	return node
}

// put stores a value by one of the nodes.
func (n *network) put(by int, key, value string) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	if _, err := n.nodes[by].Put(ctx, key, []byte(value), kadmium.PutOptions{}); err != nil {
		n.t.Fatalf("putting %q: %v", key, err)
	}
}

// closeOthers ends all nodes but the first, and those say so.
func (n *network) closeOthers() {
	var done sync.WaitGroup
	for _, node := range n.nodes[1:] {
		done.Go(func() { node.Close() })
	}
	done.Wait()
}

// busy has the nodes put and get values until the test ends.
func (n *network) busy() {
	ctx, cancel := context.WithCancel(n.t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			key := fmt.Sprintf("/v/weather-%d", i%12)
			_, _ = n.nodes[i%len(n.nodes)].Put(ctx, key, fmt.Appendf(nil, "reading %d", i), kadmium.PutOptions{})
			_, _ = n.nodes[0].Get(ctx, key, kadmium.GetOptions{Quorum: 5})
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond): // the rate of the load
			}
		}
	})
	n.t.Cleanup(func() {
		cancel()
		done.Wait()
	})
}
