package report

import (
	"reflect"
	"strings"
)

// A setting is one field of a Config with its name in JSON.
type setting struct {
	name  string
	value reflect.Value
}

// settings are all fields of a Config, in their order.
func (c *Config) settings() []setting {
	v := reflect.ValueOf(*c)
	all := make([]setting, v.NumField())
	for i := range all {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		all[i] = setting{name, v.Field(i)}
	}
	return all
}

// A named distribution is one of a Report with its name in JSON.
type named struct {
	name string
	*Distribution
}

// distributions are all distributions of a Report, in their order.
func (r *Report) distributions() []named {
	return []named{
		{"hops", &r.Hops},
		{"first_replica_hops", &r.FirstReplicaHops},
		{"rounds", &r.Rounds},
		{"rounds_after_closest", &r.RoundsAfterClosest},
		{"rpcs", &r.RPCs},
		{"latency_ms", &r.LatencyMS},
		{"bytes", &r.Bytes},
	}
}
