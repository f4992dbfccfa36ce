// Package driver runs one engine on the real clock, UDP sockets and disk. It is the
// counterpart of package sim, which runs many engines in virtual time (design
// R1.9, R1.13).
//
// A [Driver] hands datagrams, operations, timers and the journal's answers to its
// engine under one mutex, and carries out the effects that come back. Functions that
// a caller passes in ([Operation], [Config].Event, [Driver.View]) run with that mutex
// held: they must not block and must not call the Driver. Contacts, messages and
// records that they are given are valid only until they return.
package driver
