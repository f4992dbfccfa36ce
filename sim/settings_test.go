package sim

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"kadmium/sim/report"
)

// What Settings says of a Config, Set takes, and it makes the same Config.
func TestSettings(t *testing.T) {
	for name, c := range varied(t) {
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		again := Defaults()
		for _, s := range c.Settings() {
			if err := again.Set(s.Name, s.Value); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if err := again.Check(); err != nil {
			t.Fatal(err)
		}
		if got, want := again.report(), c.report(); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	c := Defaults()
	for _, s := range []Setting{{"nodes", "many"}, {"seed", "-1"}, {"loss", ""}, {"duration", "1"}, {"sessions", "exp"}, {"latency", "const"}, {"size", "1"}} {
		if err := c.Set(s.Name, s.Value); !errors.Is(err, ErrBadConfig) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if err := c.Set("duration", "90m"); err != nil || c.Duration != 90*time.Minute {
		t.Error(c.Duration, err)
	}
	if len(settings) != reflect.TypeFor[report.Config]().NumField()-1 { // but bootstrap
		t.Errorf("%d settings, and %d of a report", len(settings), reflect.TypeFor[report.Config]().NumField())
	}
}
