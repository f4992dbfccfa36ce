package main

import (
	"strings"
	"time"
)

// brief is a duration for people: three digits are enough.
func brief(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return short(d.Round(time.Second))
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// short is a duration without zeros at its end: 22h, not 22h0m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
