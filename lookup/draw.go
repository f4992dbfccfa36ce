package lookup

import (
	"fmt"
	"strings"
)

// String draws the shortlist, nearest first: state, contact, distance in bits, hop,
// round of its request, and the contact that named it.
func (l *Lookup) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d asked, %d answered, %d failed\n", l.reason, l.stats.RPCs, l.stats.Answered, l.stats.Failed)
	for i := range l.list.entries {
		e := &l.list.entries[i]
		fmt.Fprintf(&b, "%-9s #%d distance %d hop %d", e.state, e.contact, l.list.distance(e), e.hop)
		if e.round != 0 {
			fmt.Fprintf(&b, " round %d", e.round)
		}
		if e.namedBy != 0 {
			fmt.Fprintf(&b, " named by #%d", e.namedBy)
		}
		if l.cfg.DisjointPaths > 1 {
			fmt.Fprintf(&b, " paths %0*b", l.cfg.DisjointPaths, e.paths)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// String is the state in words.
func (s state) String() string {
	return [...]string{"unasked", "spare", "asked", "set aside", "overrun", "answered", "failed"}[s]
}
