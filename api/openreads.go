package api

import (
	"net/http"
	"net/netip"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"kadmium"
	"kadmium/identity"
)

// Bounds of what anybody may read with TCPConfig.Open (design R9.14).
const (
	openRate     = 10  // a second, of one netgroup
	openBurst    = 40  // at once
	openAllRate  = 200 // a second, of everybody: who has many networks has as many limiters
	openAllBurst = 400
	openAtOnce   = 64 // of everybody
	openShare    = 8  // of these, of one netgroup
	openGroups   = 4096
	openTimeout  = DefaultTimeout // of a read, at most
)

// openReads limits the reads of clients without the token.
type openReads struct {
	running chan struct{} // a place for each
	counts  *refusals
	all     *rate.Limiter // of everybody

	mu     sync.Mutex
	groups *simplelru.LRU[netip.Prefix, *rate.Limiter]
	held   map[netip.Prefix]int // places, by netgroup
}

func newOpenReads(counts *refusals) *openReads {
	groups, _ := simplelru.NewLRU[netip.Prefix, *rate.Limiter](openGroups, nil) // fails only for sizes <= 0
	return &openReads{
		running: make(chan struct{}, openAtOnce), counts: counts, all: rate.NewLimiter(openAllRate, openAllBurst),
		groups: groups, held: make(map[netip.Prefix]int),
	}
}

// begin takes a place for a read, which done gives back. One that is streamed would hold a
// place among the streams, and needs the token.
func (o *openReads) begin(r *http.Request) (done func(), err error) {
	if r.ContentLength != 0 { // it would be waited for, and the place be held
		return nil, badRequest("send none", "a read has no body")
	}
	group := groupOf(r.RemoteAddr)
	if !o.allowed(group) {
		o.counts.rate.Add(1)
		return nil, tooMany("this network reads too much: 10 a second, 40 at once")
	}
	if !o.all.Allow() { // after the netgroup's own, which alone shall not use this up
		o.counts.allRate.Add(1)
		return nil, tooMany("all who have no token read too much: 200 a second, 400 at once")
	}
	if !o.take(group) {
		o.counts.rate.Add(1)
		return nil, tooMany("too many read at once")
	}
	return func() { o.release(group) }, nil
}

// take takes a place, if there is one and the netgroup has not its share already.
func (o *openReads) take(group netip.Prefix) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.held[group] == openShare {
		return false
	}
	select {
	case o.running <- struct{}{}:
		o.held[group]++
		return true
	default:
		return false
	}
}

func (o *openReads) release(group netip.Prefix) {
	o.mu.Lock()
	defer o.mu.Unlock()
	<-o.running
	if o.held[group]--; o.held[group] == 0 {
		delete(o.held, group)
	}
}

func (o *openReads) allowed(group netip.Prefix) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	l, ok := o.groups.Get(group)
	if !ok {
		l = rate.NewLimiter(openRate, openBurst)
		o.groups.Add(group, l)
	}
	return l.Allow()
}

func tooMany(detail string) *Problem {
	p := problem("busy", kadmium.ErrBusy.Error(), http.StatusTooManyRequests, exitNotDone, "wait a second, or send the node's token", "%s", detail)
	p.header = http.Header{"Retry-After": {"1"}}
	return p
}

// groupOf is what counts as one client by its address: the subnet (identity.NetGroup), at a
// local address the host.
func groupOf(remote string) netip.Prefix {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{} // of a listener that is no socket
	}
	if group := (identity.Address{Endpoint: at}).NetGroup(); group.Subnet.IsValid() {
		return group.Subnet
	}
	return identity.Host(at.Addr())
}
