// Package kadmium is a node of a Kademlia distributed hash table (Maymounkov and
// Mazières, 2002) over UDP. It finds peers by their ID, keeps values and provider
// entries at the nodes closest to their keys, and carries messages between peers.
//
// # A node
//
// A [Node] is made from a [Config] whose zero value works:
//
//	node, err := kadmium.New(kadmium.Config{Bootstrap: []string{"seed.example:4100"}})
//	if err != nil { ... }
//	defer node.Close()
//	got, err := node.Get(ctx, "/v/greeting", kadmium.GetOptions{})
//
// It joins in the background ([Node.Joined] waits for that), and goes on until
// [Node.Close]. With [Config].DataDir it keeps its identity, its records and its way
// into the network over restarts and crashes.
//
// # What it does
//
// [Node.FindPeer] finds where a peer is, [Node.Closest] the nodes closest to a
// position, [Node.Ping] asks one peer. [Node.Put], [Node.Get] and [Node.Watch] store
// and find records; the namespace of a key says who may write it, and
// [Config].Namespaces adds more. [Node.Provide] and [Node.Providers] do the same for
// who has something that is too large for a record. [Node.Unpublish] ends what Put and
// Provide began. [Node.Send] sends a message, which a [Handler] at its receiver
// answers.
//
// # How it went
//
// What needs a lookup returns how that went ([Lookup]): hops, rounds, requests, time,
// and every [Step]. [Node.Stats], [Node.Table], [Node.Peers] and [Node.Events] show the
// node itself, [Node.Ready] whether it works. [Node.Peer] tells what is known of a peer,
// [Node.Supports] which protocols it handles; [Node.SetNote] keeps what the application
// knows.
//
// Every method is safe for concurrent use. Those that wait take a context and return
// its error when it ends. The documentation of each method lists the errors that
// errors.Is finds in what it returns. Result types have the JSON form that the command
// kad prints.
//
// # Inside
//
// The protocol is package engine, a state machine without clock, socket or lock.
// Package driver runs one engine on the real clock, sockets and disk. This package is
// the public interface of both: configuration, results, errors and conversions.
package kadmium
