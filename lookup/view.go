package lookup

import (
	"iter"
	"time"

	"kadmium/identity"
)

// A View is what a Rule sees of a lookup: one of its paths, or the whole if it has one
// path. It is read-only, and valid until the method that got it returns; so are the
// candidates.
type View struct {
	l    *Lookup
	path int
	mask uint8 // the paths whose candidates it has
}

func (l *Lookup) view(p int) View { return View{l, p, 1 << p} }

// whole is the view of all paths together.
func (l *Lookup) whole() View { return View{l, 0, 1<<MaxPaths - 1} }

// Candidates are the contacts that the path knows, nearest to the target first. A peer
// that was named at several addresses is one candidate until the first has failed.
func (v View) Candidates() iter.Seq[*Candidate] {
	return func(yield func(*Candidate) bool) {
		entries := v.l.list.entries
		for i := range entries {
			if e := &entries[i]; e.paths&v.mask != 0 && e.state != spare && !yield(e) {
				return
			}
		}
	}
}

// has reports whether c is one of the candidates, and not what was one, or never was.
func (v View) has(c *Candidate) bool {
	for i := range v.l.list.entries {
		if c == &v.l.list.entries[i] {
			return c.paths&v.mask != 0
		}
	}
	return false
}

// K is Config.K.
func (v View) K() int { return v.l.cfg.K }

// Alpha is the path's share of Config.Alpha, at least 1.
func (v View) Alpha() int { return (v.l.cfg.Alpha + v.l.cfg.DisjointPaths - 1) / v.l.cfg.DisjointPaths }

// InFlight is how many requests count against alpha.
func (v View) InFlight() int { return v.l.paths[v.path].inFlight }

// Elapsed is the time since the lookup began.
func (v View) Elapsed() time.Duration { return v.l.now.Sub(v.l.stats.Started) }

// Target is what the lookup looks for.
func (v View) Target() *identity.Position { return &v.l.list.target }

// Book has the positions and addresses of contacts.
func (v View) Book() identity.Book { return v.l.list.book }

// Distance is a candidate's distance to the target in bits: 256 for the other half of
// the keyspace, 0 for the target's position.
func (v View) Distance(c *Candidate) int { return v.l.list.distance(c) }

// Contact is the peer at one address.
func (c *Candidate) Contact() identity.Contact { return c.contact }

// NamedBy is the contact that first named it, 0 for one of the searcher's own table.
func (c *Candidate) NamedBy() identity.Contact { return c.namedBy }

// Near is the first 64 bits of its distance to the target: divided by 2^64, its distance
// as a share of the keyspace.
func (c *Candidate) Near() uint64 { return c.near }

// Hop is 1 for a contact of the searcher's own table, and for another the hop of who
// named it and 1 (design R5.14).
func (c *Candidate) Hop() int { return int(c.hop) }

// Round is the round of the request to it (design R5.16), 0 for none.
func (c *Candidate) Round() int { return int(c.round) }

// Sent is when it was asked, from the start of the lookup.
func (c *Candidate) Sent() time.Duration { return c.sent }

// Unasked reports whether it was not asked.
func (c *Candidate) Unasked() bool { return c.state == unasked }

// InFlight reports whether it was asked, and its answer is neither there nor late.
func (c *Candidate) InFlight() bool { return c.state == asked }

// Late reports whether it was set aside: its answer is late, and still taken.
func (c *Candidate) Late() bool { return c.state == aside || c.state == overrun }

// Overrun reports whether it is not waited for any more: it is late by W (design R5.27).
func (c *Candidate) Overrun() bool { return c.state == overrun }

// waited reports whether it is waited for.
func (c *Candidate) waited() bool { return c.state == asked || c.state == aside }

// Answered reports whether it has answered.
func (c *Candidate) Answered() bool { return c.state == answered }

// Failed reports whether it answered none of the tries.
func (c *Candidate) Failed() bool { return c.state == failed }

// Found reports whether it had what is sought.
func (c *Candidate) Found() bool { return c.found }

// Live reports whether it counts among the closest: it has neither failed nor been set
// aside.
func (c *Candidate) Live() bool { return c.state == unasked || c.state == asked || c.state == answered }
