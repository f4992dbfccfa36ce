// Package cost measures the operations of one side (hops, requests, bytes, time) and its
// network as a whole. The same code measures both sides.
package cost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kadmium"
	"kadmium/compare/kad"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
)

// The sides.
const (
	Libp2p  = "libp2p"
	Kadmium = "kadmium"
)

// ErrUnknown reports an unknown side or operation.
var ErrUnknown = errors.New("unknown")

// A Config says what to measure on one side.
type Config struct {
	Nodes, Lookups int
	K              int // 0: the default
	Run            int // from 1 on: each run has hosts and keys of its own
	Profile        side.Profile
	Alpha          int           // 0: the default
	Delay          time.Duration // of a packet, one way
	TCP            bool          // libp2p's transport
	Operations     []string      // to be measured

	// Which costs of the whole network to measure: convergence, being idle for so long
	// after the nodes have warmed up, and the memory for what the operations stored.
	Converging bool
	Idle       time.Duration
	Holding    bool
}

// A Sample has the costs of one side.
type Sample struct {
	Figures []Figure `json:"figures"`
}

// A Figure has the values of one metric of an operation in the order of measuring, or the
// one value of the network.
type Figure struct {
	Operation string    `json:"operation"`
	Metric    string    `json:"metric"`
	Values    []float64 `json:"values"`
}

func (s *Sample) add(operation, metric string, value float64) {
	for i := range s.Figures {
		if f := &s.Figures[i]; f.Operation == operation && f.Metric == metric {
			f.Values = append(f.Values, value)
			return
		}
	}
	s.Figures = append(s.Figures, Figure{operation, metric, []float64{value}})
}

// The metrics of operations. Each operation has those that apply to it.
const (
	Hops      = "hops"
	Rounds    = "rounds"
	Asked     = "peers asked"
	Requests  = "requests"
	Bytes     = "bytes"
	Latency   = "latency ms"
	CPU       = "CPU ms"               // until the searcher's link is quiet
	CPUResult = "CPU ms to the result" // without what libp2p does after it has the result
	Closest   = "true closest %"       // share of the true k closest that were returned
	Alive     = "alive %"              // share of the returned peers that are alive
	Holders   = "holders"
	Succeeded = "succeeded %"
)

// Measure makes a network of one side and measures it. Its error is ErrUnknown,
// ErrOverflow, that of ctx, or one of making nodes.
func Measure(ctx context.Context, name string, cfg Config, progress func(stage string, done, total int)) (*Sample, error) {
	var maker side.Maker
	switch name {
	case Libp2p:
		maker = p2p.NewNetwork().New
	case Kadmium:
		maker = kad.New
	default:
		return nil, fmt.Errorf("%w side %q: want %s or %s", ErrUnknown, name, Libp2p, Kadmium)
	}
	for _, o := range cfg.Operations {
		if !slices.Contains(Operations(), o) {
			return nil, fmt.Errorf("%w operation %q: want one of %q", ErrUnknown, o, Operations())
		}
	}
	r := &run{cfg: cfg, progress: progress, sample: new(Sample), base: footprint()}
	defer r.close()
	if err := r.start(ctx, maker); err != nil {
		return nil, err
	}
	if err := r.warmUp(ctx); err != nil {
		return nil, fmt.Errorf("warming up: %w", err)
	}
	if cfg.Idle > 0 {
		if err := r.atRest(ctx); err != nil {
			return nil, err
		}
	}
	if err := r.operate(ctx, false); err != nil {
		return nil, err
	}
	if cfg.Holding {
		r.holding()
	}
	// These close connections of many nodes, so they come after all warm operations.
	if err := r.operate(ctx, true); err != nil {
		return nil, err
	}
	if slices.Contains(cfg.Operations, Crashed) {
		if err := r.crash(ctx); err != nil {
			return nil, err
		}
	}
	if err := r.overflowed(); err != nil {
		return nil, err
	}
	return r.sample, nil
}

// DefaultK is the default of both sides: the size of a bucket, and the number of holders.
const DefaultK = kadmium.DefaultK
