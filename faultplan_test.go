package kadmium_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"kadmium/transport/memnet"
)

// A faultPlan is what happens to a small network: what its users do, and what goes wrong.
// It follows from the seed alone.
type faultPlan struct {
	seed    uint64
	hosts   int
	k       int
	durable []bool // the hosts with a data directory
	calm    memnet.Conditions
	steps   []planStep // in the order of time
	over    time.Duration

	auto []bool // the hosts in mode auto
	late bool   // all is looked at again after planLate: some are, or somebody moves
}

// A planStep is one act of a user, or the beginning or end of a fault.
type planStep struct {
	at    time.Duration
	what  string
	ends  bool // of a fault: it is over
	fault int  // which one
	host  int
	other int           // the receiver of messages, the far side of a one-way cut
	side  []bool        // of a cut: the hosts on one side
	span  time.Duration // of a fault
	share float64       // of the sends that are refused
	worse memnet.Conditions
	key   string
	ttl   time.Duration
	count int

	wrong   time.Duration // by how much the wall clock is ahead from now on
	reboots bool          // the machine starts anew too
}

// What users do.
const (
	doPut  = "put"
	doGet  = "get"
	doSwap = "swap" // read a record and replace it, if it is still the same
	doSend = "send"

	doProvide   = "provide"
	doUnprovide = "stop providing"
	doProviders = "providers"
)

// What goes wrong.
const (
	faultCut      = "cut"          // datagrams between two sides are lost
	faultOneWay   = "one-way cut"  // datagrams from one host to another are lost
	faultWeather  = "bad network"  // loss, duplication, reordering everywhere
	faultRefuse   = "refused send" // ENOBUFS
	faultStop     = "stop"         // SIGSTOP: the clock goes on, datagrams queue
	faultSleep    = "sleep"        // of the machine: datagrams are lost
	faultCrash    = "crash"        // the process is killed, and started again later
	faultTorn     = "torn write"   // power fails in the middle of the next commit
	faultFull     = "full disk"    // writes fail
	faultFirewall = "firewall"     // before a host in mode auto: it drops what is unasked
	faultMove     = "new address"  // of a host
	faultNight    = "night"        // all machines sleep for over a day
	faultWall     = "wall clock"   // it is set ahead or back, and later set right, or not
)

// When things happen.
const (
	planJoin    = 30 * time.Second // before the first fault
	planHealing = 2 * time.Minute  // from the last fault until all must be well
	planLongest = 14 * time.Minute // of a cut
	planLate    = 18 * time.Minute // from the last fault until modes must be right (R7.16), and addresses (R7.18)
	planMoved   = 15 * time.Minute // from a move until the new address must be named
)

// limits of a fault's length.
var faultSpans = map[string][2]time.Duration{
	faultCut:     {2 * time.Second, planLongest},
	faultOneWay:  {2 * time.Second, planLongest},
	faultWeather: {10 * time.Second, 5 * time.Minute},
	faultRefuse:  {5 * time.Second, 3 * time.Minute},
	faultStop:    {time.Second, 4 * time.Minute},
	faultSleep:   {10 * time.Second, 10 * time.Minute},
	faultCrash:   {500 * time.Millisecond, 5 * time.Minute},
	faultTorn:    {30 * time.Second, 3 * time.Minute},
	faultFull:    {5 * time.Second, 5 * time.Minute},
}

// newFaultPlan draws a plan in which each of the kinds of faults may occur.
func newFaultPlan(seed uint64, kinds []string) faultPlan {
	rnd := rand.New(rand.NewPCG(seed, 1))
	p := faultPlan{seed: seed, hosts: 4 + rnd.IntN(6), k: 20}
	if rnd.IntN(4) == 0 {
		p.k = 3
	}
	for range p.hosts {
		p.durable = append(p.durable, rnd.IntN(3) > 0)
	}
	p.calm = memnet.Conditions{
		Latency: time.Millisecond * time.Duration(1+rnd.IntN(60)),
		Jitter:  time.Microsecond * time.Duration(1+rnd.IntN(20000)),
	}
	length := between(rnd, 2*time.Minute, 16*time.Minute)
	p.drawFaults(rnd, slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool { return slices.Contains(moreFaults(), kind) }), length)
	p.drawUsers(rnd)
	p.drawMore(rand.New(rand.NewPCG(seed, 3)), kinds)
	return p
}

// between is a time that is as likely to be within 1 and 2 s as within 1 and 2 min.
func between(rnd *rand.Rand, least, most time.Duration) time.Duration {
	d := float64(least) * math.Pow(float64(most)/float64(least), rnd.Float64())
	return time.Duration(d).Round(time.Millisecond)
}

