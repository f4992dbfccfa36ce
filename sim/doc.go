// Package sim runs many engines in one process, in virtual time and over a
// modelled network, and measures their lookups: the engines are those of real
// nodes, unchanged, so what is measured is the code that runs on the wire.
//
// A run depends on its Config alone, which has the seed. A random number is a hash of
// the seed and its purpose, or comes from a stream with a seed of that kind
// (random.go); of a datagram, also of its sender and of what that sent before. So the same Config gives the same report on every machine and any
// number of cores. Functions of package math that use a fused multiply-add where the
// processor has one would differ in the last bit; package exact replaces them.
//
// Lookups and routing tables follow this project's rules or those of others, which have
// names (rules.go).
//
// There are two ways to run, over one model of clock and network (world.go,
// datagrams.go):
//
//   - Lookups on ideal tables change no node except the searcher. independent.go runs
//     each in a world of its own, on all cores.
//   - Where nodes join, leave and store, every event may affect every later one.
//     network.go runs all of them as one history, in windows shorter than any datagram is
//     on its way, so that all cores can share the nodes (exchange.go, crew.go).
//
// The model leaves out handshakes (every datagram belongs to an established session),
// computing time, queues in routers and sockets, and the transport's rate limits.
package sim
