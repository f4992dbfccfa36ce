package sim

import (
	"fmt"
	"reflect"
	"strings"

	"kadmium/sim/report"
)

// ConfigOf is the Config by which a simulation's report was made, checked. Its error is
// ErrBadConfig, or that of reading a file of latencies.
func ConfigOf(r *report.Report) (Config, error) {
	c := Defaults()
	if r.Kind != report.Sim {
		return c, fmt.Errorf("%w: a report of kad %s, which no simulation repeats", ErrBadConfig, r.Kind)
	}
	v := reflect.ValueOf(r.Config)
	for i := range v.NumField() {
		name, rest, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if v.Field(i).IsZero() && rest == "omitempty" {
			continue // as if the flag was not given
		}
		if err := c.Set(name, fmt.Sprint(v.Field(i).Interface())); err != nil {
			return c, err
		}
	}
	return c, c.Check()
}
