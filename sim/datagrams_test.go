package sim

import (
	"math"
	"testing"

	"kadmium/identity"
	"kadmium/rpc"
)

// sent sends n datagrams through a world in which nobody is, and counts those that
// were delivered.
func sent(t *testing.T, n int, change func(*Config)) (w *world, delivered int) {
	t.Helper()
	c := config(10, 1, change)
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	w = newWorld(&c, newBook(1, 10, 0))
	w.nodeOf = func(identity.Contact) *node { delivered++; return nil }
	m, from := rpc.Message{Type: rpc.Ping}, &node{contact: 1}
	for i := range n {
		m.ID = uint64(i)
		w.send(from, 2, &m, nil)
		if i%100 == 99 {
			for !w.queue.empty() {
				w.step()
			}
		}
	}
	if w.datagrams != uint64(n) {
		t.Errorf("%d of %d datagrams counted", w.datagrams, n)
	}
	return w, delivered
}

// A share of the datagrams is lost, and the rest arrives.
func TestLoss(t *testing.T) {
	const n = 200_000
	for _, loss := range []float64{0, 0.1, 0.9} {
		w, delivered := sent(t, n, func(c *Config) { c.Loss = loss })
		within(t, "share lost", float64(w.lost)/n, loss, 4*math.Sqrt(loss*(1-loss)/n))
		if delivered != n-int(w.lost) {
			t.Errorf("%d lost, and %d of %d delivered", w.lost, delivered, n)
		}
	}
}

// Of two twins only the one that comes first is delivered. So with all datagrams
// twice one is lost if both are.
func TestDuplicate(t *testing.T) {
	const n = 100_000
	for _, model := range []string{"const:50ms", "world"} {
		for _, c := range []struct{ loss, duplicate float64 }{{0, 1}, {0, 0.3}, {0.3, 1}, {0.2, 0.5}} {
			w, delivered := sent(t, n, func(cfg *Config) {
				cfg.Loss, cfg.Duplicate, cfg.Latency = c.loss, c.duplicate, latency(t, model)
			})
			want := 1 - c.loss*(1-c.duplicate) - c.loss*c.loss*c.duplicate
			within(t, model+": share delivered", float64(delivered)/n, want, 4*math.Sqrt(want*(1-want)/n))
			want = c.duplicate * (1 - c.loss) * (1 - c.loss)
			within(t, model+": share that came twice", float64(w.replayed)/n, want, 4*math.Sqrt(want*(1-want)/n))
			if len(w.freeDatagrams) > 1000 {
				t.Errorf("%d datagrams were made for 200 on the way at once", len(w.freeDatagrams))
			}
		}
	}
}

// A datagram is a copy: what its sender does next with the message does not change it.
func TestDatagramIsACopy(t *testing.T) {
	c := config(10, 1, nil)
	w := newWorld(&c, newBook(1, 10, 0))
	m := rpc.Message{Type: rpc.FindNode, Known: []uint16{1, 2}, Contacts: []identity.Contact{3, 4}, Record: &rpc.Record{Sequence: 5}}
	w.send(&node{contact: 1}, 2, &m, nil)
	m.Known[0], m.Contacts[0], m.Record.Sequence = 9, 9, 9
	got := &w.queue.take().datagram.message
	if got.Known[0] != 1 || got.Contacts[0] != 3 || got.Record.Sequence != 5 {
		t.Errorf("%+v", got)
	}
}
