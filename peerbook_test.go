package kadmium

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/identity"
	"kadmium/transport/memnet"
)

// told are the events about peers that a node tells, each as "kind peer", until its context
// ends; events of the routing table and of lookups are left out.
type told struct{ events <-chan Event }

func tellsOf(ctx context.Context, n *Node) *told { return &told{n.Events(ctx)} }

// of are the kinds of events about one peer so far.
func (l *told) of(id identity.ID) (kinds []string) {
	for {
		select {
		case e := <-l.events:
			if kind, ok := strings.CutPrefix(e.Kind, "peer "); ok && e.Peer.ID == id && kind != "added" && kind != "removed" {
				kinds = append(kinds, kind)
			}
		default:
			return kinds
		}
	}
}

func (l *told) want(t *testing.T, id identity.ID, kinds ...string) {
	t.Helper()
	if got := l.of(id); !slices.Equal(got, kinds) {
		t.Errorf("told of the peer: %q, want %q", got, kinds)
	}
}

func info(t *testing.T, n *Node, id identity.ID) PeerInfo {
	t.Helper()
	p, ok := n.Peer(id)
	if !ok {
		t.Fatalf("nothing is known of %v", id)
	}
	return p
}

// The life of a peer as another node tells it: met, silent while the link is cut, returned,
// left, returned at another address.
func TestPeersComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		n := on(t, network, 1, Config{Mode: Server})
		other := on(t, network, 2, Config{Mode: Server}, n)
		events := tellsOf(t.Context(), n)
		seed := [32]byte{7}
		key := identity.KeyFromSeed(seed)
		cfg := Config{Mode: Server, Key: key, Handlers: map[string]Handler{"/chat/1": func(context.Context, Message) ([]byte, error) { return nil, nil }}}
		peer := on(t, network, 3, cfg, n)
		time.Sleep(time.Second)
		events.want(t, key.ID(), "met")
		n.Ping(t.Context(), peer.Addresses()[0])
		p := info(t, n, key.ID())
		if !p.Serves || p.Failing || p.Left || !p.InTable || !p.Session || p.Address() != peer.Addresses()[0] || p.RTT < 10*time.Millisecond ||
			p.RTTVar == 0 || !p.PublicKey().Equal(ed25519.NewKeyFromSeed(seed[:]).Public()) || time.Since(p.Answered()) > 2*time.Second || time.Since(p.Met) > 2*time.Second {
			t.Errorf("%+v", p)
		}
		if all := n.Peers(); len(all) != 2 || all[0].Distance > all[1].Distance {
			t.Errorf("Peers: %+v", all)
		}

		cut := publicIP(3)
		network.Partition(func(from, to netip.Addr) bool { return from == cut || to == cut })
		n.Ping(t.Context(), peer.Addresses()[0])
		other.Ping(t.Context(), n.Addresses()[0])
		events.want(t, key.ID(), "silent")
		if p := info(t, n, key.ID()); !p.Failing || p.Answered().IsZero() {
			t.Errorf("a silent peer is %+v", p)
		}
		network.Partition(nil)
		n.Ping(t.Context(), peer.Addresses()[0])
		events.want(t, key.ID(), "returned")

		peer.Close()
		time.Sleep(time.Second)
		events.want(t, key.ID(), "left")
		if p := info(t, n, key.ID()); !p.Left || p.InTable {
			t.Errorf("a peer that has left is %+v", p)
		}
		on(t, network, 4, cfg, n)
		time.Sleep(time.Second)
		events.want(t, key.ID(), "returned", "moved")
		if p := info(t, n, key.ID()); p.Left || !p.InTable || p.Address().Endpoint.Addr() != publicIP(4) || len(p.Addresses) != 2 {
			t.Errorf("a peer that has moved is %+v", p)
		}
	})
}

// Where a peer was is told with the event that it has moved.
func TestMovedPeerIsToldFromWhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		n := on(t, network, 1, Config{Mode: Server})
		nat, err := network.NAT(publicIP(5))
		if err != nil {
			t.Fatal(err)
		}
		conn, err := nat.Listen(netip.MustParseAddrPort("192.168.0.2:4100"))
		if err != nil {
			t.Fatal(err)
		}
		roaming := start(t, Config{Mode: Client, Conns: []net.PacketConn{conn}}, n)
		was := info(t, n, roaming.ID()).Address()
		events := n.Events(t.Context())
		nat.Rebind()
		roaming.Rekey()
		for range 2 { // under the new session the new address is proven
			if _, err := roaming.Ping(t.Context(), n.Addresses()[0]); err != nil {
				t.Fatal(err)
			}
		}
		for {
			select {
			case e := <-events:
				if e.Kind != "peer moved" {
					continue
				}
				if e.Was != was || e.Peer == was || e.Peer.Endpoint.Addr() != publicIP(5) {
					t.Errorf("%+v, it was at %v", e, was)
				}
				return
			default:
				t.Fatal("nobody says that the peer has moved")
			}
		}
	})
}

// A first contact that somebody else may have recorded makes no peer known (design R3.1).
func TestFirstContactIsNoMeeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		n := on(t, network, 1, Config{Mode: Server})
		other := on(t, network, 2, Config{Mode: Client})
		if _, err := other.Ping(t.Context(), n.Addresses()[0]); err != nil {
			t.Fatal(err)
		}
		if _, ok := n.Peer(other.ID()); ok {
			t.Error("a first contact has made the peer known")
		}
		if p := info(t, other, n.ID()); p.Answered().IsZero() {
			t.Errorf("who has answered is %+v", p)
		}
	})
}

