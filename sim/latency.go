package sim

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"kadmium/internal/exact"
)

// A Latency is a model of round trip times. A datagram takes half a round trip, and in all
// models but const at least oneWayFloor.
type Latency struct {
	kind   string // const, exp, world or file
	text   string
	mean   time.Duration
	matrix [][]float32 // of a file: milliseconds from site to site
	sum    string      // of a file: its SHA-256 in hex, as it was read
}

// maxSites bounds the sites of a file.
const maxSites = 10_000

// maxMatrix bounds a file, in bytes.
const maxMatrix = 1 << 30

// maxRTT bounds every round trip time, in milliseconds.
const maxRTT = 60_000

// ParseLatency reads const:RTT, exp:RTT (each pair of nodes has an RTT of its own,
// exponentially distributed with that mean), world, or file:PATH (a square matrix
// of milliseconds in CSV; each node is at one of the sites). Its error is ErrBadConfig,
// or that of reading the file.
func ParseLatency(s string) (Latency, error) {
	kind, rest, _ := strings.Cut(s, ":")
	l := Latency{kind: kind, text: s}
	switch {
	case s == "world":
		return l, nil
	case kind == "const" || kind == "exp":
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 || d > maxRTT*time.Millisecond {
			return Latency{}, fmt.Errorf("%w: latency %q: want %s:RTT with an RTT like 50ms, at most %d s", ErrBadConfig, s, kind, maxRTT/1000)
		}
		l.mean, l.text = d, kind+":"+d.String()
		return l, nil
	case kind == "file" && rest != "":
		if info, err := os.Stat(rest); err != nil {
			return Latency{}, err
		} else if !info.Mode().IsRegular() || info.Size() > maxMatrix {
			return Latency{}, fmt.Errorf("%w: latency file %s: want a regular file of at most %d MB", ErrBadConfig, rest, maxMatrix>>20)
		}
		f, err := os.Open(rest)
		if err != nil {
			return Latency{}, err
		}
		defer f.Close()
		h := sha256.New()
		if l.matrix, err = readMatrix(io.TeeReader(f, h)); err != nil {
			return Latency{}, fmt.Errorf("%w: latency file %s: %w", ErrBadConfig, rest, err)
		}
		l.sum = hex.EncodeToString(h.Sum(nil)) // readMatrix has read it to its end
		return l, nil
	}
	return Latency{}, fmt.Errorf("%w: latency %q: want const:50ms, exp:50ms, world or file:PATH", ErrBadConfig, s)
}

// String is the model in the form that ParseLatency reads.
func (l Latency) String() string { return l.text }

// File is the path of the file that the model was read from, and the SHA-256 in hex of what
// was read; both are empty if it is of no file.
func (l Latency) File() (path, sum string) {
	path, isFile := strings.CutPrefix(l.text, "file:")
	if !isFile {
		return "", ""
	}
	return path, l.sum
}

var errMatrix = errors.New("want a square matrix of milliseconds, comma-separated")

func readMatrix(r io.Reader) ([][]float32, error) {
	rows := csv.NewReader(r)
	rows.Comment, rows.TrimLeadingSpace, rows.ReuseRecord = '#', true, true
	var matrix [][]float32
	for {
		fields, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(matrix) == maxSites {
			return nil, fmt.Errorf("over %d sites", maxSites)
		}
		if len(fields) > maxSites {
			return nil, fmt.Errorf("row %d: over %d sites", len(matrix)+1, maxSites)
		}
		row := make([]float32, len(fields))
		for i, f := range fields {
			ms, err := strconv.ParseFloat(strings.TrimSpace(f), 32)
			if err != nil || !(ms >= 0 && ms <= maxRTT) {
				return nil, fmt.Errorf("row %d: %q is no time from 0 to %d ms", len(matrix)+1, f, maxRTT)
			}
			row[i] = float32(ms)
		}
		matrix = append(matrix, row)
	}
	if len(matrix) == 0 {
		return nil, errMatrix
	}
	if len(matrix) != len(matrix[0]) {
		return nil, fmt.Errorf("%w: %d rows of %d columns", errMatrix, len(matrix), len(matrix[0]))
	}
	return matrix, nil
}

// A place is the position of a node in the latency model "world": a point of a plane, in
// milliseconds, and a height above it for the access line.
type place struct {
	node    uint32
	x, y, h float32
}

