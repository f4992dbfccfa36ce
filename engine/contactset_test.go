package engine

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A contactSet finds what a list searched from end to end does.
func TestContactSetAgainstAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 40
		var s contactSet[uint64]
		var list []uint64
		any := rapid.Custom(func(t *rapid.T) uint64 { // few last bytes, so that they agree
			return rapid.Uint64Range(0, 20).Draw(t, "high")<<8 | rapid.Uint64Range(0, 3).Draw(t, "low")
		})
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				c := any.Draw(t, "one")
				if len(list) == most || slices.Contains(list, c) {
					return
				}
				s.add(c, most)
				list = append(list, c)
			},
			"remove": func(t *rapid.T) {
				i := rapid.IntRange(0, len(list)).Draw(t, "from")
				j := rapid.IntRange(i, len(list)).Draw(t, "to")
				s.remove(i, j)
				list = slices.Delete(list, i, j)
			},
			"": func(t *rapid.T) {
				if c := any.Draw(t, "sought"); s.index(c) != slices.Index(list, c) {
					t.Fatalf("%d is at %d, not %d", c, slices.Index(list, c), s.index(c))
				}
				if cap(s.all) > most || cap(s.tags) > most {
					t.Fatalf("room for %d and %d", cap(s.all), cap(s.tags))
				}
			},
		})
	})
}
