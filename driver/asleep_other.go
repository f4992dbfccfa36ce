//go:build !(darwin || linux || windows)

package driver

import "time"

// Asleep is nil: how long the machine slept is not known here. A gap of the wall clock has
// a node greet its contacts.
var Asleep func() time.Duration
