package engine

import (
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// 52 bytes with the forged source address of a known peer draw 156 at most, the PING to
// that address included, whatever they ask: the PING with its repeats made it 288.
func TestSpoofedSourceDrawsThreeTimesAtMost(t *testing.T) {
	key := []byte("/v/k")
	for name, m := range map[string]rpc.Message{
		"PING":          {Type: rpc.Ping, DialBack: true, WantProtocols: true},
		"FIND_NODE":     {Type: rpc.FindNode},
		"FIND_VALUE":    {Type: rpc.FindValue, Key: key},
		"GET_PROVIDERS": {Type: rpc.GetProviders, Key: key},
		"a page":        {Type: rpc.GetProviders, Key: key, ProvidersAfter: make([]byte, 32)},
		"a record":      {Type: rpc.FindValue, Key: []byte("/v/held")},
		"STORE":         {Type: rpc.Store, Record: &rpc.Record{Key: key, TTL: time.Hour}},
		"MESSAGE":       {Type: rpc.AppMessage, Protocol: "p"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t, 8)
			n.grow(30, nil)
			n.provided(string(key), 30, 20)
			asked, known := n.nodes[1], n.nodes[0]
			if r := n.nodes[5].put(PutQuery{Key: []byte("/v/held"), Value: []byte("value")}); r.Err != nil {
				t.Fatal(r.Err)
			}
			victim := netip.MustParseAddrPort("203.0.113.9:4100")
			for i := range 3 { // many datagrams draw as little each
				drawn := 0
				size := max(52, session.SessionOverhead+rpc.Size(&m, &n.book))
				in := &Inbound{
					From:    n.book.Intern(identity.Address{ID: known.address.ID, Endpoint: victim}),
					Message: clone(&m), Token: 1<<32 + uint64(i), Room: session.SessionRoom(size, false),
				}
				count := func(fx []Effect) {
					for _, f := range fx {
						toVictim := f.Kind == SendRequest && n.book.Address(f.To).Endpoint == victim || f.Kind == SendReply && f.Token == in.Token
						if !toVictim {
							continue
						}
						body := rpc.Size(f.Message, &n.book)
						if f.Kind == SendReply && body > session.SessionRoom(size, false) {
							continue // the transport does not send it
						}
						drawn += session.SessionOverhead + body
						if f.FirstContact || f.Kind == SendRequest && !f.UnderSession {
							t.Errorf("a first contact may be sent to the forged address")
						}
					}
				}
				count(asked.e.Receive(n.now, in, nil))
				for end := n.now.Add(30 * time.Second); n.now.Before(end); n.now = n.now.Add(100 * time.Millisecond) {
					count(asked.e.Tick(n.now, nil))
				}
				if drawn > session.Amplification*size {
					t.Errorf("%d bytes drew %d", size, drawn)
				}
			}
		})
	}
}
