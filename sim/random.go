package sim

import (
	"encoding/binary"
	"math"
	"math/bits"
	"math/rand/v2"

	"kadmium/identity"
	"kadmium/internal/exact"
)

// mix spreads its input over 64 bits: the finaliser of SplitMix64 (Steele, Lea and
// Flood, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hash is a random number for one purpose, which is the first part.
func hash(seed uint64, parts ...uint64) uint64 {
	h := mix(seed)
	for _, p := range parts {
		h = mix(h ^ p)
	}
	return h
}

// The purposes of random numbers. Each has numbers of its own, so that a change of one
// setting does not change the rest of a run.
const (
	forPosition = 1 + iota
	forBucket
	forEngine
	forRole
	forPlace
	forPair
	forWire
	forSession
	forLookup
	forTarget
	forGrowth
	forKey
	forSize
	forSubnet
	forPool
	forGround
)

// source is a stream of random numbers for one purpose.
func source(seed uint64, parts ...uint64) *rand.PCG {
	h := hash(seed, parts...)
	return rand.NewPCG(h, mix(h))
}

// unit is a number strictly between 0 and 1 from 64 random bits.
func unit(random uint64) float64 {
	return float64((float64(random>>11) + 0.5) / (1 << 53))
}

// below is a number from 0 to n-1 from 64 random bits (Lemire, 2019). Its bias, n/2^64, is
// far too small for any run to show.
func below(random uint64, n int) int {
	hi, _ := bits.Mul64(random, uint64(n))
	return int(hi)
}

// exponential is a sample of mean 1.
func exponential(random uint64) float64 { return -exact.Ln(unit(random)) }

// normal is a sample of the standard normal distribution (Box and Muller, 1958).
func normal(random1, random2 uint64) float64 {
	return math.Sqrt(2*exponential(random1)) * exact.Cosine(unit(random2))
}

// gamma is a sample of the gamma distribution of a shape of at least 1, scale 1
// (Marsaglia and Tsang, 2000).
func gamma(shape float64, r rand.Source) float64 {
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := normal(r.Uint64(), r.Uint64())
		v := 1 + float64(c*x)
		if v <= 0 {
			continue
		}
		v = v * v * v
		if exact.Ln(unit(r.Uint64())) < float64(x*x/2)+d-float64(d*v)+float64(d*exact.Ln(v)) {
			return d * v
		}
	}
}

// randomPosition is a random position for one purpose.
func randomPosition(seed uint64, parts ...uint64) (p identity.Position) {
	h := hash(seed, parts...)
	for i := 0; i < len(p); i += 8 {
		binary.BigEndian.PutUint64(p[i:], h)
		h = mix(h)
	}
	return p
}
