package session

import (
	"io"
	"net/netip"
	"time"
)

// A Verdict is what happens to a first request after its cheap checks.
type Verdict uint8

// The verdicts.
const (
	Verify     Verdict = iota // spend a signature check on it
	DrawCookie                // answer it with a COOKIE
	Drop                      // over its limit: no answer
	BadCookie                 // malformed: no answer
)

// A Gate decides which first requests are worth a signature check (wire.md rule 8).
// Anybody who forges the address of a host can use up its limit. So a request over the
// limit is not dropped but draws a cookie, and requests that bring the cookie back have
// a limit of their own: no host is banned because of an address that is not
// authenticated. Not safe for concurrent use.
type Gate struct {
	cookies         *Cookies
	claimed, proven *HostLimiter
}

// NewGate makes a gate; its cookie secret is read from random.
func NewGate(random io.Reader) (*Gate, error) {
	c, err := NewCookies(random)
	if err != nil {
		return nil, err
	}
	return &Gate{
		cookies: c,
		claimed: NewHostLimiter(FirstContactRate, FirstContactBurst),
		proven:  NewHostLimiter(FirstContactRate, FirstContactBurst),
	}, nil
}

// Admit judges a first request that came from an address with that cookie; loaded says
// that signature checks are queueing up. A wrong cookie is malformed input, which draws
// no answer. While cookies are asked for it draws a new one, since it may be too old.
func (g *Gate) Admit(now time.Time, from netip.AddrPort, cookie Cookie, loaded bool) Verdict {
	if cookie != (Cookie{}) {
		if !g.cookies.Check(now, from, cookie) {
			if loaded {
				return DrawCookie
			}
			return BadCookie
		}
		if !g.proven.Allow(now, from.Addr()) {
			return Drop
		}
		return Verify
	}
	if loaded || !g.claimed.Allow(now, from.Addr()) {
		return DrawCookie
	}
	return Verify
}

// Cookie is the one to send after DrawCookie.
func (g *Gate) Cookie(now time.Time, a netip.AddrPort) Cookie { return g.cookies.Make(now, a) }
