// Package sim runs many engines in one process, in virtual time and over a
// modelled network, and measures their lookups: the engines are those of real
// nodes, unchanged, so what is measured is the code that runs on the wire.
//
// Everything in a run comes from its seed. Whatever random number a node, a
// datagram or a lookup needs is a hash of the seed and of what it is for, or of a
// stream that belongs to one of them, so that the same Config gives the same
// report, whatever the machine and the number of its cores. Functions of package
// math that use a fused multiply-add where the processor has one would break that
// promise in the last bit; exact.go does without them.
//
// Two drivers share one world (world.go). Lookups on ideal tables change no node
// but the one that searches, so independent.go runs each in a world of its own, on
// all cores. Everything else, where nodes join, leave and keep things, is one
// history: network.go.
//
// What the model leaves out: handshakes (datagrams are those of sessions that
// stand already), the time that computing takes, queues in routers and sockets,
// and the transport's limits on strangers.
package sim
