package main

import (
	"os"
	"syscall"
)

// peakMemory is the peak resident memory of a process that has ended, in bytes.
func peakMemory(p *os.ProcessState) float64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return float64(usage.Maxrss) * 1024 // getrusage(2): kilobytes
	}
	return 0
}
