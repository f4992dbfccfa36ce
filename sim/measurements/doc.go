// Measurements runs the simulations whose figures docs/measurements.md shows, and
// writes that page.
//
//	go run ./sim/measurements              all but those marked large
//	go run ./sim/measurements -only day    one, the rest as it was measured before
//	go run ./sim/measurements -large       also those that take much memory or time
//	go run ./sim/measurements -page        none: the page from what is kept
//	go run ./sim/measurements -list        what there is
//
// It builds the command and runs the very lines that the page shows, one after the
// other, each in a process of its own. What each brought is kept in
// docs/measurements.json under its command line, so a result is shown only beside
// the command that brought it. Interrupted, it keeps what was done.
package main
