package sim

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"kadmium/sim/attack"
)

// A Setting is a field of a Config, with the name of its flag and its value as the flag
// takes it.
type Setting struct{ Name, Value string }

// settings are all fields of a Config, in the order of kad sim --help. A field without a
// value is as if its flag was not given.
var settings = []struct {
	name string
	get  func(*Config) string
	set  func(*Config, string) error
}{
	number("nodes", func(c *Config) *int { return &c.Nodes }),
	number("lookups", func(c *Config) *int { return &c.Lookups }),
	number("k", func(c *Config) *int { return &c.K }),
	number("alpha", func(c *Config) *int { return &c.Alpha }),
	{"seed", func(c *Config) string { return strconv.FormatUint(c.Seed, 10) }, func(c *Config, text string) (err error) {
		c.Seed, err = strconv.ParseUint(text, 10, 64)
		return wants(err, "a whole number")
	}},
	text("tables", func(c *Config) *string { return &c.Tables }),
	{"latency", func(c *Config) string { return c.Latency.String() }, func(c *Config, text string) (err error) {
		c.Latency, err = ParseLatency(text)
		return err
	}},
	share("loss", func(c *Config) *float64 { return &c.Loss }),
	share("duplicate", func(c *Config) *float64 { return &c.Duplicate }),
	{"sessions", func(c *Config) string { return c.Sessions.String() }, func(c *Config, text string) (err error) {
		c.Sessions, err = ParseSessions(text)
		return err
	}},
	share("client", func(c *Config) *float64 { return &c.Client }),
	share("silent", func(c *Config) *float64 { return &c.Silent }),
	share("lying", func(c *Config) *float64 { return &c.Lying }),
	{"attack", func(c *Config) string { return attack.Join(c.Attacks) }, func(c *Config, text string) (err error) {
		c.Attacks, err = attack.ParseList(text)
		return err
	}},
	number("subnets", func(c *Config) *int { return &c.Subnets }),
	text("workload", func(c *Config) *string { return &c.Workload }),
	text("targets", func(c *Config) *string { return &c.Targets }),
	span("duration", func(c *Config) *time.Duration { return &c.Duration }),
	number("keys", func(c *Config) *int { return &c.Keys }),
	span("ttl", func(c *Config) *time.Duration { return &c.TTL }),
	text("lookup", func(c *Config) *string { return &c.Lookup }),
	text("table", func(c *Config) *string { return &c.Table }),
	text("gets", func(c *Config) *string { return &c.Gets }),
	text("trace-of", func(c *Config) *string { return &c.TraceOf }),
}

type field = struct {
	name string
	get  func(*Config) string
	set  func(*Config, string) error
}

func number(name string, of func(*Config) *int) field {
	return field{name, func(c *Config) string { return strconv.Itoa(*of(c)) }, func(c *Config, text string) (err error) {
		*of(c), err = strconv.Atoi(text)
		return wants(err, "a whole number")
	}}
}

func share(name string, of func(*Config) *float64) field {
	return field{name, func(c *Config) string { return strconv.FormatFloat(*of(c), 'g', -1, 64) }, func(c *Config, text string) (err error) {
		*of(c), err = strconv.ParseFloat(text, 64)
		return wants(err, "a number like 0.25")
	}}
}

func span(name string, of func(*Config) *time.Duration) field {
	return field{name, func(c *Config) string { return of(c).String() }, func(c *Config, text string) (err error) {
		*of(c), err = time.ParseDuration(text)
		return wants(err, "a time like 90s or 24h")
	}}
}

func text(name string, of func(*Config) *string) field {
	return field{name, func(c *Config) string { return *of(c) }, func(c *Config, text string) error {
		*of(c) = text
		return nil
	}}
}

// wants is an error that says what is wanted, if err is one.
func wants(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("want %s", what)
}

// Set sets the field that the flag of that name sets. Its error is ErrBadConfig, or that of
// reading a file of latencies.
func (c *Config) Set(name, value string) error {
	for _, s := range settings {
		if s.name != name {
			continue
		}
		err := s.set(c, value)
		if err == nil || errors.Is(err, ErrBadConfig) || name == "latency" {
			return err
		}
		if errors.Is(err, attack.ErrBadAttack) {
			return fmt.Errorf("%w: %w", ErrBadConfig, err)
		}
		return fmt.Errorf("%w: %s %q: %w", ErrBadConfig, name, value, err)
	}
	return fmt.Errorf("%w: there is no setting %q", ErrBadConfig, name)
}

// Settings are all fields, in the order of kad sim --help. Set takes them back.
func (c *Config) Settings() []Setting {
	all := make([]Setting, len(settings))
	for i, s := range settings {
		all[i] = Setting{s.name, s.get(c)}
	}
	return all
}
