package driver

import (
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// A memory for tests, with a clock and tokens of its own.
type memory struct {
	atMostOnce
	now   time.Time
	token uint64
}

// write begins a write, or finds it, and reports whether it is to be executed.
func (m *memory) write(from identity.Address, id uint64) (w *onceWrite, execute bool) {
	k := writeKey{from.ID, id}
	if w := m.find(m.now, k); w != nil {
		return w, false
	}
	m.token++
	w = m.begin(k, from.NetGroup(), m.token)
	return w, w != nil
}

func (m *memory) check(t *testing.T, want int) {
	t.Helper()
	shares := 0
	for _, n := range m.shares {
		shares += n
	}
	if len(m.writes) != want || shares != want || len(m.running)+m.over.Len() != want {
		t.Fatalf("%d writes, %d in shares, %d running, %d over; want %d", len(m.writes), shares, len(m.running), m.over.Len(), want)
	}
}

func from(peer byte, endpoint string) identity.Address {
	return identity.Address{ID: identity.ID{peer}, Endpoint: netip.MustParseAddrPort(endpoint)}
}

// Eight identities of one subnet, or at local addresses, cannot stop all writes; and what
// is remembered is displaced by nothing.
func TestEightIdentitiesCannotStopAllWrites(t *testing.T) {
	for _, c := range []struct {
		name         string
		attacker     func(i int) identity.Address
		honest       identity.Address
		takenByEight int
	}{
		{"subnet", func(i int) identity.Address { return from(byte(i), "20.0.0.1:1") }, from(99, "20.0.1.1:1"), maxRememberedShare},
		{"loopback", func(i int) identity.Address { return from(byte(i), "127.0.0.1:1") }, from(99, "127.0.0.1:2"), 8 * maxRememberedShare},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &memory{now: time.Unix(1000, 0)}
			first, _ := m.write(c.honest, 1)
			for i := range 10 * maxRemembered {
				if w, ok := m.write(c.attacker(i%8), uint64(i)); ok && i%2 == 0 {
					m.finish(m.now, w, true, []byte("x"))
				}
			}
			m.check(t, c.takenByEight+1)
			if again, execute := m.write(c.honest, 1); again != first || execute {
				t.Error("a write that is being executed was forgotten")
			}
			for i := range uint64(100) {
				if _, execute := m.write(c.honest, 2+i); !execute {
					t.Fatalf("write %d of another is refused", i)
				}
			}
		})
	}
}

// A write is remembered while it runs, and for 30 s after its answer and after its last
// try. One that found no place leaves nothing behind.
func TestHowLongWritesAreRemembered(t *testing.T) {
	m := &memory{now: time.Unix(1000, 0)}
	a := from(1, "20.0.0.1:1")
	for id := range uint64(maxRememberedShare) {
		m.write(a, id)
	}
	m.now = m.now.Add(time.Hour)
	if _, execute := m.write(a, 9999); execute {
		t.Error("more than its share")
	}
	m.check(t, maxRememberedShare)
	for id := range uint64(maxRememberedShare) {
		w, _ := m.write(a, id)
		m.finish(m.now, w, true, []byte{byte(id)})
	}
	m.now = m.now.Add(rpc.RememberFor - 1)
	m.write(a, 7) // a try
	m.now = m.now.Add(rpc.RememberFor - 1)
	if w, execute := m.write(a, 7); execute || string(w.body) != "\x07" {
		t.Errorf("after its last try: %+v", w)
	}
	m.check(t, 1)
	m.now = m.now.Add(rpc.RememberFor)
	if _, execute := m.write(a, 7); !execute {
		t.Error("remembered for longer than 30 s")
	}
	m.check(t, 1)
}

// A sender settles its own writes, once they are over.
func TestSettledWritesAreForgotten(t *testing.T) {
	m := &memory{now: time.Unix(1000, 0)}
	a, b := from(1, "20.0.0.1:1"), from(2, "20.0.0.1:1")
	running, _ := m.write(a, 1)
	over, _ := m.write(a, 2)
	m.finish(m.now, over, true, nil)
	m.settle(b.ID, []uint64{1, 2})
	m.settle(a.ID, []uint64{1, 3})
	m.check(t, 2)
	m.finish(m.now, running, true, nil)
	m.settle(a.ID, []uint64{1, 2})
	m.check(t, 0)
}
