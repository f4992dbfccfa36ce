// Package world has what both sides share: the keys of the hosts, and so their positions, the
// true nearest hosts of every key, and the validator of the values.
package world

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/multiformats/go-multihash"

	"kadmium/identity"
)

// A Seed is the RFC 8032 seed of a host's Ed25519 key.
type Seed [32]byte

// Host is the key seed of host i of a world.
func Host(world uint64, i int) Seed {
	var b [24]byte
	copy(b[:8], "kad host")
	binary.BigEndian.PutUint64(b[8:], world)
	binary.BigEndian.PutUint64(b[16:], uint64(i))
	return sha256.Sum256(b[:])
}

// ID is the peer ID of the seed's key, the same on both sides.
func (s Seed) ID() identity.ID { return identity.KeyFromSeed(s).ID() }

// Nearest is the n hosts of ids nearest to the position of a key, nearest first, without
// except: the result of a perfect lookup by that host.
func Nearest(ids []identity.ID, key []byte, n int, except identity.ID) []identity.ID {
	target := identity.KeyPosition(key)
	return NearestTo(ids, target, n, except)
}

// NearestTo is Nearest for a position.
func NearestTo(ids []identity.ID, target identity.Position, n int, except identity.ID) []identity.ID {
	type placed struct {
		id identity.ID
		at identity.Position
	}
	all := make([]placed, 0, len(ids))
	for _, id := range ids {
		if id != except {
			all = append(all, placed{id, id.Position()})
		}
	}
	slices.SortFunc(all, func(a, b placed) int { return identity.Compare(&target, &a.at, &b.at) })
	nearest := make([]identity.ID, 0, n)
	for _, p := range all[:min(n, len(all))] {
		nearest = append(nearest, p.id)
	}
	return nearest
}

// Full is how many contacts the table of a host has when every bucket holds k contacts, or
// all hosts of its range if there are fewer.
func Full(ids []identity.ID, self identity.ID, k int) int {
	at := self.Position()
	var within [identity.Bits + 1]int
	for _, id := range ids {
		if id != self {
			p := id.Position()
			within[identity.CommonPrefixLen(&at, &p)]++
		}
	}
	full := 0
	for _, n := range within {
		full += min(n, k)
	}
	return full
}

// Surely is those of the k hosts nearest to a host that are in its table when every bucket
// holds k contacts, or all hosts of its range if there are fewer, whichever contacts those
// are.
func Surely(ids []identity.ID, self identity.ID, k int) []identity.ID {
	at := self.Position()
	depth := func(id identity.ID) int {
		p := id.Position()
		return identity.CommonPrefixLen(&at, &p)
	}
	var within [identity.Bits + 1]int
	for _, id := range ids {
		if id != self {
			within[depth(id)]++
		}
	}
	return slices.DeleteFunc(NearestTo(ids, at, k, self), func(id identity.ID) bool { return within[depth(id)] > k })
}

// ContentKey is the key of the content of a name: the bytes of a multihash, from which libp2p
// computes the position.
func ContentKey(name string) multihash.Multihash {
	sum, err := multihash.Sum([]byte(name), multihash.SHA2_256, -1)
	if err != nil {
		panic(err) // SHA-256 is always there
	}
	return sum
}
