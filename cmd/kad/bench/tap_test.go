package bench

import (
	"encoding/binary"
	"maps"
	"net/netip"
	"sync"

	"kadmium/session"
	"kadmium/sim/report"
)

// What searchers send and receive during their lookups, by kind, in the work of a report.
const (
	tapLookup        = "lookup.bytes.lookup"         // FIND_NODEs and their answers, at the size that they have under a session
	tapFirstContacts = "lookup.bytes.first_contacts" // what those of first contacts are larger
	tapPings         = "lookup.bytes.pings"          // PINGs and their answers
	tapOfOthers      = "lookup.bytes.of_others"      // requests of others and the answers to them
	tapRest          = "lookup.bytes.rest"           // cookies, notices, NOSESSION
	tapContacts      = "lookup.first_contacts"       // the number of them
)

// Offsets in datagrams (docs/wire.md) and sizes in bytes.
const (
	firstID           = 8
	firstRequestBody  = 136
	firstResponseBody = 123
	sealedID          = 18
	observedField     = 9 // of an answer under a session, over IPv4
	largestPing       = session.SessionOverhead + 4
)

// A tap is a socket that counts what it sends and receives.
type tap struct {
	datagrams
	mu    sync.Mutex
	pings map[uint64]bool // the requests that it sent: whether each is a PING
	count map[string]uint64
}

func (c *tap) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	n, from, err := c.datagrams.ReadFromUDPAddrPort(b)
	if err == nil {
		c.add(b[:n], false)
	}
	return n, from, err
}

func (c *tap) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	c.add(b, true)
	return c.datagrams.WriteToUDPAddrPort(b, to)
}

func (c *tap) counts() map[string]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.count)
}

// add counts a datagram. Its kind and its request's ID are not encrypted; PINGs are told
// by their size.
func (c *tap) add(b []byte, sent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kind, _ := session.KindOf(b)
	size := uint64(len(b))
	sealed, id := size, uint64(0)
	switch kind {
	case session.KindFirstRequest:
		id = binary.BigEndian.Uint64(b[firstID:])
		sealed = session.SessionOverhead + uint64(binary.BigEndian.Uint16(b[firstRequestBody:]))
	case session.KindFirstResponse:
		id = binary.BigEndian.Uint64(b[firstID:])
		sealed = session.SessionOverhead + observedField + uint64(binary.BigEndian.Uint16(b[firstResponseBody:]))
	case session.KindRequest, session.KindResponse:
		id = binary.BigEndian.Uint64(b[sealedID:])
	default:
		c.count[tapRest] += size
		return
	}
	request := kind == session.KindFirstRequest || kind == session.KindRequest
	if request && sent {
		c.pings[id] = sealed <= largestPing
	}
	switch {
	case request != sent:
		c.count[tapOfOthers] += size
	case c.pings[id]:
		c.count[tapPings] += size
	default:
		c.count[tapLookup] += sealed
		c.count[tapFirstContacts] += size - sealed
		if kind == session.KindFirstRequest {
			c.count[tapContacts]++
		}
	}
}

// Taps are those of a network, and what they counted during lookups.
type taps struct {
	mu     sync.Mutex
	at     map[netip.AddrPort]*tap
	before map[string]uint64
	during map[string]uint64
}

func newTaps() *taps {
	return &taps{at: make(map[netip.AddrPort]*tap), during: make(map[string]uint64)}
}

func (t *taps) tap(at netip.AddrPort, d datagrams) *tap {
	c := &tap{datagrams: d, pings: make(map[uint64]bool), count: make(map[string]uint64)}
	t.mu.Lock()
	t.at[at] = c
	t.mu.Unlock()
	return c
}

// watch is told where lookups begin and end.
func (t *taps) watch(searcher *member, begins bool) {
	t.mu.Lock()
	c := t.at[searcher.Addresses()[0].Endpoint]
	t.mu.Unlock()
	now := c.counts()
	if begins {
		t.before = now
		return
	}
	for kind, n := range now {
		t.during[kind] += n - t.before[kind]
	}
}

// work is what was counted.
func (t *taps) work() (work []report.Work) {
	for _, kind := range []string{tapLookup, tapFirstContacts, tapPings, tapOfOthers, tapRest, tapContacts} {
		work = append(work, report.Work{Name: kind, Count: t.during[kind]})
	}
	return work
}
