// Measurements runs the simulations whose figures docs/measurements.md shows, and
// writes that page.
//
//	go run ./sim/measurements              all but those marked large
//	go run ./sim/measurements -only day    one, the rest as it was measured before
//	go run ./sim/measurements -large       also those that take much memory or time
//	go run ./sim/measurements -page        none: the page from what is kept
//	go run ./sim/measurements -list        what there is
//
// It builds kad and runs the command lines that the page shows, one after the other, each
// in a process of its own. It keeps each result in docs/measurements.json with its command
// line, so that the page shows a result only beside the command that it is from. If it is
// interrupted, the results until then are kept.
package main
