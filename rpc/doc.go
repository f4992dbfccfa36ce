// Package rpc holds what two nodes say to each other: the seven RPCs and their
// encoding as protobuf bodies of a datagram, and the bookkeeping of one node's
// requests: round-trip estimates, retransmission, the table of the outstanding.
//
// The wire messages are in pb/kad.proto, whose comments specify them; Message is
// their decoded form, one struct for all, and a Codec turns one into the other.
// The RPC's type, the request ID and the flags travel in the datagram's header,
// see package session.
//
// Nothing here reads a clock or takes a lock: time comes in as an argument, and
// no type is safe for concurrent use.
package rpc

//go:generate go run ./internal/gen pb
