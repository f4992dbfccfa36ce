package transport

import (
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// A peer that leaves is told of once, by one datagram that draws nothing. What it still
// sends under its sessions is answered, and marked as late; not so after a new first
// contact.
func TestLeave(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var gone []identity.Address
		a := w.peer(1)
		b := w.peer(2, func(c *Config, _ *limits) { c.Left = func(from identity.Address) { gone = append(gone, from) } })
		w.meet(a, b)
		mark := len(w.sent)
		a.Leave()
		w.settle()
		w.wantKinds(mark, byte(session.KindNotice))
		if len(gone) != 1 || gone[0] != a.addr {
			t.Fatalf("left: %v", gone)
		}
		if _, ok := b.table.ForPeer(time.Now(), a.addr.ID); ok {
			t.Error("the session is still used")
		}
		id := a.ask(b.addr, rpc.FindNode, "late")
		w.settle()
		a.wantAnswer(b.addr, id, "re:late")
		if in := b.wantRequests(1)[0]; !in.Left {
			t.Error("a late request is not marked")
		}
		a.Rekey()
		for _, body := range []string{"first", "second"} {
			id = a.ask(b.addr, rpc.FindNode, body)
			w.settle()
			a.wantAnswer(b.addr, id, "re:"+body)
			if in := b.wantRequests(1)[0]; in.Left {
				t.Errorf("%s under a new session is taken for late", body)
			}
		}
		if len(gone) != 1 {
			t.Errorf("left: %v", gone)
		}
	})
}

// A notice under an unknown session draws nothing, no NOSESSION either, and one of an
// unknown type is counted.
func TestOtherNotices(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.peer(1)
		b := w.peer(2, func(c *Config, _ *limits) { c.Left = func(identity.Address) { t.Error("nobody left") } })
		w.meet(a, b)
		sess, _ := a.table.ForPeer(time.Now(), b.addr.ID)
		unknown, err := sess.Seal(nil, session.KindNotice, 0, 99, 0, []byte("news"))
		if err != nil {
			t.Fatal(err)
		}
		other, err := sess.Seal(nil, session.KindNotice, 0, uint8(session.NoticeLeave), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		other[2] ^= 1 // the session ID
		mark := len(w.sent)
		for _, d := range [][]byte{unknown, other} {
			w.Inject(netip.MustParseAddrPort("198.51.100.7:7"), b.addr.Endpoint, d)
		}
		w.settle()
		w.wantKinds(mark, byte(session.KindNotice), byte(session.KindNotice))
		if s := b.Stats(); s.Dropped["unknown notice"] != 1 || s.Dropped["unknown session"] != 1 {
			t.Errorf("dropped: %v", s.Dropped)
		}
	})
}
