package engine

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// lie makes a node answer every FIND_NODE and FIND_VALUE with these contacts.
func (n *network) lie(liar *node, contacts func(q *rpc.Message, asker *node) []identity.Contact) {
	n.forge = func(from, to *node, m *rpc.Message) {
		if from == liar && m.Response && (m.Type == rpc.FindNode || m.Type == rpc.FindValue) {
			m.Contacts = contacts(m, to)
		}
	}
}

// near is an invented ID within the subtree of 16 bits or more around a target: what an
// attacker can find by trying.
func near(target identity.Position, i int) identity.ID {
	for salt := 0; ; salt++ {
		id := identity.ID{0xff, byte(i), byte(i >> 8), byte(salt), byte(salt >> 8), byte(salt >> 16)}
		p := id.Position()
		if identity.CommonPrefixLen(&target, &p) >= 8 {
			return id
		}
	}
}

// Whatever a liar answers, a lookup sends a bounded number of requests and still returns
// exactly the closest nodes that answer.
func TestLyingPeer(t *testing.T) {
	target := identity.KeyPosition([]byte("target"))
	fabricated := make([]identity.Address, 1000)
	for i := range fabricated {
		ip := netip.AddrFrom4([4]byte{100, byte(i >> 8), byte(i), 9})
		fabricated[i] = identity.Address{ID: near(target, i), Endpoint: netip.AddrPortFrom(ip, 4100)}
	}
	intern := func(n *network, all []identity.Address) []identity.Contact {
		var c []identity.Contact
		for _, a := range all {
			c = append(c, n.book.Intern(a))
		}
		return c
	}
	victim := netip.MustParseAddr("198.51.100.7")
	cases := []struct {
		name string
		says func(n *network, liar, asker *node) []identity.Contact
	}{
		{"itself", func(n *network, liar, _ *node) []identity.Contact {
			return intern(n, []identity.Address{liar.address, liar.address})
		}},
		{"the asker", func(n *network, _, asker *node) []identity.Contact {
			return intern(n, []identity.Address{asker.address})
		}},
		{"duplicates", func(n *network, _, _ *node) []identity.Contact {
			a := n.nodes[3].address
			return intern(n, []identity.Address{a, a, a, a, a, a})
		}},
		{"a thousand fabricated nearer contacts", func(n *network, _, _ *node) []identity.Contact {
			return intern(n, fabricated)
		}},
		{"twenty contacts at a victim's address", func(n *network, _, _ *node) []identity.Contact {
			var all []identity.Address
			for i := range 20 {
				all = append(all, identity.Address{ID: fabricated[i].ID, Endpoint: netip.AddrPortFrom(victim, uint16(4000+i))})
			}
			return intern(n, all)
		}},
		{"a loopback address", func(n *network, _, _ *node) []identity.Contact {
			return intern(n, []identity.Address{{ID: fabricated[0].ID, Endpoint: netip.MustParseAddrPort("127.0.0.1:4100")}})
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := newNetwork(t, 14)
			n.grow(40, nil)
			asker := n.nodes[20]
			honest := asker.closest(target).Lookup.RPCs
			liar := n.nearest(target, 1, asker)[0]
			n.lie(liar, func(_ *rpc.Message, to *node) []identity.Contact { return c.says(n, liar, to) })
			r := asker.closest(target)
			got, want := fmt.Sprint(ids(n, r.Contacts)), fmt.Sprint(namesOf(n.nearest(target, 20, asker)))
			if r.Err != nil || got != want {
				t.Errorf("found %v, want %v, %v", got, want, r.Err)
			}
			// At worst the liar causes one burst too early.
			if r.Lookup.RPCs > honest+20 {
				t.Errorf("%d requests, %d without the liar", r.Lookup.RPCs, honest)
			}
			aimed := 0
			for _, step := range r.Trace {
				if step.Kind == lookup.Asked && n.book.Address(step.Contact).Endpoint.Addr() == victim {
					aimed++
				}
			}
			if aimed > 2 {
				t.Errorf("%d requests were aimed at the victim", aimed)
			}
		})
	}
}

