package main

import (
	"time"

	"kadmium/api"
)

// brief is a duration for people: three digits are enough.
func brief(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return api.Short(d.Round(time.Second))
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
