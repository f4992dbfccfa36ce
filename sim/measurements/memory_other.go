//go:build !linux

package main

import "os"

// peakMemory is not known: other systems count it in other units, or not at all.
func peakMemory(*os.ProcessState) float64 { return 0 }
