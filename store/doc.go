// Package store keeps what a node holds for others, records and provider
// entries, and what it publishes itself (Kademlia, sections 2.3 and 2.5; design,
// section 6): who wins among values of a key, how long each lives, when it is
// due to be stored again, and how much one source may fill.
//
// A Store lives in memory and is pure: time and randomness come in as arguments,
// and every change comes out as journal operations, which package store/disk
// writes. A file here is named after the rule it holds.
//
// A Store is driven by one caller at a time. Namespaces may be used by many at
// once, so that signatures can be checked beside it.
package store
