package transport

import (
	crand "crypto/rand"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"kadmium/rpc"
	"kadmium/session"
	"kadmium/transport/memnet"
)

// greedy makes a peer answer with all the room it has.
func (p *peer) greedy() {
	p.handler = func(in *Inbound) {
		if in.Response {
			return
		}
		if err := p.Reply(in.Reply, true, make([]byte, in.Room)); err != nil {
			p.t.Errorf("Reply: %v", err)
		}
		if err := p.Reply(in.Reply, true, make([]byte, in.Room+1)); err == nil {
			p.t.Error("a reply over its room was sent")
		}
	}
}

// wantModest checks every exchange since the mark: one datagram in, at most one
// out, to where it came from, of at most three times its size (wire.md rule 6).
func (w *world) wantModest(t rapid.TB, mark int, to netip.AddrPort) {
	t.Helper()
	if len(w.sent) > mark+2 {
		t.Fatalf("one datagram drew %d", len(w.sent)-mark-1)
	}
	if len(w.sent) == mark+2 {
		in, out := w.sent[mark], w.sent[mark+1]
		if out.to != to || len(out.data) > session.Amplification*len(in.data) {
			t.Fatalf("%d bytes from %v drew %d to %v", len(in.data), in.from, len(out.data), out.to)
		}
	}
}

func TestNoReplyToAnUnprovenAddressOverThreeTimes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.loopback(1), w.loopback(2)
		w.meet(a, b)
		b.greedy()
		w.Set(memnet.Conditions{})
		network, _ := session.NewNetwork("test")
		self := session.NewEndpoint(seedKey(1), network, mayOpen, crand.Reader)
		live, _ := a.table.ForPeer(a.now(), b.addr.ID)
		reads := []rpc.Type{rpc.Ping, rpc.FindNode, rpc.FindValue, rpc.GetProviders}
		var from netip.AddrPort
		var seen [][]byte // to be sent again, from elsewhere, damaged
		// A bubble has no deadline, which rapid would ask a *testing.T for.
		rapid.Check(struct{ testing.TB }{t}, func(r *rapid.T) {
			from = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(rapid.IntRange(1, 250).Draw(r, "host"))}), 7)
			kind := reads[rapid.IntRange(0, 3).Draw(r, "type")]
			body := rapid.SliceOfN(rapid.Byte(), 0, session.MaxFirstBody).Draw(r, "body")
			var d []byte
			switch rapid.IntRange(0, 4).Draw(r, "what") {
			case 0:
				i, err := self.Initiate(b.addr.ID, 0, uint8(kind), 0, rapid.Uint64().Draw(r, "id"), body)
				if err != nil {
					r.Fatal(err)
				}
				d = i.Datagram()
			case 1, 2:
				var err error
				kind := rpc.Ping + rpc.Type(rapid.IntRange(0, 6).Draw(r, "rpc"))
				if d, err = live.Seal(nil, session.KindRequest, rapid.Uint64().Draw(r, "id"), uint8(kind), 0, body); err != nil {
					r.Fatal(err)
				}
				d[2] ^= byte(rapid.IntRange(0, 1).Draw(r, "unknown session"))
			case 3:
				d = append([]byte{1, byte(rapid.IntRange(0, 7).Draw(r, "kind"))}, body...)
			case 4:
				if len(seen) == 0 {
					return
				}
				d = slices.Clone(seen[rapid.IntRange(0, len(seen)-1).Draw(r, "again")])
				if at := rapid.IntRange(0, 2*len(d)).Draw(r, "damage"); at < len(d) {
					d[at] ^= 1 << (at % 8)
				}
			}
			if len(seen) < 64 {
				seen = append(seen, slices.Clone(d))
			}
			mark := len(w.sent)
			w.Inject(from, b.addr.Endpoint, d)
			synctest.Wait()
			w.wantModest(r, mark, from)
		})
		if s := b.Stats(); s.Out["first response"].Datagrams < 2 || s.Out["session response"].Datagrams < 2 || s.Out["no session"].Datagrams == 0 {
			t.Errorf("the generator has not met every kind of answer: %+v", s.Out)
		}
	})
}

// FuzzDatagrams throws arbitrary bytes at a node: whatever comes back is one
// datagram of at most three times their size, and no handler is reached.
func FuzzDatagrams(f *testing.F) {
	network, _ := session.NewNetwork("test")
	random := rand.NewChaCha8([32]byte{1})
	first, err := session.NewEndpoint(seedKey(1), network, mayOpen, random).Initiate(seedKey(2).ID(), 0, uint8(rpc.FindNode), 0, 1, []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	for kind := range byte(8) {
		f.Add(append([]byte{session.Version, kind}, make([]byte, 60)...))
	}
	f.Add(first.Datagram()[:session.MinFirstRequest-1])
	f.Add(first.Datagram())
	f.Add(session.AppendCookie(nil, &network, 1, session.Cookie{1}))
	f.Add(session.AppendNoSession(nil, 1, session.Tag{1}))
	f.Fuzz(func(t *testing.T, data []byte) {
		inWorld(t, func(t *testing.T, w *world) {
			b := w.loopback(2)
			b.greedy()
			w.Set(memnet.Conditions{})
			from := netip.MustParseAddrPort("127.0.0.1:7")
			w.Inject(from, b.addr.Endpoint, data)
			synctest.Wait()
			w.wantModest(t, 0, from)
			if s := b.Stats(); s.Sessions != 0 || s.Outstanding != 0 {
				t.Fatalf("left behind: %+v", s)
			}
		})
	})
}
