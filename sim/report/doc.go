// Package report is what a measurement of lookups says, whether it was made in the
// simulator or on real sockets: one schema (docs/report.md), the statistics behind
// it, its form for people, and the comparison of two.
package report
