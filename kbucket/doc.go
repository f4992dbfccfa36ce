// Package kbucket is a node's routing table: the contacts it knows, by XOR
// distance from itself (Kademlia, sections 2.2, 2.3 and 4.1).
//
// There is one bucket a common-prefix length: bucket i holds the contacts that
// share exactly i leading bits with the node, k of them at most, least recently
// seen first. Each file holds one rule:
//
//	seen.go         what a message from a contact changes (section 2.2)
//	policy.go       who is kept, where others may decide (design R4.29)
//	preference.go   whom this project's nodes prefer (design R4.30)
//	replacement.go  which contacts wait for a place in a full bucket (section 4.1)
//	eviction.go     which contact is probed, which leaves, which takes its place
//	kept.go         places kept after a restart for the contacts of before (design R4.34)
//	limits.go       how many contacts one subnet may have (design R4.5)
//	nearest.go      the contacts nearest to a target (section 2.3)
//	distance.go     the buckets in the order of their distance from a target
//	refresh.go      which buckets need a lookup (section 2.3)
//
// The package reads no clock: the time is an argument that never decreases. It sends
// nothing: Probe and RefreshDue say what is to be sent.
//
// A Table is not safe for concurrent use, and neither are two Tables that share
// a Book which changes.
package kbucket