// A hundred identities on one /24 get two places in a bucket and ten in a table.
func TestOneSubnet(t *testing.T) {
	n := newNetwork(t, 15)
	n.grow(1, nil)
	victim := n.nodes[0]
	for i := range 100 {
		nd := n.add(nil)
		delete(n.at, nd.address.Endpoint)
		nd.address.Endpoint = netip.AddrPortFrom(netip.AddrFrom4([4]byte{9, 9, 9, byte(i)}), 4100)
		n.at[nd.address.Endpoint] = nd
		if r := nd.join(); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	n.run(time.Minute)
	perBucket := make(map[int]int)
	victim.e.Table().Each(func(_ identity.Contact, _ time.Time, _, bucket int) { perBucket[bucket]++ })
	total := 0
	for bucket, count := range perBucket {
		total += count
		if count > 2 {
			t.Errorf("%d of them in bucket %d", count, bucket)
		}
	}
	if total > 10 || total == 0 {
		t.Errorf("%d of them in the table", total)
	}
}

// elsewhere is a known peer at an address that it was never heard from.
func (n *network) elsewhere(nd *node, host byte) identity.Contact {
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, host}), 66)
	return n.book.Intern(identity.Address{ID: nd.address.ID, Endpoint: at})
}

// Writes are refused to an address that is not proven. A first contact changes nothing,
// neither one of an unknown peer nor one that a known peer sent long ago and somebody
// sends again.
func TestFirstContactChangesNothing(t *testing.T) {
	n := newNetwork(t, 16)
	n.grow(3, nil)
	for what, from := range map[string]identity.Contact{
		"stranger's":                   n.book.Intern(n.add(nil).address),
		"known peer's, from elsewhere": n.elsewhere(n.nodes[2], 1),
	} {
		t.Run(what, func(t *testing.T) { firstContactChangesNothing(t, n, n.nodes[1], from) })
	}
}

func firstContactChangesNothing(t *testing.T, n *network, nd *node, from identity.Contact) {
	record := &rpc.Record{Key: []byte("/v/x"), Value: []byte("y"), Sequence: 1, TTL: time.Hour}
	for kind := rpc.Ping; kind <= rpc.AppMessage; kind++ {
		m := &rpc.Message{Type: kind, ID: 1, Serves: true, Key: []byte("/v/x"), Record: record, DialBack: true, Provider: &rpc.Provider{Key: []byte("k")}}
		before, contacts, link := nd.e.Stats(), contactsOf(nd), nd.e.outage
		fx := nd.e.Receive(n.now, &Inbound{From: from, FirstContact: true, Message: m, Token: 1, Room: 1000}, nil)
		replies := 0
		for _, f := range fx {
			switch {
			case f.Kind == SendReply && (kind.IsRead() == (f.Message.Status == rpc.OK)):
				replies++
			default:
				t.Errorf("%s: effect %+v", kind, f)
			}
		}
		if replies != 1 {
			t.Errorf("%s: %d replies", kind, replies)
		}
		after := nd.e.Stats()
		after.Counters = before.Counters
		if after != before || nd.e.outage != link || len(nd.e.moved) > 0 || len(contactsOf(nd)) != len(contacts) || len(n.holders("/v/x")) > 0 {
			t.Errorf("%s as a first contact changed something", kind)
		}
	}
}

// A peer with a session that forges its source address causes one PING at a time and no
// first contact.
func TestForgedSourcesDrawOnePing(t *testing.T) {
	n := newNetwork(t, 26)
	n.grow(3, nil)
	nd, liar := n.nodes[1], n.nodes[2]
	pings := 0
	count := func(fx []Effect) {
		for _, f := range fx {
			if f.Kind == SendRequest && n.book.Address(f.To).Endpoint.Port() == 66 {
				pings++
				if f.FirstContact {
					t.Error("a first contact was aimed at a forged address")
				}
			}
		}
	}
	for host := range byte(100) {
		m := &rpc.Message{Type: rpc.Ping, ID: uint64(host), Serves: true}
		count(nd.e.Receive(n.now, &Inbound{From: n.elsewhere(liar, host), Message: m, Token: 1, Room: 100}, nil))
	}
	for range 10 {
		n.now = n.now.Add(time.Second)
		count(nd.e.Tick(n.now, nil))
	}
	if pings != 1 {
		t.Errorf("%d requests to forged addresses", pings)
	}
}

