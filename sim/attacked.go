package sim

import (
	"cmp"
	"context"
	"slices"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/sim/report"
)

// A verdict says how a lookup did by the honest nodes alone.
type verdict struct {
	number    int
	closest   bool    // it returned the closest of them
	recall    float64 // of the k closest of them, those that it returned
	captured  bool    // it returned none of them
	attackers float64 // of the first alpha that it asked
	suspected bool    // it noticed something
	size      float64 // that it tells of the network; 0: nothing

	// Of a put, to which all of the above applies, and its get.
	confirmed     bool   // somebody said to hold it
	holders       int    // those who said so
	honestHolders int    // that hold it when the get begins
	lost          bool   // at the end no honest node holds it
	putRequests   uint64 // of the put's client
	found         bool   // the get found it
	stale         bool   // the get found an older record
	getSuspected  bool   // the get noticed something
}

// judge judges the lookup that has ended by the nodes that it returned, or a put by those
// that hold what was put.
func (s *searcher) judge(r *engine.Result, returned []identity.Contact) {
	isHonest := func(c identity.Contact) bool { return s.role(c) == honest && !s.down(c) }
	s.honest = s.book.closest(s.honest[:0], &s.target, s.cfg.K, isHonest)
	v := verdict{number: s.lookup, captured: !slices.ContainsFunc(returned, isHonest), suspected: r.Density.Suspect(), size: r.Size}
	found := 0
	for i, c := range s.honest {
		if slices.Contains(returned, c) {
			v.closest = v.closest || i == 0
			found++
		}
	}
	if len(s.honest) > 0 {
		v.recall = float64(found) / float64(len(s.honest))
	}
	asked, attackers := 0, 0
	for _, e := range r.Trace {
		if e.Kind != lookup.Asked {
			continue
		}
		if !isHonest(e.Contact) {
			attackers++
		}
		if asked++; asked == s.cfg.Alpha {
			break
		}
	}
	if asked > 0 {
		v.attackers = float64(attackers) / float64(asked)
	}
	s.verdict = v
}

// values says what became of what was stored.
func (r *run) values() *report.Values {
	v := &report.Values{Puts: len(r.verdicts), Gets: len(r.verdicts)}
	holders := 0
	for i := range r.verdicts {
		of := &r.verdicts[i]
		if of.confirmed {
			v.Confirmed++
			holders += of.holders
		}
		if of.found {
			v.Found++
		}
		if of.lost {
			v.Lost++
		}
	}
	if v.Confirmed > 0 {
		v.Holders = millionths(float64(holders) / float64(v.Confirmed))
	}
	return v
}

// attacked says what the attack did, once all lookups have ended. For that it runs the same
// lookups without the attack, unless it is interrupted.
func (r *run) attacked(ctx context.Context) *report.Attack {
	of := r.summary()
	without := &run{cfg: r.cfg, cores: r.cores, onProgress: r.onProgress, judging: true, stage: "lookups without attack"}
	without.cfg.Attacks, without.siege = nil, r.siege
	if r.stopped {
		return of
	}
	if r.siege != nil {
		without.besiege(ctx)
	} else {
		without.independent(ctx)
	}
	if without.stopped {
		r.report.Partial = true
		return of
	}
	of.WithoutAttack = len(without.verdicts)
	calm := without.summary()
	of.SuspectedWithoutAttack = calm.Suspected
	without.report.Summarise(without.samples)
	if calm.PutRequests > 0 {
		of.PutRPCsRatio = millionths(of.PutRequests / calm.PutRequests)
	}
	if usual := without.report.RPCs.Mean; usual > 0 {
		of.RPCsRatio = millionths(r.report.RPCs.Mean / usual)
	}
	return of
}

// summary is the mean over all lookups.
func (r *run) summary() *report.Attack {
	all := r.verdicts
	slices.SortFunc(all, func(a, b verdict) int { return cmp.Compare(a.number, b.number) })
	var closest, captured, suspected, recall, attackers, requests, found, old, gotSuspected float64
	var holders []float64
	for i := range all {
		v := &all[i]
		closest += one(v.closest)
		captured += one(v.captured)
		suspected += one(v.suspected)
		recall += v.recall
		attackers += v.attackers
		requests += float64(v.putRequests)
		found += one(v.found)
		old += one(v.stale)
		gotSuspected += one(v.getSuspected)
		holders = append(holders, float64(v.honestHolders))
	}
	mean := func(sum float64) float64 { return millionths(sum / float64(max(1, len(all)))) }
	of := &report.Attack{HonestClosest: mean(closest), HonestRecall: mean(recall), Captured: mean(captured),
		FirstAlphaShare: mean(attackers), Suspected: mean(suspected)}
	if r.cfg.Workload == report.WorkloadValue {
		d := report.NewDistribution(holders)
		of.HonestHolders, of.Gets, of.GetsFound, of.GetsSuspected = &d, len(all), mean(found), mean(gotSuspected)
		of.StaleReturned, of.PutRequests = mean(old), mean(requests)
	}
	if r.siege != nil {
		of.TableShare = millionths(r.share)
		return of
	}
	if r.cfg.sybil() == nil {
		of.SizeEstimate = r.sizes()
	}
	return of
}

// sizes are the estimates of the network's size by the lookups, each by as many of them as a
// node goes by, one after the other; nil: there are too few for one.
func (r *run) sizes() *report.SizeEstimate {
	var all []float64
	var samples [engine.SizeSamples]float32
	n := 0
	for i := range r.verdicts {
		if size := r.verdicts[i].size; size > 0 {
			samples[n] = float32(size)
			if n++; n == len(samples) {
				all, n = append(all, engine.SizeBy(samples)/float64(r.cfg.Nodes)), 0
			}
		}
	}
	if all == nil {
		return nil
	}
	d := report.NewDistribution(all)
	return &report.SizeEstimate{Of: len(all), Mean: d.Mean, SD: d.SD}
}

// one is 1 for true and 0 for false.
func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// newBooks makes the positions of a run of independent lookups, and says at which handle the
// clients of each searcher are. Where lookups have identities of their own around them, or
// two clients, each searcher has a book.
func (r *run) newBooks(searchers int) ([]*book, func(int) identity.Contact) {
	books, a := make([]*book, searchers), r.cfg.sybil()
	if a == nil && r.cfg.Workload != report.WorkloadValue {
		b := r.newBook(searchers)
		for i := range books {
			books[i] = b
		}
		return books, func(i int) identity.Contact { return b.guest() + identity.Contact(i) }
	}
	others := clientsOfValue
	if a != nil {
		others += a.Identities
	}
	b := r.newBook(others)
	if a != nil {
		b.ground.first, b.ground.subnets = b.guest()+clientsOfValue, a.Subnets
	}
	for i := range books {
		own := *b
		own.positions = slices.Clone(b.positions)
		books[i] = &own
	}
	return books, func(int) identity.Contact { return b.guest() }
}

// clientsOfValue are who puts it, and who gets it.
const clientsOfValue = 2

// newBook makes the positions of a run of independent lookups, with so many in no table.
func (r *run) newBook(others int) *book {
	cfg := &r.cfg
	b := newBook(cfg.Seed, r.servers(), others)
	if pool := cfg.pool(); pool.Identities > 0 {
		b.addPool(cfg.Seed, pool.Identities, pool.Subnets)
	}
	if cfg.Subnets > 0 {
		b.share(cfg.Seed, b.servers, cfg.Subnets)
	}
	return b
}
