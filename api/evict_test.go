package api

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// Room is made among the clients that hold most of it, and never of a request with the
// token: who comes from elsewhere, is at work, or has been, stays.
func TestEvictionIsByClient(t *testing.T) {
	t.Parallel()
	l := newConnections(t.Context(), acceptor{}, maxTCPConnections, new(counters))
	began := time.Now()
	add := func(ip string, age time.Duration, trusted int32) *connection {
		c, _ := net.Pipe()
		known := &connection{since: began.Add(-age), group: groupOf(ip + ":1")}
		known.trusted.Store(trusted)
		l.open[c] = known
		return known
	}
	operator := add("20.0.0.1", time.Hour, 0)
	working := add("21.0.0.1", time.Hour, 1)
	flooded := add("21.0.0.1", time.Hour, 0)
	flooded.shown.Store(true)
	var flood []*connection
	for i := range 100 {
		flood = append(flood, add(netip.AddrFrom4([4]byte{21, 0, 0, byte(i)}).String(), time.Duration(i)*time.Second, 0))
	}
	for round := 1; round <= 2; round++ {
		l.evict()
		for i, one := range flood {
			if oldest := i >= 100-round*evictedAtOnce; one.evicted != oldest {
				t.Errorf("round %d: connection %d of the flood is evicted: %t", round, i, one.evicted)
			}
		}
	}
	if flooded.evicted {
		t.Error("evicted: who is in the flood's netgroup and has shown the token")
	}
	if operator.evicted || working.evicted || l.counters.connectionsEvicted.Load() != 2*evictedAtOnce {
		t.Errorf("operator %t, working %t, %d counted", operator.evicted, working.evicted, l.counters.connectionsEvicted.Load())
	}
}

// Who connects from the netgroup of a flood is closed only after as many more have come from
// there as the rule says: that is the time for a handshake and a request.
func TestHandshakeInTheFloodsNetgroup(t *testing.T) {
	t.Parallel()
	l := newConnections(t.Context(), acceptor{}, maxTCPConnections, new(counters))
	began, count := time.Now(), 0
	connect := func() *connection {
		if len(l.open) == maxTCPConnections {
			l.evict()
			for c, known := range l.open {
				if known.evicted {
					delete(l.open, c)
				}
			}
		}
		c, _ := net.Pipe()
		count++
		known := &connection{since: began.Add(time.Duration(count) * time.Millisecond), group: groupOf("21.0.0.1:1")}
		l.open[c] = known
		return known
	}
	for range maxTCPConnections {
		connect()
	}
	newest := connect()
	for more := range 3 * maxTCPConnections {
		if newest.evicted {
			if more < maxTCPConnections-evictedAtOnce {
				t.Errorf("closed after %d more", more)
			}
			return
		}
		connect()
	}
	t.Error("it stays for ever")
}
