package report

import "time"

// The kinds of a Report.
const (
	Sim   = "sim"   // many engines in virtual time
	Bench = "bench" // real nodes on sockets
)

// The networks a simulation can begin with.
const (
	TablesIdeal = "ideal" // each bucket holds k uniformly random nodes of its range, or all
	TablesJoin  = "join"  // every node joins through a bootstrap node, over the simulated network
)

// The workloads.
const (
	WorkloadFind    = "find"    // look up targets
	WorkloadValue   = "value"   // put, then get from another node
	WorkloadProvide = "provide" // provide, then look for providers from another node
	WorkloadMixed   = "mixed"   // a third of each, in turn
	WorkloadDay     = "day"     // a day of nodes coming and going, with keys that are searched for; simulations only
)

// The targets of lookups.
const (
	TargetsRandom = "random" // anywhere
	TargetsNodes  = "nodes"  // the position of a node
)

// When a get of a value ends.
const (
	GetsFirst  = "first"  // with the first record
	GetsQuorum = "quorum" // with as many as nodes weigh by default
	GetsFresh  = "fresh"  // with the lookup
)

// A Report is the result of a measurement. In a simulation everything except Machine
// depends on the Config only.
type Report struct {
	Kind    string `json:"kind"` // Sim or Bench
	Config  Config `json:"config"`
	Partial bool   `json:"partial"` // it was interrupted: what follows is of the part that ran

	Lookups   int `json:"lookups"`   // that ended
	Succeeded int `json:"succeeded"` // of which brought what was sought
	Abandoned int `json:"abandoned"` // operations beside them whose node left before their end

	Hops               Distribution `json:"hops"`                 // of the closest node returned, or of the one that had what was sought
	FirstReplicaHops   Distribution `json:"first_replica_hops"`   // of the first of the true k closest to be named
	Rounds             Distribution `json:"rounds"`               // the longest chain of requests that had to wait for one another
	RoundsAfterClosest Distribution `json:"rounds_after_closest"` // of which came after the request to the closest node returned
	RPCs               Distribution `json:"rpcs"`                 // requests; retransmissions and probes apart
	LatencyMS          Distribution `json:"latency_ms"`
	Bytes              Distribution `json:"bytes"` // UDP payload of the lookup, both ways

	Recall   float64 `json:"recall"` // mean share of the true k closest that was returned
	RecallSD float64 `json:"recall_sd"`
	RecallOf int     `json:"recall_of"` // the lookups that it could be said of; 0: it is not known

	NodesUp            float64 `json:"nodes_up"`  // on average
	RPCTotal           uint64  `json:"rpc_total"` // of all nodes
	Events             uint64  `json:"events"`    // simulated: deliveries, ticks and calls
	BytesPerNodeSecond float64 `json:"bytes_per_node_second"`
	VirtualSeconds     float64 `json:"virtual_seconds"`            // of a bench: seconds
	OneWayFloorMS      float64 `json:"one_way_floor_ms,omitempty"` // simulated: the least that a datagram takes; 0: the latency model's own

	Theory  *Theory    `json:"theory,omitempty"`  // what theory says of the lookups; of kad sim
	Attack  *Attack    `json:"attack,omitempty"`  // what it did to the lookups; of simulations with an attack
	Values  *Values    `json:"values,omitempty"`  // of workloads that store something
	Work    []Work     `json:"work,omitempty"`    // what nodes did, all together
	Buckets []Bucket   `json:"buckets,omitempty"` // occupancy of routing tables
	Series  []Interval `json:"series,omitempty"`  // the run, interval by interval
	Trace   *Trace     `json:"trace,omitempty"`   // one lookup, step by step

	Machine Machine `json:"machine"`
}

// A Config says what was measured, with the names and values of the flags.
type Config struct {
	Nodes     int     `json:"nodes"`
	Lookups   int     `json:"lookups"`
	K         int     `json:"k"`
	Alpha     int     `json:"alpha"`
	Seed      uint64  `json:"seed"`
	Tables    string  `json:"tables,omitempty"`
	Latency   string  `json:"latency,omitempty"`
	Loss      float64 `json:"loss"`
	Duplicate float64 `json:"duplicate"`
	Sessions  string  `json:"sessions,omitempty"`
	Client    float64 `json:"client"`
	Silent    float64 `json:"silent"`
	Lying     float64 `json:"lying"`
	Attack    string  `json:"attack,omitempty"`
	Subnets   int     `json:"subnets,omitempty"`
	Workload  string  `json:"workload"`
	Targets   string  `json:"targets,omitempty"`
	Duration  string  `json:"duration,omitempty"`
	Keys      int     `json:"keys,omitempty"`
	TTL       string  `json:"ttl,omitempty"`
	Lookup    string  `json:"lookup,omitempty"`    // of a simulation: the lookup rule, unless it is the usual one
	Table     string  `json:"table,omitempty"`     // likewise the policy of routing tables
	Gets      string  `json:"gets,omitempty"`      // when a get of a value ends, unless it is with the first record
	TraceOf   string  `json:"trace-of,omitempty"`  // the lookup whose trace the report has, unless it is the typical one
	Bootstrap string  `json:"bootstrap,omitempty"` // of a bench: the live network's nodes
}

