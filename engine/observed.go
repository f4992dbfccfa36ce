package engine

import (
	"net/netip"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// What a node takes for its own address is one belief for each kind of peers (design
// R7.18): where they see it. Every answer says so. The first word is believed; after that
// a single answer only raises doubt, and several peers of this node's own choosing decide.
const (
	votePause    = time.Minute      // from one vote to the next; doubled with each that changes nothing
	voteMaxPause = 10 * time.Minute // the longest such pause, and the pause after a change
	quietFor     = 5 * time.Minute  // without a word from anybody, after which a provider asks where it is seen
)

// An ownAddress is where peers see this node.
type ownAddress struct {
	seen    []sighting // at most one of each kind of peers
	doubted bool       // one of seen is
	*inquiry
}

// An inquiry is what a node did to learn where it is seen. Most never did anything.
type inquiry struct {
	changed   time.Time // when the last vote changed something
	pause     time.Duration
	notBefore time.Time // of the next vote
	vote      *addressVote
	asked     time.Time // when a peer was asked because nobody was heard
	greeted   time.Time // when all contacts were last told where this node is
}

// noInquiry is the inquiry of all nodes without one. It never changes.
var noInquiry = new(inquiry)

// inquire makes the inquiry ready for its first change.
func (o *ownAddress) inquire() *inquiry {
	if o.inquiry == noInquiry {
		o.inquiry = new(inquiry)
	}
	return o.inquiry
}

// A sighting is where one kind of peers sees this node.
type sighting struct {
	by      peerKind
	at      netip.AddrPort
	doubted bool // a peer has said otherwise since the last vote
}

// A peerKind tells peers apart that see one node at different addresses.
type peerKind struct{ local, four bool }

func kindOf(ip netip.Addr) peerKind { return peerKind{identity.IsLocal(ip), ip.Is4()} }

// find is the index of the sighting by a kind of peers, -1: there is none.
func (o *ownAddress) find(by peerKind) int {
	return slices.IndexFunc(o.seen, func(s sighting) bool { return s.by == by })
}

// Observed is where peers see this node: public ones before local ones, and of both those
// of the family that it listens on first. Zero: no peer has said.
func (e *Engine) Observed() (at netip.AddrPort) {
	if e.own == nil {
		return at
	}
	best := -1
	for _, s := range e.own.seen {
		rank := 0
		if !s.by.local {
			rank += 2
		}
		if s.by.four == e.cfg.Endpoint.Addr().Is4() {
			rank++
		}
		if rank > best {
			at, best = s.at, rank
		}
	}
	return at
}

// observedIn is where an answer says that its sender saw this node. Zero: nowhere.
func observedIn(in *Inbound) netip.AddrPort {
	if in.Observed.IsValid() {
		return in.Observed
	}
	return in.Message.Observed
}

// believable reports whether a peer can have seen this node at an address.
func believable(by peerKind, at netip.AddrPort) bool {
	ip := at.Addr()
	return at.IsValid() && at.Port() != 0 && ip.Is4() == by.four && !ip.IsUnspecified() && !ip.IsMulticast() && (by.local || !identity.IsLocal(ip))
}

// noteObserved takes what an answer says of this node's address.
func (e *Engine) noteObserved(in *Inbound) {
	at := observedIn(in)
	if !at.IsValid() {
		return
	}
	by := kindOf(e.book.Address(in.From).Endpoint.Addr())
	if !believable(by, at) {
		return
	}
	if e.own == nil {
		e.own = &ownAddress{inquiry: noInquiry}
	}
	o := e.own
	i := o.find(by)
	if i < 0 {
		o.seen = append(o.seen, sighting{by: by, at: at})
		i = len(o.seen) - 1
		// After a restart the entries may name another address.
		if e.Observed() != at || !e.store.ProvidesElsewhere(at) {
			return
		}
	} else if o.seen[i].at == at {
		return
	}
	o.seen[i].doubted, o.doubted = true, true
}

// voteAt is when the next vote may begin. Zero: there is no doubt.
func (o *ownAddress) voteAt() time.Time {
	if !o.doubted || o.vote != nil {
		return time.Time{}
	}
	at := o.notBefore
	if !o.changed.IsZero() && at.Before(o.changed.Add(voteMaxPause)) {
		at = o.changed.Add(voteMaxPause)
	}
	if at.IsZero() {
		return overdue
	}
	return at
}

// wantsAddress is when peers are to be asked where they see this node.
func (e *Engine) wantsAddress() time.Time {
	o := e.own
	if o == nil || e.joining > 0 || e.table.Len() == 0 {
		return time.Time{}
	}
	at := o.voteAt()
	if e.store.Provides() {
		quiet := e.outage.lastHeard
		if quiet.Before(o.asked) {
			quiet = o.asked
		}
		at = earlier(at, quiet.Add(quietFor))
	}
	return at
}

// askAddress begins a vote, if there is doubt. Otherwise nobody was heard for a while,
// and one peer is asked, as this node may have moved.
func (e *Engine) askAddress() {
	o := e.own
	if at := o.voteAt(); !at.IsZero() && !at.After(e.now) {
		e.startVote()
		return
	}
	o.inquire().asked = e.now
	if c, ok := e.randomContact(func(identity.Contact) bool { return true }); ok {
		e.ask(nobody, c, e.newRequest(rpc.Ping))
	}
}
