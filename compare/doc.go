// Package compare holds the benchmarks that put kadmium beside libp2p, in a
// module of its own so that libp2p stays out of kadmium's go.mod.
//
//	cd compare && go test -run '^$' -bench . -benchmem
package compare
