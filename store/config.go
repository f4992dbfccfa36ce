package store

import "time"

// Lifetimes and intervals (Kademlia, section 2.5; design, section 6).
const (
	DefaultTTL      = 24 * time.Hour     // a record's lifetime after its publisher's last word
	MaxTTL          = 7 * 24 * time.Hour // the longest a receiver grants
	ProviderTTL     = 24 * time.Hour     // a provider entry's, which is also the longest granted
	ReplicateAfter  = time.Hour          // without a STORE until a holder stores again
	ReplicateJitter = 15 * time.Minute   // at most, on top: the first of k holders spares the others
	RepublishEvery  = 22 * time.Hour     // a publisher's word, before DefaultTTL runs out
)

// Default limits.
const (
	DefaultMaxRecords         = 1 << 16 // records
	DefaultMaxProviders       = 1 << 16 // provider entries
	DefaultMaxProvidersPerKey = 256     // provider entries under one key
	DefaultMaxBytes           = 1 << 26 // bytes of memory for records and provider entries, index included
	shareOfSource             = 4       // one source may fill 1/4 of each limit
)

// A Config holds a store's limits. The zero value of a field is its default, the
// constant of the same name or with Default before it.
type Config struct {
	MaxRecords         int // records held for others
	MaxProviders       int // provider entries held
	MaxProvidersPerKey int // of them, under one key
	MaxBytes           int // bytes that records and provider entries occupy
	MaxPerSource       int // records at one source's word; MaxRecords/4. The same share counts for the other limits

	ReplicateJitter time.Duration // what holders of one key differ by; scripts have next to none

	Volatile bool // there is no journal: no operations are made
}

func (c *Config) fill() {
	number := func(n *int, def int) {
		if *n <= 0 {
			*n = def
		}
	}
	number(&c.MaxRecords, DefaultMaxRecords)
	number(&c.MaxProviders, DefaultMaxProviders)
	number(&c.MaxProvidersPerKey, DefaultMaxProvidersPerKey)
	number(&c.MaxBytes, DefaultMaxBytes)
	number(&c.MaxPerSource, max(1, c.MaxRecords/shareOfSource))
	if c.ReplicateJitter <= 0 {
		c.ReplicateJitter = ReplicateJitter
	}
}

// settings are a store's Config. The stores of a process that leave it at its
// defaults, a million of them perhaps, share one.
type settings struct{ cfg Config }

var defaults, volatileDefaults = filled(Config{}), filled(Config{Volatile: true})

func filled(cfg Config) settings {
	cfg.fill()
	return settings{cfg}
}

func settingsOf(cfg Config) *settings {
	switch cfg {
	case defaults.cfg:
		return &defaults
	case volatileDefaults.cfg:
		return &volatileDefaults
	}
	return &settings{cfg}
}