// A provider at a private address is not named to a public peer, and not believed if a
// public peer names it.
func TestProvidersAtPrivateAddresses(t *testing.T) {
	n := newNetwork(t, 27)
	n.grow(5, nil)
	key := []byte("song")
	inside := rpc.Provider{Key: key, TTL: time.Hour, Lifetime: 3600, Peer: identity.Address{ID: seedKey(99).ID(), Endpoint: netip.MustParseAddrPort("192.168.0.9:80")}}
	holder := n.nodes[1]
	holder.e.Store().PutProvider(n.now, &inside, identity.NetGroup{}, 0, n.rnd)
	for asker, want := range map[string]int{"203.0.113.5:9": 0, "192.168.0.8:9": 1} {
		from := n.book.Intern(identity.Address{ID: seedKey(98).ID(), Endpoint: netip.MustParseAddrPort(asker)})
		m := &rpc.Message{Type: rpc.GetProviders, ID: 1, Key: key, Target: identity.KeyPosition(key)}
		fx := holder.e.Receive(n.now, &Inbound{From: from, FirstContact: true, Message: m, Token: 1, Room: 1000}, nil)
		if len(fx) != 1 || len(fx[0].Message.Providers) != want {
			t.Errorf("%s is answered with %+v", asker, fx)
		}
	}
	n.forge = func(_, _ *node, m *rpc.Message) {
		if m.Response && m.Type == rpc.GetProviders {
			m.Providers = append(m.Providers, inside)
		}
	}
	nd := n.nodes[3]
	r := nd.operate(func(op OpID) []Effect { return nd.e.Providers(n.now, op, key, 0, nil) })
	if r.Err != ErrNotFound || nd.e.Stats().Counters.ContactsDropped == 0 {
		t.Errorf("found %+v, %v", r.Providers, r.Err)
	}
}

// An invalid record in an answer is not returned.
func TestInvalidRecordRejected(t *testing.T) {
	n := newNetwork(t, 17)
	n.grow(25, nil)
	const key = "/imm/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // of "hello"
	liar := n.nearest(identity.KeyPosition([]byte(key)), 1, nil)[0]
	n.forge = func(from, _ *node, m *rpc.Message) {
		if from == liar && m.Response && m.Type == rpc.FindValue {
			m.Record = &rpc.Record{Key: []byte(key), Value: []byte("not hello"), TTL: time.Hour}
		}
	}
	asker := n.nodes[3]
	if asker == liar {
		asker = n.nodes[4]
	}
	if r := asker.get(key, 0); r.Err != ErrNotFound {
		t.Errorf("a forged record was returned: %v, %v", r.Record, r.Err)
	}
	if r := n.nodes[5].put(PutQuery{Key: []byte(key), Value: []byte("hello")}); r.Err != nil {
		t.Fatal(r.Err)
	}
	if r := asker.get(key, 0); r.Err != nil || string(r.Record.Value) != "hello" {
		t.Errorf("got %v, %v", r.Record, r.Err)
	}
	if r := n.nodes[5].put(PutQuery{Key: []byte(key), Value: []byte("other")}); r.Err == nil {
		t.Error("a value that is not its key's was put")
	}
}

// Holders that name many providers at one public address add two to what a search finds.
func TestProvidersAtOneAddress(t *testing.T) {
	n := newNetwork(t, 16)
	n.grow(12, nil)
	const key = "/v/flood"
	n.forge = func(from, _ *node, m *rpc.Message) {
		if !m.Response || m.Type != rpc.GetProviders {
			return
		}
		m.Providers = nil
		for i := range 8 {
			seed := seedKey(1000 + 2*i + int(from.address.Endpoint.Addr().As4()[2])%2)
			p := rpc.Provider{Key: []byte(key), Sequence: 1, TTL: time.Hour, Lifetime: 86_400,
				Peer: identity.Address{ID: seed.ID(), Endpoint: netip.MustParseAddrPort("9.9.9.9:4100")}}
			store.SignProvider(seed, testNetwork, &p)
			m.Providers = append(m.Providers, p)
		}
	}
	asker := n.nodes[5]
	r := asker.operate(func(op OpID) []Effect { return asker.e.Providers(n.now, op, []byte(key), 0, nil) })
	if r.Err != nil || len(r.Providers) != store.MaxProvidersPerHost {
		t.Errorf("found %d providers at one address, want %d; %v", len(r.Providers), store.MaxProvidersPerHost, r.Err)
	}
}
