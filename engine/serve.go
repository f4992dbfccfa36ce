package engine

import (
	"math"
	"net/netip"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// serve answers a request. A first contact is answered and changes nothing here (design
// R3.1).
func (e *Engine) serve(in *Inbound) {
	m := in.Message
	e.counters.Served[m.Type]++
	switch {
	case in.FirstContact, in.Left:
	case in.Proven:
		e.contacted(in.From, m.Serves, true)
	default:
		if held, ok := e.table.Find(e.book.Position(in.From)); ok && held != in.From {
			e.probeMoved(in)
		}
	}
	if !in.Proven && !m.Type.IsRead() {
		e.refuse(in, rpc.Unproven)
		return
	}
	switch m.Type {
	case rpc.Ping:
		e.servePing(in)
	case rpc.FindNode:
		e.nameClosest(in, e.answer(in), in.Room)
		e.sendReply(in)
	case rpc.FindValue:
		e.serveValue(in)
	case rpc.Store:
		e.serveStore(in)
	case rpc.AddProvider:
		e.serveAddProvider(in)
	case rpc.GetProviders:
		e.serveProviders(in)
	case rpc.AppMessage:
		e.counters.seldom().Delivered++
		e.emit(Effect{Kind: Deliver, Token: in.Token, To: in.From, Message: m})
	}
}

// answer begins the reply to a request, in the engine's only reply message. It says
// where the request came from; a first response says so in its head.
func (e *Engine) answer(in *Inbound) *rpc.Message {
	m := e.newReply(in.Message.Type, in.Message.ID)
	if !in.FirstContact {
		m.Observed = e.book.Address(in.From).Endpoint
	}
	return m
}

func (e *Engine) newReply(t rpc.Type, id uint64) *rpc.Message {
	m := e.scratch().emptyReply()
	m.Type, m.ID, m.Response, m.Serves = t, id, true, e.mode == Server
	return m
}

func (e *Engine) sendReply(in *Inbound) {
	e.emit(Effect{Kind: SendReply, Token: in.Token, Message: e.scratch().reply})
}

func (e *Engine) refuse(in *Inbound, s rpc.Status) {
	e.counters.seldom().Refused[s]++
	e.answer(in).Status = s
	e.sendReply(in)
}

func (e *Engine) servePing(in *Inbound) {
	m := e.answer(in)
	if in.Message.WantProtocols && !in.FirstContact && e.cfg.Protocols != nil {
		e.nameProtocols(in, m)
	}
	e.sendReply(in)
	e.dialedBack(in)
	if in.Message.DialBack && in.Proven {
		e.dialBack(in.From)
	}
}

// nameProtocols puts into m as many names of protocols as the answer has room for.
func (e *Engine) nameProtocols(in *Inbound, m *rpc.Message) {
	names, more := e.cfg.Protocols()
	m.MoreProtocols = true // counted either way
	for _, name := range names {
		m.Protocols = append(m.Protocols, name)
		if n := len(m.Protocols); n > rpc.MaxProtocols || rpc.Size(m, e.book) > in.Room {
			m.Protocols = m.Protocols[:n-1]
			return
		}
	}
	m.MoreProtocols = more
}

// nameClosest puts into m the k closest contacts in buckets (design R5.3), as many as fit
// into a body of room bytes. It leaves out the asker (but not
// another address of its ID: a namesake learns so of the other), contacts whose tag the asker
// listed, those of an address family that the asker cannot use, and local addresses if
// the asker's is public.
func (e *Engine) nameClosest(in *Inbound, m *rpc.Message, room int) {
	q := in.Message
	asker := e.book.Address(in.From)
	closest := e.closestFor(asker, q, min(e.cfg.K, rpc.MaxContacts))
	left := rpc.ContactsRoom(room, m)
	if left < 0 { // the rest comes before where the asker is seen
		m.Observed = netip.AddrPort{}
		left = rpc.ContactsRoom(room, m)
	}
	allFit := left >= len(closest)*rpc.MaxContactSize
	for _, c := range closest {
		if tagged(q, e.book.Position(c)) {
			continue
		}
		if allFit {
			m.Contacts = append(m.Contacts, c)
			continue
		}
		if left -= rpc.ContactSize(e.book.Address(c).Endpoint); left < 0 {
			m.More = true
			return
		}
		m.Contacts = append(m.Contacts, c)
	}
}

// closestFor returns the k closest contacts that the asker can use. Others are replaced
// by the next ones. Otherwise an asker of one address family would learn of nobody where
// most nodes are of the other. The result is scratch memory, valid until the next query
// of the table.
func (e *Engine) closestFor(asker identity.Address, q *rpc.Message, k int) []identity.Contact {
	for n := k; ; n *= 2 { // asking for k + 1 would cost one more bucket, and the asker is seldom among the k
		all := e.table.Nearest(e.scratch().contacts[:0], &q.Target, n)
		e.scratch().contacts = all[:0]
		if n == k && len(q.Known) > 0 && e.isCrowded(&q.Target, all) {
			return e.besideCrowd(asker, q, k)
		}
		for _, c := range all {
			if e.usable(asker, q, c) {
				e.scratch().contacts = append(e.scratch().contacts, c)
			}
		}
		if len(e.scratch().contacts) >= k || len(all) < n || n >= maxNamed*k {
			return e.scratch().contacts[:min(len(e.scratch().contacts), k)]
		}
	}
}

// usable reports whether a contact is named to an asker that does not know it.
func (e *Engine) usable(asker identity.Address, q *rpc.Message, c identity.Contact) bool {
	a := e.book.Address(c)
	ip := a.Endpoint.Addr()
	return a != asker && q.Families.Has(ip) && (!identity.IsLocal(ip) || identity.IsLocal(asker.Endpoint.Addr()))
}

// maxNamed times k contacts are looked at for an answer at most (design R5.25).
const maxNamed = 8

// besideCrowd returns those of the k closest contacts that the asker does not know, and up to
// k in all others of the subtree that holds k nodes, those nearest to this node first (design
// R5.25): each node tells so of other ones, and of few that stand together elsewhere.
func (e *Engine) besideCrowd(asker identity.Address, q *rpc.Message, k int) []identity.Contact {
	all := e.table.Nearest(e.scratch().contacts[:0], &q.Target, maxNamed*k)
	near, named, closest := e.table.Subtree(k), 0, 0
	for i, c := range all {
		p := e.book.Position(c)
		if !e.usable(asker, q, c) || tagged(q, p) || i >= k && identity.CommonPrefixLen(&q.Target, p) < near {
			continue
		}
		all[named] = c
		if named++; i < k {
			closest = named
		}
	}
	all = all[:named]
	slices.SortFunc(all[closest:], func(a, b identity.Contact) int {
		return identity.Compare(&e.cfg.Position, e.book.Position(a), e.book.Position(b))
	})
	e.scratch().contacts = all
	return all[:min(named, k)]
}

// isCrowded reports whether the k closest contacts to a target are much nearer to it than
// chance has it: two bits deeper than the subtree that holds k nodes around this one. Who
// knows of all of them is then told of others, who would otherwise be named by nobody
// (design R5.25).
func (e *Engine) isCrowded(target *identity.Position, closest []identity.Contact) bool {
	if len(closest) < e.cfg.K {
		return false
	}
	farthest := e.book.Position(closest[len(closest)-1])
	near := e.table.Subtree(e.cfg.K)
	return near >= smallNetwork && identity.CommonPrefixLen(target, farthest) >= near+2
}

// tagged reports whether the asker listed the tag of a contact.
func tagged(q *rpc.Message, p *identity.Position) bool {
	if len(q.Known) == 0 {
		return false
	}
	tag := rpc.Tag(q.ID, p)
	for _, t := range q.Known {
		if t == tag {
			return true
		}
	}
	return false
}

func (e *Engine) serveValue(in *Inbound) {
	m := e.answer(in)
	if r, ok := e.store.Get(e.now, in.Message.Key); ok {
		m.Record = r
		e.counters.seldom().Hits++
	}
	e.nameClosest(in, m, in.Room)
	e.sendReply(in)
}

// serveStore stores a record, and confirms it once the journal has it (design R6.19).
func (e *Engine) serveStore(in *Inbound) {
	m := in.Message
	if status, ok := e.mayKeep(in); !ok {
		e.refuse(in, status)
		return
	}
	var cas *uint64
	if m.CAS {
		cas = &m.CASSequence
	}
	position := identity.KeyPosition(m.Record.Key)
	source, between := e.book.Address(in.From).NetGroup(), e.between(&position)
	e.tellRegion()
	var status rpc.Status
	var changes []store.Change
	if m.Copy && !m.CAS {
		status, changes = e.store.PutCopy(e.now, m.Record, source, between, e.rnd)
	} else {
		status, changes = e.store.Put(e.now, m.Record, source, cas, between, e.rnd)
	}
	e.acknowledge(in, status, changes)
	if status == rpc.OK {
		e.event(Event{Kind: RecordStored, Contact: in.From, Key: m.Record.Key})
	}
}

func (e *Engine) serveAddProvider(in *Inbound) {
	m := in.Message
	if status, ok := e.mayKeep(in); !ok {
		e.refuse(in, status)
		return
	}
	position := identity.KeyPosition(m.Provider.Key)
	from, between := e.book.Address(in.From), e.between(&position)
	put := e.store.PutProvider
	if m.Provider.Peer.ID != from.ID {
		put = e.store.PutProviderCopy
	}
	e.tellRegion()
	status, changes := put(e.now, m.Provider, from.NetGroup(), between, e.rnd)
	e.acknowledge(in, status, changes)
}

// tellRegion tells a store with little room the region in which this node is a holder: k of N
// nodes are within it (design R6.42). In a small network it is everything.
func (e *Engine) tellRegion() {
	if !e.store.Tight() {
		return
	}
	radius := uint64(math.MaxUint64)
	if size, k := e.networkSize(), float64(e.cfg.K); size > 2*k {
		const keyspace = (1 << 63) * 2.0
		radius = uint64(keyspace / size * k)
	}
	e.store.SetRegion(&e.cfg.Position, radius)
}

// mayKeep says whether this node may store a write, and with which status it is refused
// otherwise. A client stores nothing: nobody would look for it there.
func (e *Engine) mayKeep(in *Inbound) (rpc.Status, bool) {
	switch {
	case in.Invalid != nil:
		return store.StatusOf(in.Invalid), false
	case e.mode != Server, !e.unsynced.haveRoom(e.book.Address(in.From).NetGroup()):
		return rpc.Full, false
	}
	return rpc.OK, true
}

// acknowledge replies to a write: at once, or when the journal has synced its entries
// (design R1.12).
func (e *Engine) acknowledge(in *Inbound, status rpc.Status, changes []store.Change) {
	if status != rpc.OK || len(changes) == 0 || !e.cfg.Durable {
		if status != rpc.OK {
			e.counters.seldom().Refused[status]++
		}
		e.answer(in).Status = status
		e.sendReply(in)
		return
	}
	kind, id, token := in.Message.Type, in.Message.ID, in.Token
	from := e.book.Address(in.From).Endpoint // a write is no first contact
	e.persistFor(e.book.Address(in.From).NetGroup(), changes, func(err error) {
		m := e.newReply(kind, id)
		m.Observed = from
		if err != nil {
			m.Status = rpc.Failed
		}
		e.emit(Effect{Kind: SendReply, Token: token, Message: m})
	})
}

// Respond is the answer of the handler to a MESSAGE that was delivered.
func (e *Engine) Respond(now time.Time, token uint64, status rpc.Status, payload []byte, fx []Effect) []Effect {
	e.enter(now, fx)
	m := e.newReply(rpc.AppMessage, 0)
	m.Status, m.Payload = status, payload
	e.emit(Effect{Kind: SendReply, Token: token, Message: m})
	return e.leave()
}
