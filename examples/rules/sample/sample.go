// Package sample is a policy of routing tables, for kad sim --table sample: each bucket
// keeps the k contacts whose hashes are the least of all that it heard, and so a uniform
// sample of them, whatever the order in which they came. Kademlia's buckets keep the
// oldest (section 2.2), which are much the same in all tables of a region; theory takes
// them for samples. The hash depends on the node, so that samples differ.
//
// A table for hostile networks would key the hash with a secret of the node's.
package sample

import (
	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/sim"
)

func init() { sim.RegisterTable("sample", New) }

type policy struct{ kbucket.Plain }

// New is the policy of one table.
func New() kbucket.Policy { return policy{} }

// Displace is the contact with the greatest hash, unless that of the newcomer is greater.
func (policy) Displace(v kbucket.View) int {
	leaves, greatest := -1, rank(v, v.Replacement(0))
	for i := range v.Contacts() {
		if r := rank(v, v.Contact(i)); r > greatest {
			leaves, greatest = i, r
		}
	}
	return leaves
}

// Promote is the replacement with the least hash.
func (policy) Promote(v kbucket.View) int {
	first := 0
	for i := range v.Replacements() {
		if rank(v, v.Replacement(i)) < rank(v, v.Replacement(first)) {
			first = i
		}
	}
	return first
}

// rank is a contact's hash at this node.
func rank(v kbucket.View, c identity.Contact) uint64 {
	return mix(mix(v.Self().Prefix()) ^ v.Book().Position(c).Prefix())
}

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
