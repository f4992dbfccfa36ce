// Package engine is one node's whole protocol as a deterministic state machine:
// what it answers, what it asks, what it does by itself (Kademlia, 2002; design,
// sections 3 to 7). Messages, calls and the passing of time go in; effects come
// out. It owns no socket, clock, goroutine or lock, so the code that runs on the
// wire is the code that runs in the simulator, and a failure replays from its
// seed.
//
// An Engine is driven by one caller at a time. The usual loop is: call a method
// with the present time and an empty slice of effects, carry the effects out in
// order, and arrange for Tick at WakeAt.
package engine
