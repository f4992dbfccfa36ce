package kadmium

import (
	"errors"
	"testing"
)

func TestModes(t *testing.T) {
	for _, m := range []Mode{Auto, Client, Server} {
		if got, err := ParseMode(m.String()); err != nil || got != m {
			t.Errorf("%v is read as %v, %v", m, got, err)
		}
	}
	unknown := Mode(9).String()
	if _, err := ParseMode(unknown); !errors.Is(err, ErrBadConfig) {
		t.Errorf("%q is read: %v", unknown, err)
	}
}
