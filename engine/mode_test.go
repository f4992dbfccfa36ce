package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"kadmium/rpc"
	"kadmium/store"
)

// Two nodes with default settings and one bootstrap address both get into each other's
// table: the first is a server from the start, the second after a dial back.
func TestAutoMode(t *testing.T) {
	n := newNetwork(t, 18)
	first := n.add(func(c *Config) { c.Mode, c.Reachable = Auto, true })
	second := n.add(func(c *Config) { c.Mode = Auto })
	if r := second.join(); r.Err != nil {
		t.Fatal(r.Err)
	}
	if second.e.Mode() != Client {
		t.Error("a node in mode auto serves before it was called back")
	}
	n.until(time.Minute, "both being in the other's table", func() bool {
		return contactsOf(first)[second.address.ID] && contactsOf(second)[first.address.ID]
	})
	if second.e.Mode() != Server {
		t.Error("in a table, but no server")
	}
}

// A node behind a NAT that others cannot reach stays a client and is in nobody's table.
// It can put and get all the same.
func TestClientIsInNoTable(t *testing.T) {
	n := newNetwork(t, 19)
	n.grow(25, nil)
	client := n.add(func(c *Config) { c.Mode = Auto })
	n.lose = func(from, to *node, m *rpc.Message) bool {
		return to == client && !m.Response && !from.proven[client.address] || to == client && !m.Response && m.Type == rpc.Ping
	}
	if r := client.join(); r.Err != nil {
		t.Fatal(r.Err)
	}
	n.run(30 * time.Minute)
	if client.e.Mode() != Client {
		t.Error("it serves")
	}
	for _, nd := range n.nodes[:25] {
		if contactsOf(nd)[client.address.ID] {
			t.Errorf("node %s has the client in its table", nd.name)
		}
	}
	if r := client.put(PutQuery{Key: []byte("/v/from client"), Value: []byte("x")}); r.Err != nil || r.Holders != 20 || r.SelfHolder {
		t.Errorf("put: %+v", r)
	}
	if r := client.get("/v/from client", 0); r.Err != nil || r.From == 0 {
		t.Errorf("get: %+v", r)
	}
}

// A lone server keeps its own values; a lone client has nobody to ask.
func TestLoneNode(t *testing.T) {
	n := newNetwork(t, 20)
	server := n.add(nil)
	if r := server.join(); r.Err != nil {
		t.Errorf("a network's first node does not join: %v", r.Err)
	}
	if r := server.put(PutQuery{Key: []byte("/v/x"), Value: []byte("y")}); r.Err != nil || r.Holders != 1 || !r.SelfHolder {
		t.Errorf("put: %+v", r)
	}
	if r := server.get("/v/x", 0); r.Err != nil || string(r.Record.Value) != "y" {
		t.Errorf("get: %+v", r)
	}
	if r := server.get("/v/z", 0); !errors.Is(r.Err, ErrNoPeers) {
		t.Errorf("get of nothing: %v", r.Err)
	}
	client := n.add(func(c *Config) { c.Mode, c.Bootstrap = Client, nil })
	if r := client.put(PutQuery{Key: []byte("/v/x"), Value: []byte("y")}); !errors.Is(r.Err, ErrNoPeers) {
		t.Errorf("a lone client's put: %v", r.Err)
	}
}

// A STORE is confirmed only once the journal has it, and not if that fails.
func TestAcknowledgedOnlyOnceSynced(t *testing.T) {
	n := newNetwork(t, 21)
	n.grow(3, func(c *Config) { c.Durable = true })
	holder := n.nodes[1]
	holder.failDisk = errors.New("no space left")
	r := n.nodes[2].put(PutQuery{Key: []byte("/v/x"), Value: []byte("y")})
	if r.Err != nil || r.Holders != 2 || len(r.Refusals) != 1 || r.Refusals[0] != (Refusal{Peer: holder.address, Status: rpc.Failed}) {
		t.Errorf("put: %+v", r)
	}
	putter := n.nodes[2]
	putter.failDisk = errors.New("no space left")
	want := "; others hold it all the same (1)"
	if r := putter.put(PutQuery{Key: []byte("/v/x"), Value: []byte("z")}); !errors.Is(r.Err, ErrJournal) || !strings.HasSuffix(r.Err.Error(), want) {
		t.Errorf("a put that could not be journalled: %v, want ...%s", r.Err, want)
	}
	op := putter.begin(func(op OpID) []Effect { return putter.e.Provide(n.now, op, []byte("/v/x"), false, nil) })
	n.until(time.Minute, "the provide's end", func() bool { return putter.results[op] != nil })
	if r := putter.results[op]; !errors.Is(r.Err, ErrJournal) || !strings.HasSuffix(r.Err.Error(), want) {
		t.Errorf("a provide that could not be journalled: %v, want ...%s", r.Err, want)
	}
}

