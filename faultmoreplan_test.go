package kadmium_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// drawMore draws what came to the plans later, so that those before stay what they were.
func (p *faultPlan) drawMore(rnd *rand.Rand, kinds []string) {
	may := func(kind string) bool { return slices.Contains(kinds, kind) }
	p.auto = make([]bool, p.hosts)
	if may(faultFirewall) && rnd.IntN(3) == 0 {
		p.drawAuto(rnd)
	}
	if may(faultMove) && rnd.IntN(3) == 0 {
		p.drawMoves(rnd)
	}
	if may(faultWall) {
		p.drawClocks(rnd)
	}
	p.drawProviders(rnd)
	p.sort()
	if may(faultNight) && rnd.IntN(4) == 0 {
		p.drawNight(rnd)
		p.sort()
	}
}

func (p *faultPlan) sort() {
	slices.SortStableFunc(p.steps, func(a, b planStep) int { return cmp.Compare(a.at, b.at) })
}

// during is a random time at which there are faults.
func (p *faultPlan) during(rnd *rand.Rand) time.Duration {
	return planJoin + time.Duration(rnd.Int64N(int64(p.over-planJoin))).Round(time.Millisecond)
}

// seedHosts are those that all bootstrap lists name. They are servers, and stay where they are.
const seedHosts = 3

// drawAuto has some hosts find out whether they are servers, and puts firewalls before some of
// these: from the start, for a while, or for good.
func (p *faultPlan) drawAuto(rnd *rand.Rand) {
	for host := seedHosts; host < p.hosts; host++ {
		if rnd.IntN(2) == 0 {
			continue
		}
		p.auto[host], p.late = true, true
		s := planStep{what: faultFirewall, fault: len(p.steps), host: host, span: between(rnd, time.Minute, 20*time.Minute)}
		switch rnd.IntN(4) {
		case 0: // open
			continue
		case 1:
			s.at = p.during(rnd)
		}
		p.steps = append(p.steps, s)
		if end := s.at + s.span; end < p.over && rnd.IntN(3) > 0 {
			s.at, s.ends = end, true
			p.steps = append(p.steps, s)
		}
	}
}

// drawMoves gives some hosts other addresses.
func (p *faultPlan) drawMoves(rnd *rand.Rand) {
	p.late = true
	for range 1 + rnd.IntN(3) {
		p.steps = append(p.steps, planStep{at: p.during(rnd), what: faultMove, fault: len(p.steps), host: seedHosts + rnd.IntN(p.hosts-seedHosts)})
	}
}

// drawProviders has users provide, stop providing, and look for providers.
func (p *faultPlan) drawProviders(rnd *rand.Rand) {
	pause := between(rnd, 2*time.Second, 20*time.Second)
	for at := planJoin / 2; at < p.over+planHealing; at += time.Duration(rnd.ExpFloat64() * float64(pause)).Round(time.Millisecond) {
		s := planStep{at: at, host: rnd.IntN(p.hosts), key: fmt.Sprint("provided ", rnd.IntN(4)), what: doProviders}
		switch draw := rnd.IntN(100); {
		case draw < 40:
			s.what = doProvide
		case draw < 60:
			s.what = doUnprovide
		}
		p.steps = append(p.steps, s)
	}
}

// drawNight has all machines sleep, once all is whole after the last fault, until what was
// provided is over. They wake up almost together: what one then publishes at once would not
// reach those that sleep on.
func (p *faultPlan) drawNight(rnd *rand.Rand) {
	span := between(rnd, 23*time.Hour, 30*time.Hour)
	p.over += wholeAfter
	for i := range p.steps {
		if p.steps[i].at >= p.over {
			p.steps[i].at += span
		}
	}
	for host := range p.hosts {
		s := planStep{at: p.over + time.Duration(host)*137*time.Microsecond, what: faultSleep, fault: len(p.steps), host: host, span: span}
		p.steps = append(p.steps, s)
		s.at, s.ends = s.at+span, true
		p.steps = append(p.steps, s)
	}
	p.over += span + time.Duration(p.hosts)*137*time.Microsecond
}

// drawClocks draws steps of wall clocks: on its own, and, as these matter most, some near the
// end of a process, whose machine then may start anew.
func (p *faultPlan) drawClocks(rnd *rand.Rand) {
	for range rnd.IntN(3) {
		p.drawClock(rnd, rnd.IntN(p.hosts), p.during(rnd))
	}
	for i, f := range p.steps {
		if f.ends || f.what != faultCrash && f.what != faultTorn || rnd.IntN(3) == 0 {
			continue
		}
		p.steps[i].reboots = rnd.IntN(4) > 0
		around := f.span + 2*noteAge
		p.drawClock(rnd, f.host, max(planJoin, f.at-noteAge+time.Duration(rnd.Int64N(int64(around)))))
	}
}

// drawClock draws a step of a host's wall clock, and perhaps its correction.
func (p *faultPlan) drawClock(rnd *rand.Rand, host int, at time.Duration) {
	s := planStep{at: at.Round(time.Millisecond), what: faultWall, fault: len(p.steps), host: host}
	s.span = between(rnd, 5*time.Second, 10*time.Minute)
	s.wrong = between(rnd, 2*time.Second, 30*24*time.Hour)
	if rnd.IntN(2) == 0 {
		s.wrong = -s.wrong
	}
	p.steps = append(p.steps, s)
	if end := s.at + s.span; end < p.over && rnd.IntN(4) > 0 {
		s.at, s.ends, s.wrong = end, true, 0
		p.steps = append(p.steps, s)
	}
}
