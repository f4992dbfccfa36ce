//go:build !(darwin || linux)

package driver

import "time"

// Boot is not known here: the wall clock must do.
func Boot() (id string, since time.Duration) { return "", 0 }