// A quorum counts valid answers; Watch reports each better value.
func TestWatch(t *testing.T) {
	n := newNetwork(t, 22)
	n.grow(25, nil)
	const key = "/v/w"
	for i, value := range []string{"a", "b", "c"} {
		sequence := uint64(i + 1)
		if r := n.nodes[i].put(PutQuery{Key: []byte(key), Value: []byte(value), Sequence: &sequence, Ephemeral: true}); r.Err != nil {
			t.Fatal(r.Err)
		}
		n.holders(key)[0].up = i > 0 // some miss the next record
	}
	nd := n.nodes[20]
	op := nd.begin(func(op OpID) []Effect { return nd.e.Get(n.now, op, GetQuery{Key: []byte(key), Watch: true}, nil) })
	n.until(time.Minute, "the watch's end", func() bool { return nd.results[op] != nil })
	last := nd.progress[op][len(nd.progress[op])-1]
	if string(last.Record.Value) != "c" || string(nd.results[op].Record.Value) != "c" {
		t.Errorf("the last value is %s", last.Record.Value)
	}
}

// Cancelling ends an operation once and leaves nothing behind.
func TestCancel(t *testing.T) {
	n := newNetwork(t, 23)
	n.grow(25, nil)
	nd := n.nodes[7]
	start := map[string]func(op OpID) []Effect{
		"closest": func(op OpID) []Effect { return nd.e.Closest(n.now, op, randomTarget(n.rnd), nil) },
		"find":    func(op OpID) []Effect { return nd.e.FindPeer(n.now, op, seedKey(99).ID(), nil) },
		"get":     func(op OpID) []Effect { return nd.e.Get(n.now, op, GetQuery{Key: []byte("/v/none")}, nil) },
		"put": func(op OpID) []Effect {
			return nd.e.Put(n.now, op, PutQuery{Key: []byte("/v/c"), Value: []byte("c")}, nil)
		},
		"provide":   func(op OpID) []Effect { return nd.e.Provide(n.now, op, []byte("p"), false, nil) },
		"providers": func(op OpID) []Effect { return nd.e.Providers(n.now, op, []byte("p"), 0, nil) },
		"ping":      func(op OpID) []Effect { return nd.e.Ping(n.now, op, n.nodes[3].address, nil) },
		"join":      func(op OpID) []Effect { return nd.e.Join(n.now, op, nil, nil) },
	}
	for name, begin := range start {
		op := nd.begin(begin)
		n.run(15 * time.Millisecond)
		nd.run(nd.e.Cancel(n.now, op, nil))
		if r := nd.results[op]; r == nil || !errors.Is(r.Err, ErrCancelled) {
			t.Errorf("%s: cancelled with %+v", name, r)
		}
		n.run(time.Minute)
		if s := nd.e.Stats(); s.Operations != 0 || s.ActiveLookups != 0 || s.Outstanding != 0 || len(nd.e.activities) != 0 {
			t.Errorf("%s left behind %+v", name, s)
		}
	}
	if _, published := nd.e.Store().Published([]byte("/v/c")); published != nil {
		t.Error("a cancelled put was published")
	}
}

// Only the peer itself can put a record signed by it.
func TestSignedRecords(t *testing.T) {
	n := newNetwork(t, 24)
	n.grow(22, nil)
	owner, other := n.nodes[4], n.nodes[5]
	key := []byte("/sig/" + owner.address.ID.String() + "/profile")
	if r := other.put(PutQuery{Key: key, Value: []byte("forged")}); !errors.Is(r.Err, store.ErrBadSignature) {
		t.Errorf("another's signed key was put: %v", r.Err)
	}
	if r := owner.put(PutQuery{Key: key, Value: []byte("mine")}); r.Err != nil || r.Holders != 20 {
		t.Errorf("put: %+v", r)
	}
	if r := other.get(string(key), 3); r.Err != nil || string(r.Record.Value) != "mine" || r.Answers < 3 {
		t.Errorf("get: %+v", r)
	}
}

// A MESSAGE whose sender has stopped waiting is not sent again.
func TestCancelledMessageIsNotSentAgain(t *testing.T) {
	n := newNetwork(t, 43)
	n.grow(2, nil)
	to, nd := n.nodes[0], n.nodes[1]
	to.up = false
	op := nd.begin(func(op OpID) []Effect { return nd.e.SendMessage(n.now, op, to.address, "/echo", []byte("x"), nil) })
	nd.run(nd.e.Cancel(n.now, op, nil))
	n.run(10 * time.Second)
	if sent := n.count[rpc.AppMessage]; sent != 1 {
		t.Errorf("sent %d times", sent)
	}
}
