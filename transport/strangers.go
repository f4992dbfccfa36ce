package transport

import (
	"net/netip"
	"sync"
	"time"

	"kadmium/session"
)

// noticeEvery is the time from one log line about datagrams of strangers to the next of its
// kind, and maxKeyChecks bounds the signatures that are checked for them in it (design
// R8.42).
const (
	noticeEvery  = time.Minute
	maxKeyChecks = 10
)

// strangers are the senders of datagrams that say that somebody has configured a node
// wrongly: of another network, or with this node's own key.
type strangers struct {
	mu           sync.Mutex
	otherNetwork notice
	keyChecks    notice
	ownKey       notice
}

// A notice counts what happens until a line of the log tells it.
type notice struct {
	since time.Time // of the last line
	count int       // after it
}

// due counts one more, and returns how many there were if a line is due.
func (n *notice) due(now time.Time) (times int, due bool) {
	n.count++
	if !n.since.IsZero() && now.Sub(n.since) < noticeEvery {
		return 0, false
	}
	times, n.since, n.count = n.count, now, 0
	return times, true
}

// within counts one more, and reports whether they are so few since the last period began.
func (n *notice) within(now time.Time, most int) bool {
	if n.since.IsZero() || now.Sub(n.since) >= noticeEvery {
		n.since, n.count = now, 0
	}
	n.count++
	return n.count <= most
}

// strange tells a person of a first request that was dropped for what its sender is.
func (t *Transport) strange(r *reader, f *session.FirstRequest, datagram []byte, why reason) {
	switch {
	case why == dropNetwork:
		t.strangers.mu.Lock()
		times, due := t.strangers.otherNetwork.due(t.now())
		t.strangers.mu.Unlock()
		if due {
			t.log.Warn("a peer of another network was not answered", "from", r.from, "network_tag", session.NetworkTagOf(datagram), "own_tag", t.endpoint.Network().Tag(), "times", times)
		}
	case why == dropSender && f.From == t.self && t.usedKey != nil:
		t.checkOwnKey(f.ID, r.from, datagram)
	}
}

// checkOwnKey checks the signature of a first request from this node's own key. One that
// this node did not send itself shows that another node has the key.
func (t *Transport) checkOwnKey(id uint64, from netip.AddrPort, datagram []byte) {
	t.mu.Lock()
	own := t.closed || t.outstanding.byID[id] != nil
	t.mu.Unlock()
	if own {
		return
	}
	t.strangers.mu.Lock()
	check := t.strangers.keyChecks.within(t.now(), maxKeyChecks)
	t.strangers.mu.Unlock()
	if !check {
		return
	}
	b := copyBuffer(datagram)
	queued := t.workers.doUnverified(func() {
		defer putBuffer(b)
		f, _ := t.endpoint.ParseFirstRequest(b.bytes()) // fails, but says what is there
		if _, err := t.endpoint.Verify(&f, from); err != nil {
			return
		}
		t.strangers.mu.Lock()
		_, due := t.strangers.ownKey.due(t.now())
		t.strangers.mu.Unlock()
		if due {
			t.usedKey(from)
		}
	})
	if !queued {
		putBuffer(b)
	}
}
