// Package lookup is one iterative lookup (Kademlia, section 2.3; design R5.1 to
// R5.18) as a pure state machine: it is given what peers answered and returns whom to
// ask next. It sends nothing, reads no clock and no randomness, and takes no locks, so
// that a simulator measures the code that real nodes run.
//
// A driver calls Next until it returns false, sends those requests, and reports each
// outcome by Answered, Failed or SetAside. After each it calls Next again, until Done.
// A Rule decides (rule.go), by what it sees of the lookup (view.go). Plain is this
// project's own: how many are asked at a time (alpha.go), when all that are left are
// asked at once (burst.go), when the lookup ends (termination.go). What no rule changes:
// what a hop is (hops.go), what an answer may cost (shortlist.go, alternates.go,
// addresslimit.go), and disjoint paths (paths.go).
//
// # What a liar costs
//
// A lookup asks each contact that it holds at most once. From one answer it takes at
// most k contacts, each peer at one address, at most two of one IP address in the
// whole lookup, never the searcher itself and never a contact that it has. So one
// lying answer costs at most k requests, and two to any one IP address. All lies
// together cost at most CandidatesPerK times k requests, less those to honest peers:
// a contact that was asked keeps its place, and there are no more places.
package lookup
