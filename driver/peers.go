package driver

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/peerbook"
)

// DefaultPeers is how many peers that it has met a driver remembers (design R8.35).
const DefaultPeers = 1024

// A Peer is what is known of a peer.
type Peer struct {
	ID        identity.ID
	Addresses []PeerAddress // the one in use first
	Met       time.Time     // zero: not in this run, or it was forgotten
	Serves    bool
	Failing   bool // it has not answered a request, and was not heard since
	Left      bool // it has said that it ends, and was not heard since
	InTable   bool
	Session   bool          // there is a session with it
	RTT       time.Duration // smoothed; 0: not measured
	RTTVar    time.Duration // its mean deviation

	Protocols     []string // that it handles, ascending
	MoreProtocols bool
	Asked         time.Time         // when it said so; zero: it was not asked
	Notes         map[string][]byte // the texts are the driver's own
}

// A PeerAddress is an address of a peer.
type PeerAddress struct {
	Address identity.Address
	Heard   time.Time // when the peer last answered from there, or sent something under a session; zero: never
}

// heard notes that a peer has answered, or sent something under a session from an address
// at which it is proven. A first contact says nothing: somebody else may have sent it again
// (design R3.1), and so does an answer that the engine did not wait for. The caller holds
// d.mu.
func (d *Driver) heard(now time.Time, a *arrival) {
	if a.Left || !a.Awaited && (a.Message.Response || a.FirstContact || !a.Proven) {
		return
	}
	news := d.peers.Heard(now, a.From, a.Message.Serves)
	if news == (peerbook.News{}) {
		return
	}
	tell := func(kind engine.EventKind) {
		d.report(&engine.Event{Kind: kind, At: now, Contact: a.From, Was: news.Was})
	}
	if news.Met {
		tell(engine.PeerMet)
	}
	if news.Returned {
		tell(engine.PeerReturned)
	}
	if news.Moved {
		tell(engine.PeerMoved)
	}
}

// fellSilent notes that a peer has not answered a request, and reports whether that is
// news. The caller holds d.mu.
func (d *Driver) fellSilent(ev *engine.Event) bool {
	began := ev.At.Add(-time.Duration(ev.N) * time.Millisecond)
	return d.peers.Silent(ev.Contact, began)
}

// SetProtocols notes which protocols a peer has said that it handles. It may be used only
// in functions that run with the driver's mutex held.
func (d *Driver) SetProtocols(c identity.Contact, names []string, more bool) {
	d.peers.SetProtocols(d.now(), c, names, more)
}

// OwnProtocols are the protocols that have a handler, ascending; more: there is one for all
// others.
func (d *Driver) OwnProtocols() (names []string, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.protocols()
}

// Peers is everybody whom the node knows: peers that it has met, those of its table, those
// with a session or a note. They are ordered by their distance from the node, which is done
// without the driver's mutex.
func (d *Driver) Peers() []Peer {
	known := d.knownPeers()
	type at struct {
		peer     *Peer
		position identity.Position // which is a hash
	}
	all := make([]at, 0, len(known))
	for _, p := range known {
		all = append(all, at{p, d.position(p.ID)})
	}
	self := d.id.Position()
	slices.SortFunc(all, func(a, b at) int { return identity.Compare(&self, &a.position, &b.position) })
	peers := make([]Peer, len(all))
	for i, p := range all {
		peers[i] = *p.peer
	}
	return peers
}

// knownPeers is Peers in no order: what takes the driver's mutex.
func (d *Driver) knownPeers() map[identity.ID]*Peer {
	sessions := d.transport.Sessions()
	d.mu.Lock()
	defer d.mu.Unlock()
	known := make(map[identity.ID]*Peer)
	of := func(id identity.ID) *Peer {
		if known[id] == nil {
			known[id] = &Peer{ID: id}
		}
		return known[id]
	}
	d.peers.Each(func(p *peerbook.Peer) { d.fromBook(of(d.idOf(p)), p) })
	d.engine.Table().Each(func(c identity.Contact, seen time.Time, _, _ int) {
		d.fromTable(of(d.book.Address(c).ID), c, seen)
	})
	for _, a := range sessions {
		fromSession(of(a.ID), a)
	}
	for id := range d.notes.EachPeer() {
		of(id).Notes = d.notes.Of(id)
	}
	return known
}

