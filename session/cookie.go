package session

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"time"

	"golang.org/x/crypto/blake2s"
)

// CookieEpoch is how often the cookies of an address change; the current and the
// previous one are accepted.
const CookieEpoch = 2 * time.Minute

// Cookies makes and checks cookies (wire.md, section 6): a MAC (keyed BLAKE2s, RFC
// 7693) of an address under a secret of this process. It keeps no state per address.
// Safe for concurrent use.
type Cookies struct{ secret [32]byte }

// NewCookies makes a secret from 32 bytes of random.
func NewCookies(random io.Reader) (*Cookies, error) {
	var c Cookies
	if _, err := io.ReadFull(random, c.secret[:]); err != nil {
		return nil, fmt.Errorf("making a cookie secret: %w", err)
	}
	return &c, nil
}

// Make is the cookie of an address at now.
func (c *Cookies) Make(now time.Time, a netip.AddrPort) Cookie {
	return c.mac(now.Unix()/int64(CookieEpoch/time.Second), a)
}

// Check reports whether the cookie was made for the address in the current CookieEpoch
// or the one before.
func (c *Cookies) Check(now time.Time, a netip.AddrPort, got Cookie) bool {
	epoch := now.Unix() / int64(CookieEpoch/time.Second)
	for _, e := range [2]int64{epoch, epoch - 1} {
		want := c.mac(e, a)
		if subtle.ConstantTimeCompare(want[:], got[:]) == 1 {
			return true
		}
	}
	return false
}

// mac covers the epoch, so that the cookies of one epoch tell nothing about those of
// another.
func (c *Cookies) mac(epoch int64, a netip.AddrPort) (cookie Cookie) {
	h, _ := blake2s.New128(c.secret[:]) // fails only for keys over 32 bytes
	var text [26]byte
	binary.BigEndian.PutUint64(text[:], uint64(epoch))
	ip := a.Addr().As16()
	copy(text[8:], ip[:])
	binary.BigEndian.PutUint16(text[24:], a.Port())
	h.Write(text[:])
	h.Sum(cookie[:0])
	return cookie
}
