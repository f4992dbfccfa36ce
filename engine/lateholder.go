package engine

import (
	"slices"

	"kadmium/identity"
	"kadmium/rpc"
)

// Who is late to confirm a write would hold up its operation for all its tries (design
// R6.44). So the next closest that answered replaces it, and the operation ends
// when all others have confirmed. Its request goes on, and an answer before the end counts.

// spareK times k is the number of contacts of the table that are looked through for spares.
const spareK = 2

// replaceLate lets a write of an operation replace holders that are late by others that
// answered the lookup.
func (f *fanOut) replaceLate(l *activeLookup, holders int) {
	f.lookup, f.holders = l, holders
}

// spares are those that may replace holders: the closest others that answered the lookup,
// then contacts of the table that it did not need, and that have answered this node before.
func (l *activeLookup) spares(holders int) []identity.Contact {
	e := l.e
	spares := l.state.AllAnswered(nil)[holders:]
	var asked []identity.Contact
	l.state.EachAsked(func(c identity.Contact) { asked = append(asked, c) })
	e.scratch().contacts = e.table.Nearest(e.scratch().contacts[:0], &l.target, spareK*e.cfg.K)
	for _, c := range e.scratch().contacts {
		if e.rtts.knows(c) && !e.hasFailed(c) && e.mayAsk(c) && !slices.Contains(asked, c) {
			spares = append(spares, c)
		}
	}
	return spares[:min(len(spares), e.cfg.K)]
}

// overran replaces a holder that did not confirm its first try in time. Where nobody is left
// to replace it, it is not waited for after its second try, if half of all have confirmed.
func (f *fanOut) overran(r *rpc.Request) {
	if f.lookup == nil || slices.Contains(f.late, r.To) {
		return
	}
	if f.late == nil {
		f.spares = f.lookup.spares(f.holders)
	}
	switch {
	case len(f.spares) > 0:
		next := f.spares[0]
		f.spares = f.spares[1:]
		f.outstanding++
		if !f.e.ask(f.owner, next, f.write(next)) {
			f.silent(next)
		}
	case r.Tries == 2 || f.confirmed < f.outstanding+len(f.late):
		return
	}
	f.e.counters.seldom().LateHolders++
	f.late = append(f.late, r.To)
	f.settle()
}

// awaitAgain undoes overran for a holder whose request has ended.
func (f *fanOut) awaitAgain(c identity.Contact) {
	if i := slices.Index(f.late, c); i >= 0 {
		f.late = slices.Delete(f.late, i, i+1)
		f.outstanding++
	}
}