// The peers of a node are bounded, and those of its table are forgotten last.
func TestPeersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: time.Millisecond})
		n := on(t, network, 1, Config{Mode: Server, Limits: Limits{Peers: 8}})
		server := on(t, network, 2, Config{Mode: Server}, n)
		for i := range 20 {
			client := on(t, network, 10+i, Config{Mode: Client}, server)
			client.Ping(t.Context(), n.Addresses()[0])
			client.Ping(t.Context(), n.Addresses()[0])
		}
		stats := n.Stats()
		if stats.Gauges["peers.known"] != 8 || stats.Counters["peers.met"] != 21 || stats.Counters["peers.forgotten"] != 13 {
			t.Errorf("%v known, %v met, %v forgotten", stats.Gauges["peers.known"], stats.Counters["peers.met"], stats.Counters["peers.forgotten"])
		}
		if p := info(t, n, server.ID()); p.Met.IsZero() || !p.InTable {
			t.Errorf("a peer of the table is %+v", p)
		}
		sessions := 0
		for _, p := range n.Peers() { // a session makes a peer known that was forgotten
			if p.Session {
				sessions++
			}
		}
		if sessions != 21 {
			t.Errorf("%d peers with a session", sessions)
		}
	})
}

// A peer is asked once which protocols it handles.
func TestSupports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		n := on(t, network, 1, Config{Mode: Server})
		peer := on(t, network, 2, Config{Mode: Server}, n)
		echo := func(context.Context, Message) ([]byte, error) { return nil, nil }
		peer.Handle("/chat/1", echo)
		supports := func(asks bool, want Support, protocols ...string) {
			t.Helper()
			before := n.Stats().Counters["requests.PING"]
			got, err := n.Supports(t.Context(), peer.ID(), protocols...)
			if err != nil || !slices.Equal(got.Handled, want.Handled) || !slices.Equal(got.Unknown, want.Unknown) {
				t.Errorf("%q: %+v, %v; want %+v", protocols, got, err, want)
			}
			if asked := n.Stats().Counters["requests.PING"] != before; asked != asks {
				t.Errorf("%q: the peer was asked: %v", protocols, asked)
			}
		}
		supports(true, Support{Handled: []string{"/chat/1"}}, "/chat/1", "/files/1")
		supports(false, Support{Handled: []string{"/chat/1"}}, "/chat/1")
		supports(false, Support{}, "/files/1")
		if p := info(t, n, peer.ID()); !slices.Equal(p.Protocols, []string{"/chat/1"}) || p.ProtocolsAsked.IsZero() {
			t.Errorf("%+v", p)
		}
		peer.Handle("", echo)
		time.Sleep(11 * time.Minute)
		supports(false, Support{Handled: []string{"/chat/1"}}, "/chat/1")
		supports(true, Support{Unknown: []string{"/files/1"}}, "/files/1")
		if own, err := peer.Supports(t.Context(), peer.ID(), "/chat/1", "/x"); err != nil || len(own.Handled) != 1 || len(own.Unknown) != 1 {
			t.Errorf("of itself: %+v, %v", own, err)
		}
		if _, err := n.Supports(t.Context(), peer.ID(), ""); !errors.Is(err, ErrBadProtocol) {
			t.Error(err)
		}
		if _, err := n.Supports(t.Context(), identity.ID{1}, "/chat/1"); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	})
}

// Notes outlive the node in its data directory, also those about peers that it never met.
func TestNotesOutliveTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{})
		cfg := Config{Mode: Server, DataDir: t.TempDir()}
		n := on(t, network, 1, cfg)
		friend := identity.KeyFromSeed([32]byte{9}).ID()
		want := map[string][]byte{"name": []byte("Ann"), "empty": {}, "\u00fc": []byte("\xff")}
		for name, text := range want {
			if err := n.SetNote(t.Context(), friend, name, text); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(n.SetNote(t.Context(), friend, "gone", []byte("x")), n.SetNote(t.Context(), friend, "gone", nil)); err != nil {
			t.Fatal(err)
		}
		check := func(n *Node) {
			t.Helper()
			if p := info(t, n, friend); !maps.EqualFunc(p.Notes, want, slices.Equal) || len(p.Addresses) != 0 {
				t.Errorf("%+v", p)
			}
			if text, ok := n.Note(friend, "name"); !ok || string(text) != "Ann" {
				t.Errorf("%q, %v", text, ok)
			}
			if _, ok := n.Note(friend, "gone"); ok {
				t.Error("a note that was removed is there")
			}
			if all := n.Peers(); len(all) != 1 || all[0].ID != friend || n.Stats().Gauges["notes"] != len(want) {
				t.Errorf("Peers: %+v", all)
			}
		}
		check(n)
		if err := n.SetNote(t.Context(), friend, strings.Repeat("x", 65), nil); !errors.Is(err, ErrBadNote) {
			t.Error(err)
		}
		for i := 0; ; i++ {
			if err := n.SetNote(t.Context(), identity.ID{2}, fmt.Sprint(i), []byte("x")); errors.Is(err, ErrNotesFull) {
				break
			} else if err != nil || i > 100 {
				t.Fatal(i, err)
			}
		}
		for i := range 32 {
			n.SetNote(t.Context(), identity.ID{2}, fmt.Sprint(i), nil)
		}
		n.Close()
		if err := n.SetNote(t.Context(), friend, "name", nil); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		check(on(t, network, 2, cfg))
	})
}
