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
}

// judge judges the lookup that has ended.
func (s *searcher) judge(r *engine.Result) {
	isHonest := func(c identity.Contact) bool { return s.role(c) == honest }
	s.honest = s.book.closest(s.honest[:0], &s.target, s.cfg.K, isHonest)
	v := verdict{number: s.lookup, captured: !slices.ContainsFunc(r.Contacts, isHonest), suspected: r.Density.Suspect()}
	found := 0
	for i, c := range s.honest {
		if slices.Contains(r.Contacts, c) {
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

// attacked says what the attack did, once all lookups have ended. For that it runs the same
// lookups without the attack, unless it is interrupted.
func (r *run) attacked(ctx context.Context) *report.Attack {
	of := summary(r.verdicts)
	without := &run{cfg: r.cfg, cores: r.cores, onProgress: r.onProgress, judging: true, stage: "lookups without attack"}
	without.cfg.Attacks = nil
	if r.stopped {
		return of
	}
	without.independent(ctx)
	if without.stopped {
		r.report.Partial = true
		return of
	}
	of.WithoutAttack = len(without.verdicts)
	of.SuspectedWithoutAttack = summary(without.verdicts).Suspected
	without.report.Summarise(without.samples)
	if usual := without.report.RPCs.Mean; usual > 0 {
		of.RPCsRatio = millionths(r.report.RPCs.Mean / usual)
	}
	return of
}

// summary is the mean over all lookups.
func summary(all []verdict) *report.Attack {
	slices.SortFunc(all, func(a, b verdict) int { return cmp.Compare(a.number, b.number) })
	var closest, captured, suspected, recall, attackers float64
	for i := range all {
		v := &all[i]
		closest += one(v.closest)
		captured += one(v.captured)
		suspected += one(v.suspected)
		recall += v.recall
		attackers += v.attackers
	}
	mean := func(sum float64) float64 { return millionths(sum / float64(max(1, len(all)))) }
	return &report.Attack{HonestClosest: mean(closest), HonestRecall: mean(recall), Captured: mean(captured),
		FirstAlphaShare: mean(attackers), Suspected: mean(suspected)}
}

// one is 1 for true and 0 for false.
func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// newBook makes the positions of a run of independent lookups, by so many searchers.
func (r *run) newBook(searchers int) *book {
	cfg := &r.cfg
	b := newBook(cfg.Seed, r.servers(), searchers)
	if pool := cfg.pool(); pool.Identities > 0 {
		b.addPool(cfg.Seed, pool.Identities, pool.Subnets)
	}
	if cfg.Subnets > 0 {
		b.share(cfg.Seed, b.servers, cfg.Subnets)
	}
	return b
}
