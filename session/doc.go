// Package session turns datagrams into authenticated messages and back: the
// layout of all six kinds of datagram, the signed first contact that costs no
// extra round trip, the encrypted session that follows it, and the defences
// around them (replay window, cookies, limits, bounded tables). docs/wire.md
// specifies every byte and says which attack each rule answers; "rule n" in comments
// here is its section 9.
//
//	initiator                                             responder
//	Initiate   -- first request, signed, in the clear ->  ParseFirstRequest, Verify
//	Complete   <- first response, signed, binds both ---  Answer
//	Seal       -- session request, one AEAD ----------->  Open (promotes the session)
//	Open       <- session response, one AEAD -----------  Seal
//
// Everything here is pure: no sockets, clocks, goroutines or locks. Time comes in
// as an argument, randomness from an injected reader. Nothing is safe for
// concurrent use unless it says so; the costly calls (Initiate, Complete, Verify,
// Answer) touch no shared state, so that they can run on any goroutine, while
// a Table and its Sessions belong to one locked owner.
package session
