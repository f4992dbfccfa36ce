// Package picture draws what a measurement of lookups says: distributions, hops
// against the number of nodes, routing tables, a run over time and one lookup's
// trace, each as an SVG and a PNG; and two systems beside each other. The same
// reports make the same bytes.
package picture
