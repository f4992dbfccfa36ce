// Package transport carries RPC bodies between nodes over UDP. Package session defines
// the datagrams and the handshake, package rpc the bodies; transport adds sockets,
// limits, workers and the index of outstanding requests, and owns the sessions.
//
// A datagram under a session is handled on the goroutine that read it, under one short
// lock and without heap allocation. On Linux one system call reads up to 16 datagrams
// that wait, and another sends all that they cause. Signatures are made and checked by a few
// workers behind a bounded queue, so a flood of first contacts does not slow sessions.
//
// A datagram's way through the package, by file:
//
//	socket.go         sockets, and which of them reaches an address
//	batch_linux.go    many datagrams in one system call
//	receive.go        read loops (reader.go: the memory of one); datagrams sorted by kind
//	rebind.go         reads that fail: pauses, sockets bound anew
//	sealed.go         requests and responses under a session
//	initiator.go      first contacts begun by this node
//	responder.go      first contacts of other nodes
//	restart.go        COOKIE and NOSESSION: a request starts again
//	dropped.go        why a datagram is dropped
//	workers.go        signatures, on goroutines of their own
//	request.go        Request: a new request, or its next try
//	outstanding.go    the index of requests without a response yet
//	pendingwrites.go  writes that wait for a session
//	reply.go          Reply: the answer to a request
//	leave.go          the notice that this node ends
//	sessions.go       sessions that expire, and Rekey
//	send.go           datagrams sent
//	limits.go         bounds
package transport
