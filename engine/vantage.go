package engine

import (
	"net/netip"
	"time"

	"kadmium/identity"
)

// A vantage is what counts as one peer where several have to agree (design R7.16): a
// subnet, and each peer where addresses are local.
type vantage struct {
	subnet netip.Prefix
	peer   identity.ID
}

func vantageOf(a identity.Address) vantage {
	if ip := a.Endpoint.Addr(); !identity.IsLocal(ip) {
		return vantage{subnet: identity.Subnet(ip)}
	}
	return vantage{peer: a.ID}
}

// randomContact is one of the contacts in buckets for which usable is true, each as likely
// as any other. Contacts that failed are left out.
func (e *Engine) randomContact(usable func(identity.Contact) bool) (chosen identity.Contact, ok bool) {
	n := 0
	e.table.Each(func(c identity.Contact, _ time.Time, failures, _ int) {
		if failures > 0 || !usable(c) {
			return
		}
		if n++; e.rnd.IntN(n) == 0 {
			chosen = c
		}
	})
	return chosen, n > 0
}
