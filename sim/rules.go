package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/lookup"
)

// The names of this project's own rules. RulePlain is Kademlia as lookup.Plain and
// kbucket.Plain have it; RuleKadmium is what nodes use: lookups of lookup.Region, and
// tables of kbucket.Preferring.
const (
	RuleKadmium = "kadmium"
	RulePlain   = "plain"
)

// rules are the lookup rules and the table policies that a Config can name.
var rules = struct {
	sync.Mutex
	lookups map[string]lookupRule
	tables  map[string]func() kbucket.Policy
}{
	lookups: map[string]lookupRule{RuleKadmium: {make: lookup.NewRegion}, RulePlain: {make: plainLookup}},
	tables:  map[string]func() kbucket.Policy{RuleKadmium: nil, RulePlain: plainTable},
}

func plainLookup(lookup.Config) lookup.Rule { return lookup.Plain{} }

func plainTable() kbucket.Policy { return kbucket.Plain{} }

// A lookupRule makes the rules of lookups. k and alpha are its own; 0: the usual.
type lookupRule struct {
	make     func(lookup.Config) lookup.Rule
	k, alpha int
}

// RegisterLookup gives a lookup rule a name, for Config.Lookup and kad sim --lookup. Call
// it from a function init or at the start of main. rule is called for each lookup, by several
// goroutines at once and in no certain order: what it makes must share nothing that changes,
// or reports are not the same each time. k and alpha are those that the rule has of its own,
// for lookups whose user says nothing; 0: 20 and 3. It panics if there is no name or it is
// taken.
func RegisterLookup(name string, rule func(lookup.Config) lookup.Rule, k, alpha int) {
	rules.Lock()
	defer rules.Unlock()
	if _, taken := rules.lookups[name]; taken || name == "" || rule == nil {
		panic(fmt.Sprintf("sim: a lookup rule cannot be named %q: no name, no rule, or the name is taken", name))
	}
	rules.lookups[name] = lookupRule{rule, k, alpha}
}

// RegisterTable gives a table policy a name, for Config.Table and kad sim --table. policy is
// called for each table, and all else is as in RegisterLookup.
func RegisterTable(name string, policy func() kbucket.Policy) {
	rules.Lock()
	defer rules.Unlock()
	if _, taken := rules.tables[name]; taken || name == "" || policy == nil {
		panic(fmt.Sprintf("sim: a table policy cannot be named %q: no name, no policy, or the name is taken", name))
	}
	rules.tables[name] = policy
}

// LookupNames are the lookup rules that are registered, in alphabetical order.
func LookupNames() []string {
	rules.Lock()
	defer rules.Unlock()
	return slices.Sorted(maps.Keys(rules.lookups))
}

// TableNames are the table policies that are registered, in alphabetical order.
func TableNames() []string {
	rules.Lock()
	defer rules.Unlock()
	return slices.Sorted(maps.Keys(rules.tables))
}

// OwnParameters are the k and alpha that a lookup rule has of its own, 20 and 3 if it has
// none or is not registered.
func OwnParameters(lookupName string) (k, alpha int) {
	rules.Lock()
	defer rules.Unlock()
	r := rules.lookups[lookupName]
	return cmp.Or(r.k, lookup.DefaultK), cmp.Or(r.alpha, lookup.DefaultAlpha)
}

// follow looks up the rules that the Config names.
func (c *Config) follow() error {
	c.Lookup, c.Table = cmp.Or(c.Lookup, RuleKadmium), cmp.Or(c.Table, RuleKadmium)
	rules.Lock()
	r, lookupKnown := rules.lookups[c.Lookup]
	policy, tableKnown := rules.tables[c.Table]
	rules.Unlock()
	switch {
	case !lookupKnown:
		return fmt.Errorf("%w: lookup %q, want one of %v", ErrBadConfig, c.Lookup, LookupNames())
	case !tableKnown:
		return fmt.Errorf("%w: table %q, want one of %v", ErrBadConfig, c.Table, TableNames())
	}
	if policy == nil && c.independent() {
		policy = plainTable // nothing enters these tables, so both policies are the same
	}
	c.rule, c.policy = r.make, policy
	c.seeds = lookup.Config{K: c.K, Alpha: c.Alpha, Rule: c.rule, Searcher: nobody{}, Size: float64(c.Nodes)}.Seeds()
	return nil
}

// nobody is the searcher of a rule that is only asked how many seeds it wants.
type nobody struct{}

func (nobody) RTT(identity.Contact) time.Duration { return 0 }
func (nobody) HasFailed(identity.Contact) bool    { return false }

func (nobody) Random() uint64 { return 0 }

// places is how many contacts bucket cpl of the table of the node at self has room for.
func (w *world) places(self *identity.Position, cpl int) int {
	if w.cfg.policy == nil {
		return w.cfg.K
	}
	t := kbucket.New(*self, w.book, w.cfg.K)
	t.Follow(w.cfg.policy())
	return t.Room(cpl).Contacts
}
