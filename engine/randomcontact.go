package engine

import (
	"time"

	"kadmium/identity"
)

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
