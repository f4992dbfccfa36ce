package store

import "time"

// Lifetimes and intervals (Kademlia, section 2.5; design R6.8 to R6.16).
const (
	DefaultTTL      = 24 * time.Hour     // a record's lifetime from its last publication
	MaxTTL          = 7 * 24 * time.Hour // the longest lifetime that a receiver grants
	ProviderTTL     = 24 * time.Hour     // a provider entry's lifetime, also the longest that is granted
	ReplicateAfter  = time.Hour          // from the last STORE until a holder replicates
	ReplicateJitter = 15 * time.Minute   // at most, added: the first of k holders saves the others the work
	ReviveTime      = time.Hour          // for which what a restart has ended is kept, and may be revived
	RepublishEvery  = 22 * time.Hour     // from one publication to the next, before DefaultTTL ends
)

// Limits, most of them defaults (design R8.8).
const (
	DefaultMaxRecords   = 1 << 16 // records
	DefaultMaxProviders = 1 << 16 // provider entries
	MaxProvidersPerKey  = 256     // provider entries under one key (design R8.30)
	DefaultMaxBytes     = 1 << 26 // bytes of live memory for records and provider entries, their index and their sources included
	shareOfSource       = 4       // one source may use 1/4 of each limit
	partOfProviders     = 4       // 1/4 of the bytes are kept for provider entries
)

// A Config holds a store's limits. The zero value of a field is its default, the
// constant of the same name with Default before it.
type Config struct {
	MaxRecords   int // records held for others
	MaxProviders int // provider entries held
	MaxBytes     int // bytes of live memory that records and provider entries take
	MaxPerSource int // records stored by one source; MaxRecords/4. The other limits have the same share

	Volatile    bool // there is no journal: no changes are returned
	MayRevive   bool // what has passed before a restart may be less than Load was told: see Revive
	CheckLoaded bool // the journal may be of another network: signatures that are loaded are checked

	// Constants that tests of this package change.
	maxProvidersPerKey int
	maxKeptSequences   int
	replicateJitter    time.Duration
}

// withDefaults is the Config with defaults for the fields that are zero.
func (c Config) withDefaults() Config {
	number := func(n *int, def int) {
		if *n <= 0 {
			*n = def
		}
	}
	number(&c.MaxRecords, DefaultMaxRecords)
	number(&c.MaxProviders, DefaultMaxProviders)
	number(&c.maxProvidersPerKey, MaxProvidersPerKey)
	number(&c.maxKeptSequences, MaxKeptSequences)
	number(&c.MaxBytes, DefaultMaxBytes)
	number(&c.MaxPerSource, max(1, c.MaxRecords/shareOfSource))
	if c.replicateJitter <= 0 {
		c.replicateJitter = ReplicateJitter
	}
	return c
}

// settings are a store's Config. All stores of a process with the default Config
// share one: a simulation may have a million stores.
type settings struct{ cfg Config }

var (
	defaults         = settings{Config{}.withDefaults()}
	volatileDefaults = settings{Config{Volatile: true}.withDefaults()}
)

func settingsOf(cfg Config) *settings {
	switch cfg {
	case defaults.cfg:
		return &defaults
	case volatileDefaults.cfg:
		return &volatileDefaults
	}
	return &settings{cfg}
}