// PeerIDs are the IDs of Peers, in no order.
func (d *Driver) PeerIDs() []identity.ID {
	known := make(map[identity.ID]struct{})
	add := func(id identity.ID) { known[id] = struct{}{} }
	for _, a := range d.transport.Sessions() {
		add(a.ID)
	}
	d.mu.Lock()
	d.peers.Each(func(p *peerbook.Peer) { add(d.idOf(p)) })
	d.engine.Table().Each(func(c identity.Contact, _ time.Time, _, _ int) { add(d.book.Address(c).ID) })
	for id := range d.notes.EachPeer() {
		add(id)
	}
	d.mu.Unlock()
	return slices.Collect(maps.Keys(known))
}

// Peer is what the node knows of one peer; ok is false if that is nothing.
func (d *Driver) Peer(id identity.ID) (_ Peer, ok bool) {
	session, hasSession := d.transport.SessionWith(id)
	d.mu.Lock()
	defer d.mu.Unlock()
	p, position := Peer{ID: id}, id.Position()
	if known := d.peers.Find(&position); known != nil {
		d.fromBook(&p, known)
		ok = true
	}
	if c, held := d.engine.Table().Find(&position); held {
		d.fromTable(&p, c, time.Time{})
		ok = true
	}
	if hasSession {
		fromSession(&p, session)
	}
	p.Notes = d.notes.Of(id)
	return p, ok || hasSession || p.Notes != nil
}

func (d *Driver) idOf(p *peerbook.Peer) identity.ID { return d.book.Address(p.Addresses[0].Contact).ID }

// fromBook adds what the book of peers says. The caller holds d.mu.
func (d *Driver) fromBook(p *Peer, known *peerbook.Peer) {
	for _, a := range known.Addresses {
		p.Addresses = append(p.Addresses, PeerAddress{d.book.Address(a.Contact), d.Wall(a.Heard)})
	}
	p.Met, p.Serves, p.Failing, p.Left = d.Wall(known.Met), known.Serves, known.Silent, known.Left
	p.Protocols, p.MoreProtocols, p.Asked = slices.Clone(known.Protocols), known.More, d.Wall(known.Asked)
	p.RTT, p.RTTVar = d.engine.RTT(known.Addresses[0].Contact)
}

// fromTable adds what the routing table says. The caller holds d.mu.
func (d *Driver) fromTable(p *Peer, c identity.Contact, seen time.Time) {
	a := d.book.Address(c)
	if !slices.ContainsFunc(p.Addresses, func(k PeerAddress) bool { return k.Address == a }) {
		p.Addresses = append(p.Addresses, PeerAddress{a, d.Wall(seen)})
	}
	p.InTable, p.Serves = true, true
	p.Failing = p.Failing || d.engine.Table().Failing(c)
	if p.RTT == 0 {
		p.RTT, p.RTTVar = d.engine.RTT(c)
	}
}

// fromSession adds what the session with the peer says.
func fromSession(p *Peer, a identity.Address) {
	p.Session = true
	if len(p.Addresses) == 0 {
		p.Addresses = []PeerAddress{{Address: a}}
	}
}

// newPeers makes the book of peers. Those of the routing table are forgotten last.
func (d *Driver) newPeers(limit int) {
	d.peers = peerbook.New(&d.book, cmp.Or(limit, DefaultPeers), func(c identity.Contact) bool {
		_, held := d.engine.Table().Find(d.book.Position(c))
		return held
	})
}
