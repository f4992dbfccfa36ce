// Package session turns datagrams into authenticated messages and back: the
// layout of all seven kinds of datagram, the signed first contact that costs no
// extra round trip, the encrypted session that follows it, and the defences
// around them (replay window, cookies, limits, bounded tables). docs/wire.md
// specifies every byte, and its section 9 says which attack each rule prevents;
// comments cite a rule as "wire.md rule n".
//
//	initiator                                             responder
//	Initiate   -- first request, signed, in the clear ->  ParseFirstRequest, Verify
//	Complete   <- first response, signed, binds both ---  Answer
//	Seal       -- session request, one AEAD ----------->  Open (promotes the session)
//	Open       <- session response, one AEAD -----------  Seal
//
// Everything here is pure: no sockets, clocks, goroutines or locks. Time is an
// argument, randomness comes from an injected reader. Nothing is safe for concurrent
// use unless it says so. The functions that cost signatures (Initiate, Complete,
// Verify, Answer) touch no shared state and can run on any goroutine. A Table and its
// Sessions belong to one locked owner.
package session
