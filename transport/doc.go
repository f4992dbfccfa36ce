// Package transport carries RPC bodies between nodes over UDP: sockets, limits,
// workers, the index of outstanding requests, and the ownership of half-open and
// live sessions (design, section 3). What the datagrams look like and how the
// handshake goes is package session's; what the bodies mean, package rpc's.
//
// Datagrams under a session are handled on the goroutine that read them, with one
// short lock and no heap allocation; on Linux those that wait already are read by
// one system call, and what they cause is sent by another. Signatures are made and
// checked by a few workers behind a bounded queue, so a flood of first contacts
// cannot slow the sessions that live beside it.
package transport
