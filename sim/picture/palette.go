package picture

import (
	"image/color"
	"math"
)

// The palette of Okabe and Ito ("Color Universal Design", 2008), whose colours can be told
// apart on white with any of the usual colour blindnesses.
var (
	blue      = color.RGBA{0x00, 0x72, 0xB2, 0xFF}
	vermilion = color.RGBA{0xD5, 0x5E, 0x00, 0xFF}
	black     = color.RGBA{0x1A, 0x1A, 0x1A, 0xFF}
	grey      = color.RGBA{0x8C, 0x8C, 0x8C, 0xFF} // distinct by its lack of colour
)

// The colours of everything except data.
var (
	white   = color.RGBA{0xFF, 0xFF, 0xFF, 0xFF}
	inkSoft = color.RGBA{0x55, 0x55, 0x55, 0xFF} // of all texts except the title
	rule    = color.RGBA{0x77, 0x77, 0x77, 0xFF} // of axes
	gridded = color.RGBA{0xE4, 0xE4, 0xE4, 0xFF} // of grid lines
	banded  = color.RGBA{0xF3, 0xF5, 0xF7, 0xFF} // of every other band
)

// viridis goes from dark to light, so that its order can be seen with any colour blindness
// and in greyscale. Its lightest part is left out: it is too pale on white.
var viridis = []color.RGBA{
	{0x44, 0x01, 0x54, 0xFF},
	{0x3E, 0x4A, 0x89, 0xFF},
	{0x26, 0x82, 0x8E, 0xFF},
	{0x35, 0xB7, 0x79, 0xFF},
	{0x9F, 0xD0, 0x2A, 0xFF},
}

// graded is colour i of n for a growing quantity.
func graded(i, n int) color.RGBA {
	if n <= 1 {
		return blue
	}
	at := float64(i) / float64(n-1) * float64(len(viridis)-1)
	from := min(int(at), len(viridis)-2)
	return mixed(viridis[from], viridis[from+1], at-float64(from))
}

// pale is a lighter version of a colour.
func pale(c color.RGBA) color.RGBA { return mixed(c, white, .72) }

// mixed is a mixture of a with a share of b.
func mixed(a, b color.RGBA, share float64) color.RGBA {
	mix := func(a, b uint8) uint8 {
		return uint8(math.Round(float64(a)*(1-share) + float64(b)*share))
	}
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xFF}
}

// kinds are colours of the same palette for values without an order. Its yellow is left
// out: it is too pale on white.
var kinds = []color.RGBA{
	blue,
	vermilion,
	{0x00, 0x9E, 0x73, 0xFF},
	{0xCC, 0x79, 0xA7, 0xFF},
	black,
	{0xE6, 0x9F, 0x00, 0xFF},
	{0x56, 0xB4, 0xE9, 0xFF},
	grey,
}

// deepening is a colour for a share from 0 to 1 of a quantity: pale, then blue, then dark,
// so that it is told in greyscale too.
func deepening(share float64) color.RGBA {
	light, dark := color.RGBA{0xEA, 0xF2, 0xF8, 0xFF}, color.RGBA{0x06, 0x2A, 0x4A, 0xFF}
	if share < .6 {
		return mixed(light, blue, share/.6)
	}
	return mixed(blue, dark, (share-.6)/.4)
}

// translucent is a colour through which others show.
func translucent(c color.RGBA) color.NRGBA { return color.NRGBA{c.R, c.G, c.B, 0x2E} }
