package transport

import (
	"testing"
	"time"

	"kadmium/rpc"
	"kadmium/session"
)

// A session is answered 1,000 reads at once and 500 a second; what is more is dropped and
// counted. Writes do not count, and neither does loopback.
func TestReadsOfASession(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			a, b      *peer
			unlimited bool
		}{
			{w.peer(1), w.peer(2), false},
			{w.loopback(3), w.loopback(4), true},
		} {
			w.meet(c.a, c.b)
			time.Sleep(time.Second)
			for _, allowed := range []int{session.ReadBurst, session.ReadRate} {
				before := c.b.Stats().Dropped["reads over limit"]
				for range 1500 {
					c.a.ask(c.b.addr, rpc.FindNode, "x")
				}
				c.a.ask(c.b.addr, rpc.Store, "y")
				w.settle() // a second
				if c.unlimited {
					allowed = 1500
				}
				c.b.wantRequests(allowed + 1)
				if dropped := c.b.Stats().Dropped["reads over limit"] - before; dropped != uint64(1500-allowed) {
					t.Errorf("%d reads were dropped, want %d", dropped, 1500-allowed)
				}
				for _, in := range c.a.inbox() {
					c.a.Forget(in.ID)
				}
			}
		}
	})
}
