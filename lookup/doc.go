// Package lookup is one iterative lookup (Kademlia, section 2.3) as a pure state
// machine: it is told what peers answered and says whom to ask next. It sends
// nothing, knows no clock and no randomness, and holds no locks, so that the code
// whose hops a simulator measures is the code that runs on the wire.
//
// A driver calls Next until it says no, sends those requests, and reports each
// outcome by Answered, Failed or SetAside, after which it calls Next again, until
// Done. Each rule has its file: how many are asked at a time (alpha.go), when all
// that is left is asked at once (burst.go), when it is over (termination.go), what
// a hop is (hops.go), whose word is taken for what (shortlist.go, alternates.go,
// addresslimit.go), and disjoint paths (paths.go).
//
// # What a liar costs
//
// A lookup asks each contact it took in at most once. From one answer it takes at
// most k contacts, each peer at one address, at most two of one IP address in the
// whole lookup, never the searcher itself and never one it has; so one lying
// answer costs at most k requests, and two to any one IP address. All lies
// together cost at most CandidatesPerK times k requests less those to honest peers:
// a contact once asked keeps its place, and there are no more places.
package lookup