// A region is one Gaussian of the mixture by which nodes are distributed over the plane.
type region struct{ weight, x, y, sdx, sdy float64 }

var regions = [...]region{
	{.437, -21, -2, 15, 15},
	{.281, -17, -69, 13, 10},
	{.097, -59, -82, 31, 26},
	{.085, 35, 91, 22, 32},
	{.069, 76, 44, 21, 23},
	{.020, -90, 54, 57, 49},
	{.011, 97, -94, 45, 68},
}

// worldHeight is the mean of the exponential heights.
const worldHeight = 10 // ms

// The jitter of a datagram in the world model is lognormal: its median, and the
// standard deviation of its logarithm. One in a hundred takes 5 ms more.
const (
	jitterMedian = 0.5 // ms
	jitterSD     = 1.0
)

func placeOf(seed uint64, node uint32) place {
	random := func(i uint64) uint64 { return hash(seed, forPlace, uint64(node), i) }
	share := unit(random(0))
	r := regions[len(regions)-1]
	for _, candidate := range regions {
		if share -= candidate.weight; share < 0 {
			r = candidate
			break
		}
	}
	return place{node,
		float32(r.x + float64(r.sdx*normal(random(1), random(2)))),
		float32(r.y + float64(r.sdy*normal(random(3), random(4)))),
		float32(worldHeight * exponential(random(5)))}
}

// A path computes how long datagrams take. It is not safe for concurrent use.
type path struct {
	latency *Latency
	seed    uint64
	places  []place // a cache, by the low bits of the node
}

const placesKept = 1 << 14

func newPath(latency *Latency, seed uint64) *path {
	p := &path{latency: latency, seed: seed}
	if latency.kind == "world" {
		p.places = make([]place, placesKept)
	}
	return p
}

// place is placeOf, with a cache. Node 0 does not exist.
func (p *path) place(node uint32) *place {
	kept := &p.places[node%placesKept]
	if kept.node != node {
		*kept = placeOf(p.seed, node)
	}
	return kept
}

// rtt is the round trip time between two nodes in milliseconds, the same in both
// directions.
func (p *path) rtt(a, b uint32) float64 {
	switch p.latency.kind {
	case "exp":
		mean := float64(p.latency.mean) / float64(time.Millisecond)
		return mean * exponential(hash(p.seed, forPair, uint64(min(a, b)), uint64(max(a, b))))
	case "world":
		from := *p.place(a) // a copy: both may be cached in the same slot
		to := p.place(b)
		dx, dy := float64(from.x-to.x), float64(from.y-to.y)
		return float64(2*math.Sqrt(float64(dx*dx)+float64(dy*dy))) + (float64(from.h) + float64(to.h))
	case "file":
		sites := len(p.latency.matrix)
		site := func(n uint32) int { return below(hash(p.seed, forPlace, uint64(n)), sites) }
		return float64(p.latency.matrix[site(a)][site(b)]+p.latency.matrix[site(b)][site(a)]) / 2
	}
	return float64(p.latency.mean) / float64(time.Millisecond)
}

// oneWayFloor is the least that a datagram takes in every model but const: measured round
// trips of under 2 ms are those within a site, and a window of a network is as long as this.
const oneWayFloor = time.Millisecond

// OneWay is how long datagrams of simulations of a seed take from node to node; nodes are
// numbered from 1. random decides what varies from datagram to datagram. It is not safe
// for concurrent use.
func (l *Latency) OneWay(seed uint64) func(from, to uint32, random uint64) time.Duration {
	return newPath(l, seed).oneWay
}

// leastOneWay is the least that a datagram takes.
func (l *Latency) leastOneWay() time.Duration {
	if l.kind == "const" {
		return l.mean / 2
	}
	return oneWayFloor
}

// oneWay is how long a datagram takes, including jitter.
func (p *path) oneWay(from, to uint32, random uint64) time.Duration {
	if p.latency.kind == "const" {
		return p.latency.mean / 2
	}
	ms := float64(p.rtt(from, to) / 2)
	if p.latency.kind == "world" {
		ms += float64(jitterMedian * exact.Exp(jitterSD*normal(random, mix(random))))
	}
	return max(oneWayFloor, time.Duration(min(ms, maxRTT)*float64(time.Millisecond)))
}
