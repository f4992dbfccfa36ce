package kbucket

import (
	"fmt"
	"strings"
)

// String draws the table, one line for each bucket that is not empty: a square for
// each contact, least recently seen first, or its number of failures if it has any;
// then the number of replacements.
//
//	0 ■■■■■■2■■■■■■■■■■■■■ +3
//	1 ■■■■■■■
func (t *Table) String() string {
	var s strings.Builder
	for i := range t.buckets {
		b := &t.buckets[i]
		if b.contacts == 0 {
			continue
		}
		fmt.Fprintf(&s, "%3d ", i)
		for _, e := range t.of(b) {
			if f := e.failures(); f > 0 {
				fmt.Fprint(&s, f)
			} else {
				s.WriteRune('■')
			}
		}
		if n := b.replacements; n > 0 {
			fmt.Fprintf(&s, " +%d", n)
		}
		s.WriteByte('\n')
	}
	return s.String()
}
