package session

import (
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"kadmium/identity"
)

// Default bounds of a Table.
const (
	DefaultLive     = 4096 // sessions, about 450 bytes each
	DefaultHalfOpen = 1024 // responders' sessions not yet promoted, up to 2 KiB each
)

// expireEvery is how often a table looks for sessions past their life by itself.
const expireEvery = 10 * time.Second

// A Table holds a node's sessions, in two bounded LRUs: the live ones, which this side
// began or which have opened a datagram, and the half-open ones. A flood of first
// contacts therefore cannot evict a live session (wire.md rule 8). Not safe for
// concurrent use: it belongs to one locked owner, as do the sessions.
type Table struct {
	self    identity.ID
	live    *simplelru.LRU[uint64, *Session]       // by receive ID
	half    *simplelru.LRU[uint64, *halfOpenEntry] // by receive ID, oldest first
	asked   map[RequestKey]uint64                  // first requests answered or being answered, to their receive ID
	peers   map[uint64]*Session                    // the live sessions with a peer, by shortID, linked by next
	most    int                                    // half-open sessions
	expired int64                                  // when Expire last ran, Unix nanoseconds
	watch   func(s *Session, begun bool)           // is told of live sessions; nil: nobody is
}

// NewTable makes the table of the node self with bounds on live and half-open
// sessions; 0 means the default.
func NewTable(self identity.ID, live, halfOpen int) *Table {
	if live <= 0 {
		live = DefaultLive
	}
	if halfOpen <= 0 {
		halfOpen = DefaultHalfOpen
	}
	t := &Table{self: self, most: halfOpen, peers: make(map[uint64]*Session)}
	t.live, _ = simplelru.NewLRU(live, func(_ uint64, s *Session) { t.unlink(s) }) // fails only for sizes <= 0
	t.emptyHalfOpen()
	return t
}

// Watch has f told each session that becomes live, and each that is live no more.
func (t *Table) Watch(f func(s *Session, begun bool)) { t.watch = f }

// emptyHalfOpen begins with no half-open session.
func (t *Table) emptyHalfOpen() {
	t.asked = make(map[RequestKey]uint64)
	t.half, _ = simplelru.NewLRU(t.most, func(_ uint64, h *halfOpenEntry) { delete(t.asked, h.key) }) // likewise
}

// AddInitiated takes in the session of a completed first contact of this side, which
// may be used at once. Suspect sessions with the peer become old ones. It reports
// false, and does nothing, if the session's ID is taken.
func (t *Table) AddInitiated(now time.Time, s *Session) bool {
	t.Expire(now, false)
	if t.taken(s.receiveID) {
		return false
	}
	for o := t.peers[shortID(s.peer)]; o != nil; o = o.next {
		if o.peer == s.peer && o.suspect {
			o.retireAt(now.UnixNano())
		}
	}
	t.link(s)
	t.live.Add(s.receiveID, s)
	return true
}

func (t *Table) taken(receiveID uint64) bool {
	return t.live.Contains(receiveID) || t.half.Contains(receiveID)
}

// Find is the session that receives under the ID at now, live or half-open. A
// missing one draws a NOSESSION.
func (t *Table) Find(now time.Time, receiveID uint64) (*Session, bool) {
	if s, ok := t.live.Get(receiveID); ok {
		if s.receives(now.UnixNano()) {
			return s, true
		}
		t.live.Remove(receiveID)
		return nil, false
	}
	h, ok := t.half.Peek(receiveID)
	if !ok || h.session == nil || !h.session.receives(now.UnixNano()) {
		return nil, false
	}
	return h.session, true
}

// Confirm notes that a found session has opened a datagram. The first one promotes the
// session: it is then live, proven at its address, and by wire.md rule 4 in use or
// already an old one.
func (t *Table) Confirm(now time.Time, s *Session) {
	if s.confirmed {
		return
	}
	s.confirmed = true
	if !s.initiated {
		t.half.Remove(s.receiveID)
		t.link(s)
		t.live.Add(s.receiveID, s)
	}
	t.chooseInUse(now.UnixNano(), s)
}

// ForPeer is the session to send a new request to the peer under, if there is one.
func (t *Table) ForPeer(now time.Time, id identity.ID) (*Session, bool) {
	best := t.inUse(now, id)
	if best == nil {
		return nil, false
	}
	t.live.Get(best.receiveID) // moves it to the front
	return best, true
}

// inUse is ForPeer for who only looks; nil: there is none.
func (t *Table) inUse(now time.Time, id identity.ID) (best *Session) {
	for s := t.peers[shortID(id)]; s != nil; s = s.next {
		if s.peer == id && s.usable(now.UnixNano()) && (best == nil || t.prefer(s, best)) {
			best = s
		}
	}
	return best
}

// Suspect is called when a NOSESSION that echoes a request in flight says that the peer
// lost the session. That is no proof: the session is kept until there is a new one with
// the peer (wire.md rule 5).
func (t *Table) Suspect(s *Session) { s.suspect = true }

// Expire drops what is past its life. The table does it by itself as sessions come
// in, every 10 s at most; force does it now.
func (t *Table) Expire(now time.Time, force bool) {
	at := now.UnixNano()
	if !force && at-t.expired < int64(expireEvery) && at >= t.expired {
		return
	}
	t.expired = at
	for _, id := range t.live.Keys() {
		if s, _ := t.live.Peek(id); !s.receives(at) {
			t.live.Remove(id)
		}
	}
	t.expireHalfOpen(at)
	if t.half.Len() == 0 {
		t.emptyHalfOpen() // maps do not shrink
	}
}

// Unconfirmed reports whether there are sessions that have opened no datagram yet:
// they are the short-lived ones.
func (t *Table) Unconfirmed() bool {
	if t.half.Len() > 0 {
		return true
	}
	for _, first := range t.peers {
		for s := first; s != nil; s = s.next {
			if !s.confirmed {
				return true
			}
		}
	}
	return false
}

// Live is the number of sessions that are not half-open.
func (t *Table) Live() int { return t.live.Len() }

// HalfOpen is the number of first contacts answered, or being answered, whose
// initiator has not been heard under the session.
func (t *Table) HalfOpen() int { return t.half.Len() }