func (p *faultPlan) drawFaults(rnd *rand.Rand, kinds []string, length time.Duration) {
	busy := make([]time.Duration, p.hosts) // until when a fault of a host's own lasts
	for id := range 2 + rnd.IntN(8) {
		f := planStep{
			at: planJoin + time.Duration(rnd.Int64N(int64(length))).Round(time.Millisecond), fault: id + 1,
			what: kinds[rnd.IntN(len(kinds))], host: rnd.IntN(p.hosts), other: rnd.IntN(p.hosts), side: make([]bool, p.hosts),
		}
		limits := faultSpans[f.what]
		f.span = between(rnd, limits[0], limits[1])
		for i := range f.side {
			f.side[i] = rnd.IntN(2) == 0
		}
		f.share = 0.1 + 0.9*rnd.Float64()
		f.worse = p.calm
		f.worse.Loss, f.worse.Duplicate, f.worse.Reorder = rnd.Float64()*0.5, rnd.Float64()*0.4, rnd.Float64()*0.4
		switch f.what {
		case faultCut, faultWeather:
		case faultOneWay:
			if f.host == f.other {
				continue
			}
		default: // one fault of a host's own at a time
			if f.at <= busy[f.host] || (f.what == faultTorn || f.what == faultFull) && !p.durable[f.host] {
				continue
			}
			busy[f.host] = f.at + f.span
		}
		end := f
		end.at, end.ends = f.at+f.span, true
		p.steps = append(p.steps, f, end)
		p.over = max(p.over, end.at)
	}
	p.over = max(p.over, planJoin+length)
}

// drawUsers draws what users do until all must be well.
func (p *faultPlan) drawUsers(rnd *rand.Rand) {
	flood := rnd.IntN(4) == 0 // more messages at once than a receiver handles
	pause := between(rnd, 300*time.Millisecond, 5*time.Second)
	for at := planJoin / 2; at < p.over+planHealing; at += time.Duration(rnd.ExpFloat64() * float64(pause)).Round(time.Millisecond) {
		s := planStep{at: at, host: rnd.IntN(p.hosts), other: rnd.IntN(p.hosts), count: 1, key: fmt.Sprintf("/v/%d", rnd.IntN(6))}
		switch draw := rnd.IntN(100); {
		case draw < 35:
			s.what = doPut
			if rnd.IntN(2) == 0 {
				s.ttl = between(rnd, time.Minute, 10*time.Minute)
			}
		case draw < 65:
			s.what = doGet
		case draw < 80:
			s.what, s.key = doSwap, fmt.Sprintf("/v/swap%d", rnd.IntN(2))
		default:
			s.what = doSend
			if rnd.IntN(4) == 0 {
				s.count = 1 + rnd.IntN(30)
			}
			if flood {
				flood, s.count = false, 700
			}
		}
		p.steps = append(p.steps, s)
	}
}

func (s planStep) String() string {
	if s.ends {
		return fmt.Sprintf("end of fault %d, %s", s.fault, s.what)
	}
	begin := fmt.Sprintf("fault %d, %s for %v:", s.fault, s.what, s.span)
	switch s.what {
	case faultCut:
		return fmt.Sprintf("%s hosts %s from the others", begin, hostList(s.side))
	case faultOneWay:
		return fmt.Sprintf("%s from host %d to host %d", begin, s.host, s.other)
	case faultWeather:
		return fmt.Sprintf("%s loss %.2f, duplicates %.2f, reordered %.2f", begin, s.worse.Loss, s.worse.Duplicate, s.worse.Reorder)
	case faultRefuse:
		return fmt.Sprintf("%s host %d, %.2f of its sends", begin, s.host, s.share)
	case faultWall:
		return fmt.Sprintf("%s host %d is %v ahead", begin, s.host, s.wrong)
	case faultMove:
		return fmt.Sprintf("fault %d, %s: host %d", s.fault, s.what, s.host)
	case doPut, doSwap, doGet, doProvide, doUnprovide, doProviders:
		return fmt.Sprintf("host %d: %s %s", s.host, s.what, s.key)
	case doSend:
		return fmt.Sprintf("host %d: %d messages to host %d", s.host, s.count, s.other)
	}
	return fmt.Sprintf("%s host %d", begin, s.host)
}

// isUsers says whether it is an act of a user.
func (s planStep) isUsers() bool {
	switch s.what {
	case doPut, doGet, doSwap, doSend, doProvide, doUnprovide, doProviders:
		return true
	}
	return false
}

func hostList(side []bool) string {
	var all []string
	for i, in := range side {
		if in {
			all = append(all, fmt.Sprint(i))
		}
	}
	return strings.Join(all, ",")
}
