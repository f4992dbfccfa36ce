// Package kadmium is a node of a Kademlia distributed hash table (Maymounkov and
// Mazières, 2002) over UDP: it finds peers by their ID, keeps values and provider
// entries at the nodes nearest to their keys, and carries messages between peers
// that have found one another.
//
// A [Node] is made from a [Config] whose zero value works:
//
//	node, err := kadmium.New(kadmium.Config{Bootstrap: []string{"seed.example:4100"}})
//	if err != nil { ... }
//	defer node.Close()
//	got, err := node.Get(ctx, "/v/greeting", kadmium.GetOptions{})
//
// Every method is safe for concurrent use. Those that wait take a context and
// return its error when it ends. Lookups return how they went ([Lookup]): hops,
// rounds, requests, time, and every step.
//
// The protocol itself is package engine, a state machine without clock, socket or
// lock. A Node drives one: it hands in datagrams, calls, timers and the disk's
// answers under one mutex, and carries out the effects that come back.
package kadmium
