package rpc

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kadmium/identity"
)

// The places that tags come from lie in the last 24 bytes, all of them used.
func TestTagPlaces(t *testing.T) {
	var p identity.Position
	for i := range p {
		p[i] = byte(i)
	}
	seen := make(map[uint16]bool)
	for id := range uint64(2 * tagPlaces) {
		tag := Tag(id, &p)
		at := byte(8 + id%23)
		if want := uint16(at)<<8 | uint16(at+1); tag != want {
			t.Errorf("request %d: tag %04x, want %04x", id, tag, want)
		}
		seen[tag] = true
	}
	if len(seen) != tagPlaces || !seen[30<<8|31] {
		t.Errorf("%d places, want %d up to the position's end", len(seen), tagPlaces)
	}
	Tag(1<<64-1, &p) // no place beyond the end
}

func TestTagsArePacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Uint16(), 0, MaxTags).Draw(t, "tags")
		got, err := parseTags(nil, appendTags(nil, want))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%v became %v, %v", want, got, err)
		}
	})
}

// Two nodes near one target, with 8 bytes in common, have different tags in almost every
// request.
func TestTagsTellNeighboursApart(t *testing.T) {
	a := identity.KeyPosition([]byte("a"))
	b := identity.RandomInRange(&a, 64, identity.KeyPosition([]byte("b")))
	same := 0
	for id := range uint64(tagPlaces) {
		if Tag(id, &a) == Tag(id, &b) {
			same++
		}
	}
	if same > 1 {
		t.Errorf("%d of %d tags are the same", same, tagPlaces)
	}
}
