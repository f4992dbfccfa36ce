package kbucket

import (
	"fmt"
	"strings"
)

// String draws the table, a line a bucket that holds anybody: a square for each
// contact, least recently seen first, its number of failures in place of the
// square if it has any; then those that wait.
//
//	0 ■■■■■■2■■■■■■■■■■■■■ +3
//	1 ■■■■■■■
func (t *Table) String() string {
	var s strings.Builder
	for i := range t.buckets {
		b := &t.buckets[i]
		if len(b.contacts) == 0 {
			continue
		}
		fmt.Fprintf(&s, "%3d ", i)
		for _, e := range b.contacts {
			if f := e.failures(); f > 0 {
				fmt.Fprint(&s, f)
			} else {
				s.WriteRune('■')
			}
		}
		if n := len(b.waiting); n > 0 {
			fmt.Fprintf(&s, " +%d", n)
		}
		s.WriteByte('\n')
	}
	return s.String()
}
