package engine

import (
	"slices"

	"kadmium/identity"
)

// A restart begins with the contacts of before (design R4.34). The table keeps their places,
// and each is sent a PING once somebody has answered the join: by the fill of its bucket,
// or else by a greeting, nearest first. Otherwise whoever speaks first after a restart
// would have the table.

// keepPlaces keeps the places of the contacts that an earlier run saved.
func (e *Engine) keepPlaces(saved []identity.Address) {
	for _, a := range saved {
		if !a.ID.IsZero() && a.ID != e.cfg.Self && e.cfg.Families.Has(a.Endpoint.Addr()) {
			e.table.Keep(e.now, e.book.Intern(a))
		}
	}
}

// former are the contacts that places are kept for, the nearest first.
func (e *Engine) former() (contacts []identity.Contact) {
	e.table.EachKept(func(c identity.Contact, _ int) { contacts = append(contacts, c) })
	slices.SortFunc(contacts, func(a, b identity.Contact) int {
		return identity.Compare(&e.cfg.Position, e.book.Position(a), e.book.Position(b))
	})
	return contacts
}

// greetFormer sends a PING to each contact that a place is kept for, but for those asked
// already, or has the greeting that runs do so.
func (e *Engine) greetFormer(asked func(identity.Contact) bool) {
	if e.table.Kept() == 0 {
		return
	}
	former := slices.DeleteFunc(e.former(), func(c identity.Contact) bool {
		return asked(c) || e.greeting != nil && slices.Contains(e.greeting.waiting, c)
	})
	if e.greeting != nil {
		e.greeting.waiting = append(e.greeting.waiting, former...)
		return
	}
	e.greet(former)
}

// takeFormer are the contacts of a bucket that places are kept for and that wait for their
// PING, which a fill sends in the greeting's stead.
func (e *Engine) takeFormer(bucket int) (taken []identity.Contact) {
	if e.greeting == nil {
		e.table.EachKept(func(c identity.Contact, cpl int) {
			if cpl == bucket {
				taken = append(taken, c)
			}
		})
		return taken
	}
	e.table.EachKept(func(c identity.Contact, cpl int) {
		if i := slices.Index(e.greeting.waiting, c); i >= 0 && cpl == bucket {
			e.greeting.waiting = slices.Delete(e.greeting.waiting, i, i+1)
			taken = append(taken, c)
		}
	})
	return taken
}

func nobodyAsked(identity.Contact) bool { return false }
