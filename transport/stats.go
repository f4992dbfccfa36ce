package transport

import (
	"sync/atomic"

	"kadmium/rpc"
)

// maxReasons bounds the reasons that Malformed tells apart.
const maxReasons = 32

// Traffic counts datagrams and their bytes of UDP payload.
type Traffic struct {
	Datagrams uint64 `json:"datagrams"`
	Bytes     uint64 `json:"bytes"`
}

// Stats is what a Transport did and holds.
type Stats struct {
	In      map[string]Traffic `json:"in"`      // by kind of datagram
	Out     map[string]Traffic `json:"out"`     // by kind of datagram
	Dropped map[string]uint64  `json:"dropped"` // by reason: what came in and was not answered

	Restarts uint64 `json:"restarts"` // requests begun again after a COOKIE or NOSESSION

	Sessions      int `json:"sessions"`       // live
	HalfOpen      int `json:"half_open"`      // answered first contacts, not yet confirmed
	Outstanding   int `json:"outstanding"`    // own requests in flight
	PendingWrites int `json:"pending_writes"` // of those, writes that wait for a session
	Answers       int `json:"answers"`        // answers to writes kept for their retries
	Waiting       int `json:"waiting"`        // jobs that no worker has taken
}

// A reason says why a datagram was dropped.
type reason int

const kept reason = -1 // it was not

const (
	dropLength reason = iota
	dropVersion
	dropKind
	dropLayout
	dropNetwork
	dropDestination
	dropSender
	dropType
	dropWrite
	dropLimit
	dropCookie
	dropQueue
	dropSignature
	dropUnsolicited
	dropAddress
	dropSession
	dropSeal
	dropReplay
	dropBusy
	dropSend
	reasonCount
)

var reasonNames = [reasonCount]string{
	dropLength:      "wrong length",
	dropVersion:     "unknown version",
	dropKind:        "unknown kind",
	dropLayout:      "bad layout",
	dropNetwork:     "another network",
	dropDestination: "another destination",
	dropSender:      "impossible sender",
	dropType:        "unexpected type",
	dropWrite:       "write as first contact",
	dropLimit:       "first contacts over limit",
	dropCookie:      "bad cookie",
	dropQueue:       "queue full",
	dropSignature:   "bad signature",
	dropUnsolicited: "unsolicited",
	dropAddress:     "wrong address",
	dropSession:     "unknown session",
	dropSeal:        "bad seal",
	dropReplay:      "replayed",
	dropBusy:        "being dealt with already",
	dropSend:        "sending failed",
}

// String is the reason as Stats names it.
func (r reason) String() string { return reasonNames[r] }

// kinds of datagram, as their second byte has them; 0 stands for any other.
const kindCount = 7

var kindNames = [kindCount]string{"other", "first request", "first response", "session request", "session response", "cookie", "no session"}

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

// Malformed counts a body that the driver could not decode. reason should be one
// of few fixed texts; beyond 32 different ones they count as "other".
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

// Stats is what was counted so far.
func (t *Transport) Stats() Stats {
	s := Stats{
		In: make(map[string]Traffic), Out: make(map[string]Traffic), Dropped: make(map[string]uint64),
		Restarts: t.count.restarts.Load(), Waiting: t.workers.waiting(),
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
	s.Outstanding, s.PendingWrites = len(t.calls.byID), t.calls.waits
	s.Answers = t.answers.len()
	return s
}

// Families is what the transport's sockets can reach.
func (t *Transport) Families() rpc.Families {
	var f rpc.Families
	for _, s := range t.sockets {
		f |= s.families
	}
	return f
}
