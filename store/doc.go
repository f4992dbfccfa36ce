// Package store keeps the records and provider entries that a node holds for
// others, and those that it publishes itself (Kademlia, sections 2.3 and 2.5;
// design R6.1 to R6.16). It decides which of two records of a key wins, how long
// each lives, when a key is due to be replicated or published again, and how much
// one source may store.
//
// A Store lives in memory and is pure: time and randomness come in as arguments,
// and every method returns the changes of the journal, which package store/disk
// writes. Each file is named after the rule that it holds.
//
// A Store is not safe for concurrent use. Namespaces are, so that signatures can
// be checked on other goroutines.
package store
