// Package report is the report of a measurement of lookups, made in the simulator or on
// real sockets. It has the schema (docs/report.md), the statistics, the report as text,
// and the comparison of two reports.
package report
