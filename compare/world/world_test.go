package world

import (
	"bytes"
	"errors"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kadmium/identity"
)

// population is some hosts of one world, each once.
func population(t *rapid.T) []identity.ID {
	var ids []identity.ID
	for i := range rapid.IntRange(0, 60).Draw(t, "hosts") {
		ids = append(ids, Host(1, i).ID())
	}
	return ids
}

// distance is the XOR metric as a number (Kademlia, section 2.1).
func distance(a, b identity.Position) *big.Int {
	return new(big.Int).Xor(new(big.Int).SetBytes(a[:]), new(big.Int).SetBytes(b[:]))
}

// Nearest against a model that takes the nearest of the rest, time and again.
func TestNearestAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := population(t)
		key := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "key")
		n := rapid.IntRange(0, 70).Draw(t, "n")
		except := Host(1, rapid.IntRange(0, 70).Draw(t, "except")).ID()
		if rapid.Bool().Draw(t, "a host itself") && len(ids) > 0 {
			b := ids[0].Bytes()
			key = b[:]
		}

		target := identity.KeyPosition(key)
		rest := slices.DeleteFunc(slices.Clone(ids), func(id identity.ID) bool { return id == except })
		var want []identity.ID
		for len(want) < n && len(rest) > 0 {
			best := 0
			for i := range rest {
				if distance(rest[i].Position(), target).Cmp(distance(rest[best].Position(), target)) < 0 {
					best = i
				}
			}
			want = append(want, rest[best])
			rest = slices.Delete(rest, best, best+1)
		}
		before := slices.Clone(ids)
		if got := Nearest(ids, key, n, except); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		if !slices.Equal(ids, before) {
			t.Fatal("the hosts were moved")
		}
	})
}

// Full against a model that goes through the buckets: bucket i has those at a distance
// of exactly 256-i bits.
func TestFullAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := population(t)
		self := Host(1, rapid.IntRange(0, 70).Draw(t, "self")).ID()
		k := rapid.IntRange(1, 25).Draw(t, "k")
		want := 0
		for bits := 1; bits <= identity.Bits; bits++ {
			in := 0
			for _, id := range ids {
				if distance(id.Position(), self.Position()).BitLen() == bits {
					in++
				}
			}
			want += min(in, k)
		}
		if got := Full(ids, self, k); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	})
}

// Hosts differ by world and number, and are the same in each run.
func TestHosts(t *testing.T) {
	seen := make(map[Seed]bool)
	for w := range uint64(3) {
		for i := range 100 {
			s := Host(w, i)
			if seen[s] || s != Host(w, i) {
				t.Fatalf("host %d of world %d", i, w)
			}
			seen[s] = true
		}
	}
	if a, b := ContentKey("a"), ContentKey("b"); len(a) != 34 || bytes.Equal(a, b) {
		t.Errorf("content keys %x and %x", a, b)
	}
}

// The winner is the valid value with the highest sequence and then the greatest
// bytes, wherever it stands.
func TestSequencedSelect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type sequenced struct {
			sequence uint64
			payload  string
		}
		var values [][]byte
		var best *sequenced
		for range rapid.IntRange(0, 6).Draw(t, "values") {
			if rapid.IntRange(0, 4).Draw(t, "short") == 0 {
				values = append(values, rapid.SliceOfN(rapid.Byte(), 0, 7).Draw(t, "value"))
				continue
			}
			v := sequenced{rapid.Uint64Range(0, 3).Draw(t, "sequence"), rapid.StringN(0, 3, 12).Draw(t, "payload")}
			values = append(values, Value(v.sequence, v.payload))
			if best == nil || v.sequence > best.sequence || v.sequence == best.sequence && v.payload > best.payload {
				best = &v
			}
		}
		i, err := new(Sequenced).Select("", values)
		if best == nil {
			if !errors.Is(err, ErrBadValue) {
				t.Fatalf("of no valid value: %d, %v", i, err)
			}
			return
		}
		if err != nil || !bytes.Equal(values[i], Value(best.sequence, best.payload)) {
			t.Fatalf("of %x won %d, %v; want %+v", values, i, err, *best)
		}
	})
}

func TestSequencedValidate(t *testing.T) {
	var s Sequenced
	if err := s.Validate("", Value(1, "")); err != nil {
		t.Errorf("a value without payload: %v", err)
	}
	if err := s.Validate("", make([]byte, 7)); !errors.Is(err, ErrBadValue) {
		t.Errorf("7 bytes: %v", err)
	}
	s.Refuse("bad")
	for payload, want := range map[string]error{"bad": ErrBadValue, "bad too": nil, "": nil} {
		if err := s.Validate("", Value(1, payload)); !errors.Is(err, want) {
			t.Errorf("%q: %v", payload, err)
		}
	}
	s.Refuse("")
	if s.Validate("", Value(1, "")) == nil || s.Validate("", Value(1, "bad")) != nil {
		t.Error("the payload refused last is not the one that is refused")
	}
}

// Which nodes a table holds of a range with more than k is chance; of any other range it
// holds all.
func TestSurely(t *testing.T) {
	var ids []identity.ID
	for i := range 60 {
		ids = append(ids, Host(5, i).ID())
	}
	for _, k := range []int{1, 4, 20, 60} {
		for _, self := range ids {
			at, last := self.Position(), -1
			got := Surely(ids, self, k)
			for _, id := range got {
				p := id.Position()
				depth, within := identity.CommonPrefixLen(&at, &p), 0
				for _, other := range ids {
					q := other.Position()
					if other != self && identity.CommonPrefixLen(&at, &q) == depth {
						within++
					}
				}
				if within > k {
					t.Errorf("k %d: a node of a range of %d is named", k, within)
				}
				if last >= 0 && depth > last {
					t.Errorf("k %d: a nearer node follows a farther one", k)
				}
				last = depth
			}
			if len(got) > k || k == 60 && len(got) != 59 {
				t.Errorf("k %d: %d nodes", k, len(got))
			}
		}
	}
}
