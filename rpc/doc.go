// Package rpc has the seven RPCs (types.go), their encoding as protobuf bodies of
// datagrams, and the bookkeeping of one node's requests: round trip estimates,
// retransmission and the table of outstanding requests.
//
// The comments in pb/kad.proto specify the messages. Message is the decoded form of
// all of them, and a Codec converts between the two. The RPC's type, the request ID
// and the flags are in the datagram's header, see package session.
//
// Nothing here reads a clock or takes a lock: time is an argument, and no type is
// safe for concurrent use.
package rpc

//go:generate go run ./internal/gen pb
