package kadmium

import (
	"kadmium/driver"
	"kadmium/histogram"
)

// Histograms are the spread of what a node has measured since it started.
type Histograms = driver.Histograms

// LookupStats counts the lookups of one purpose that have ended: by their reason, and by
// hops, rounds, requests and seconds. The purposes are those of operations (find, closest,
// get, put, provide, providers), join, and what a node does by itself: self (it makes its
// neighbours know it), refresh, re-store, re-publish.
type LookupStats = driver.LookupStats

// A Histogram counts values by the buckets that they fall into.
type Histogram = histogram.Histogram

// Histograms is the spread of what the node has measured since it started.
func (n *Node) Histograms() Histograms { return n.driver.Histograms() }
