// Package disk keeps a store's journal in one bbolt file, so that what a node
// acknowledged survives kill -9 (design, section 6).
//
// bbolt writes copy-on-write pages and then one of two meta pages, each step
// synced, so a crash leaves the last transaction whole or absent. What it does
// not do is notice damage: data pages carry no checksum, a lost meta page is
// silently replaced by the one before, and a truncated file makes it panic.
// Here a file is therefore checked before bbolt sees it (check.go): both meta
// pages, the size they imply, the shape of every page that is in use, a CRC-32C
// for each entry, and the number and sum of all entries. A fault is an error
// that names the file; nothing is dropped in silence.
//
// A Journal may be used by many goroutines at once. One goroutine writes, each
// time everything that has been asked for meanwhile, in one synced transaction.
package disk
