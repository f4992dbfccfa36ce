//go:build !linux

package main

import "os"

// peakMemory is 0, not known: other systems count in other units, or not at all.
func peakMemory(*os.ProcessState) float64 { return 0 }
