// Package sweep runs many simulations that differ in some settings, and keeps what they
// measured in a directory: a table for statistics programs, the reports, and a manifest of
// where they came from. A run that the directory has already is not run again.
package sweep