// A Theory is what theory says of the lookups of a run, before they are measured.
type Theory struct {
	Hops   float64 `json:"hops,omitempty"`    // expected, on average
	NotFor string  `json:"not_for,omitempty"` // what the run has that theory does not cover; then it says nothing
}

// Values says what happened to the values and provider entries that were stored.
type Values struct {
	Puts      int     `json:"puts"`      // values stored, or keys provided
	Confirmed int     `json:"confirmed"` // of which at least one node confirmed
	Holders   float64 `json:"holders"`   // that confirmed a put, on average over those that any did
	Gets      int     `json:"gets"`      // searches for values or providers
	Found     int     `json:"found"`     // of which found what was stored
	Lost      int     `json:"lost"`      // keys that at the end no node that is up holds, though they have not expired
}

// An Attack says what attackers did to the lookups of a simulation. Shares are 0 to 1.
type Attack struct {
	HonestClosest   float64 `json:"honest_closest"`    // lookups that returned the closest honest node
	HonestRecall    float64 `json:"honest_recall"`     // of the k closest honest nodes, those returned: the mean
	Captured        float64 `json:"captured"`          // lookups that returned no honest node
	FirstAlphaShare float64 `json:"first_alpha_share"` // of the first alpha asked, the attackers: the mean
	Suspected       float64 `json:"suspected"`         // lookups that noticed something

	SizeEstimate *SizeEstimate `json:"size_estimate,omitempty"`
	TableShare   float64       `json:"table_share,omitempty"` // of an eclipse: the attackers in the victim's table at the end

	WithoutAttack          int     `json:"without_attack"` // lookups that were run again without it; 0: none, and what follows is not known
	SuspectedWithoutAttack float64 `json:"suspected_without_attack"`
	RPCsRatio              float64 `json:"rpcs_ratio"` // requests of a lookup, to those without it

	// Where a value is put and got, all of the above but RPCsRatio is of the put's lookup.
	HonestHolders *Distribution `json:"honest_holders,omitempty"` // of a value, when its get begins
	Gets          int           `json:"gets"`                     // 0: none, and what follows is not known
	GetsFound     float64       `json:"gets_found"`               // gets that found what was put
	StaleReturned float64       `json:"stale_returned"`           // gets that found an older record instead
	GetsSuspected float64       `json:"gets_suspected"`           // gets that noticed something
	PutRequests   float64       `json:"put_requests"`             // of a put, stores included: the mean
	PutRPCsRatio  float64       `json:"put_rpcs_ratio"`           // requests of a put, to those without it
}

// A SizeEstimate is what lookups of random targets tell of the network's size.
type SizeEstimate struct {
	Of   int     `json:"of"`   // estimates, each by 16 lookups
	Mean float64 `json:"mean"` // to the truth
	SD   float64 `json:"sd"`
}

// A Work is a count of what nodes did.
type Work struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
}

// A Bucket is the occupancy of the bucket of one common-prefix length, averaged over the
// tables that were counted.
type Bucket struct {
	Prefix   int     `json:"prefix"`   // bits
	Contacts float64 `json:"contacts"` // on average
	Waiting  float64 `json:"waiting"`  // in the replacement list, on average
	Dead     float64 `json:"dead"`     // of the contacts, those that are not up, on average
}

// An Interval is one of the equal parts of a run.
type Interval struct {
	Start     float64 `json:"start"` // seconds
	NodesUp   float64 `json:"nodes_up"`
	Lookups   int     `json:"lookups"` // that began in it
	Succeeded int     `json:"succeeded"`
	LatencyMS float64 `json:"latency_ms"` // mean of those lookups
	RPCs      uint64  `json:"rpcs"`       // of all nodes
	Bytes     uint64  `json:"bytes"`      // of all nodes
}

// A Trace is one lookup.
type Trace struct {
	Which    string    `json:"which,omitempty"` // of all: TraceTypical, TraceWorst or TraceNumber; empty: not known
	Number   int       `json:"number"`          // of the lookup, as that of a Sample
	Target   string    `json:"target"`          // hex
	Hops     int       `json:"hops"`
	Requests []Request `json:"requests"` // in the order of asking
	EndMS    float64   `json:"end_ms"`
}

// The outcomes of a Request.
const (
	Answered   = "answered"
	Failed     = "failed"
	Unanswered = "unanswered" // the lookup ended before
)

// A Request is one request of a Trace.
type Request struct {
	AskedMS  float64 `json:"asked_ms"` // since the lookup's start
	EndMS    float64 `json:"end_ms"`   // of the answer or the failure, otherwise of the lookup
	Distance int     `json:"distance"` // of the peer to the target, in bits
	Hop      int     `json:"hop"`
	Round    int     `json:"round"`
	Outcome  string  `json:"outcome"`
	Aside    bool    `json:"aside"`   // it overran its expected round trip
	Winning  bool    `json:"winning"` // of the chain that named the closest node returned
}

// Milliseconds is a duration in the unit of reports.
func Milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}
