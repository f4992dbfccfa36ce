// Package disk keeps a store's journal in one bbolt file, so that what a node
// acknowledged survives kill -9 (design R6.17 to R6.19).
//
// bbolt writes copy-on-write pages and then one of two meta pages, each step synced, so
// that a crash leaves the last transaction complete or absent. But it does not detect
// damage: data pages have no checksum, a damaged meta page is silently replaced by the
// older one, and a truncated file causes a panic. Therefore a file is checked before
// bbolt opens it (check.go): both meta pages, the size that they imply, the structure
// of every page in use, a CRC-32C of each entry, and the number and checksum of all
// entries. A fault is an error that names the file; nothing is dropped silently.
//
// A Journal is safe for concurrent use. One goroutine writes everything that was queued
// meanwhile, in one synced transaction.
package disk
