package bench

import (
	"math/rand/v2"
	"time"

	"kadmium"
	"kadmium/identity"
	"kadmium/sim/report"
)

// A workloadRun is a workload and what has been measured of it.
type workloadRun struct {
	cfg     *Config
	network *network
	random  *rand.Rand

	began   time.Time // the measured period
	marks   []mark    // at the start of each interval, and at the end
	samples []report.Sample
	values  report.Values
	holders int // that confirmed puts, in sum
	tracer  *report.Tracer
}

// A measurement is one lookup of the report and its result.
type measurement struct {
	searcher   *member
	target     identity.Position
	started    time.Duration // since the period began
	traffic    uint64        // of the searcher, in bytes, until then
	bytes      uint64        // of the searcher, during the lookup
	lookup     kadmium.Lookup
	findsPeers bool // it looked for the closest peers
	peers      []kadmium.Peer
	found      bool // what was looked for; of findsPeers: any peer
}

// A mark is the state of the counters where one interval ends and the next begins.
type mark struct {
	at       time.Duration
	samples  int
	counters map[string]uint64
	rpcs     uint64
	bytes    uint64
}
