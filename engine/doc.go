// Package engine is the whole protocol of one node as a deterministic state machine
// (Kademlia, 2002; design R1.4 to R1.8): what the node answers, what it asks, and what it
// does by itself. Messages, operations and the passing of time go in; effects come out.
// An engine owns no socket, clock, goroutine or lock. So the same code runs on the wire
// and in the simulator, and a failure can be replayed from its seed.
//
// An Engine is not safe for concurrent use. The usual loop of a driver is: call a method
// with the present time and an empty slice of effects, carry the effects out in order,
// and arrange for Tick at WakeAt.
package engine
