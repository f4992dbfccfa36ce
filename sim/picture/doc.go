// Package picture draws reports: distributions, hops against the number of nodes, the
// occupancy of routing tables, a run over time and the trace of a lookup, each as an SVG
// and a PNG. It also draws comparisons of two systems. The same reports give the same
// bytes.
package picture
