package transport

import "sync/atomic"

// Traffic counts datagrams and their bytes of UDP payload.
type Traffic struct {
	Datagrams uint64 `json:"datagrams"`
	Bytes     uint64 `json:"bytes"`
}

// Stats counts what a Transport did and holds.
type Stats struct {
	In      map[string]Traffic `json:"in"`      // by kind of datagram
	Out     map[string]Traffic `json:"out"`     // by kind of datagram
	Dropped map[string]uint64  `json:"dropped"` // by reason

	Restarts uint64 `json:"restarts"` // requests started again after a COOKIE or NOSESSION

	Sessions      int `json:"sessions"`       // not half-open
	HalfOpen      int `json:"half_open"`      // answered first contacts, not yet confirmed
	Outstanding   int `json:"outstanding"`    // requests of this node in flight
	PendingWrites int `json:"pending_writes"` // of those, writes that wait for a session
	Waiting       int `json:"waiting"`        // first requests that no worker has taken
}

// Stats is what was counted so far.
func (t *Transport) Stats() Stats {
	s := Stats{
		In: make(map[string]Traffic), Out: make(map[string]Traffic), Dropped: make(map[string]uint64),
		Restarts: t.count.restarts.Load(), Waiting: t.workers.unverifiedWaiting(),
	}
	for k, name := range kindNames {
		s.In[name] = Traffic{t.count.in[k].datagrams.Load(), t.count.in[k].bytes.Load()}
		s.Out[name] = Traffic{t.count.out[k].datagrams.Load(), t.count.out[k].bytes.Load()}
	}
	for r, name := range reasonNames {
		if n := t.count.dropped[r].Load(); n > 0 {
			s.Dropped[name] = n
		}
	}
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, n := range t.malformed {
		s.Dropped["body: "+name] = n
	}
	t.table.Expire(now, true)
	s.Sessions, s.HalfOpen = t.table.Live(), t.table.HalfOpen()
	s.Outstanding, s.PendingWrites = len(t.outstanding.byID), t.outstanding.pendingWrites
	return s
}

// kindCount is the number of kinds of datagram by their second byte; 0 stands for any
// other.
const kindCount = 8

var kindNames = [kindCount]string{"other", "first request", "first response", "session request", "session response", "cookie", "no session", "notice"}

// counters are the numbers behind Stats. Safe for concurrent use.
type counters struct {
	in, out  [kindCount]struct{ datagrams, bytes atomic.Uint64 }
	dropped  [reasonCount]atomic.Uint64
	restarts atomic.Uint64
}

func kindOf(datagram []byte) int {
	if len(datagram) < 2 || datagram[1] >= kindCount {
		return 0
	}
	return int(datagram[1])
}

func (c *counters) received(datagram []byte) {
	k := &c.in[kindOf(datagram)]
	k.datagrams.Add(1)
	k.bytes.Add(uint64(len(datagram)))
}

func (c *counters) sent(datagram []byte) {
	k := &c.out[kindOf(datagram)]
	k.datagrams.Add(1)
	k.bytes.Add(uint64(len(datagram)))
}

func (c *counters) drop(r reason) { c.dropped[r].Add(1) }

// maxReasons bounds the reasons that Malformed tells apart (design R8.32).
const maxReasons = 32

// Malformed counts a body that the driver could not decode (wire.md rule 9). reason
// should be one of few fixed texts: after 32 different ones others count as "other".
func (t *Transport) Malformed(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.malformed == nil {
		t.malformed = make(map[string]uint64)
	}
	if _, ok := t.malformed[reason]; !ok && len(t.malformed) >= maxReasons {
		reason = "other"
	}
	t.malformed[reason]++
}
