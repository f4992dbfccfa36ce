package api

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// What a client accepts is negotiated as RFC 9110, section 12.5.1, has it; parameters of
// media types are passed over, as no resource has two of one type.

// A mediaRange is an element of an Accept.
type mediaRange struct {
	kind, sub string  // * stands for all
	quality   float64 // 0: not that
}

// parseAccept reads the lines of an Accept. Elements that are none are left out.
func parseAccept(lines []string) (all []mediaRange) {
	for _, element := range splitOutsideQuotes(strings.Join(lines, ","), ',') {
		parts := splitOutsideQuotes(element, ';')
		kind, sub, found := strings.Cut(strings.ToLower(strings.TrimSpace(parts[0])), "/")
		if !found || kind == "" || sub == "" || kind == "*" && sub != "*" {
			continue
		}
		one := mediaRange{kind, sub, 1}
		for _, parameter := range parts[1:] {
			name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
			if !strings.EqualFold(name, "q") {
				continue
			}
			q, err := strconv.ParseFloat(value, 64)
			if err != nil || math.IsNaN(q) || q < 0 || q > 1 {
				q = 0
			}
			one.quality = q
		}
		all = append(all, one)
	}
	return all
}

// splitOutsideQuotes splits where a separator does not stand between quotation marks.
func splitOutsideQuotes(text string, separator byte) (parts []string) {
	begin, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == separator && !quoted:
			parts = append(parts, text[begin:i])
			begin = i + 1
		}
	}
	return append(parts, text[begin:])
}

// preference is how much a client wants a media type, by the range that names it most
// exactly, and how exactly that does: 0 all, 1 its kind, 2 itself.
func preference(ranges []mediaRange, media string) (quality float64, exact int) {
	kind, sub, _ := strings.Cut(media, "/")
	exact = -1
	for _, r := range ranges {
		precision := 2
		switch {
		case r.kind == kind && r.sub == sub:
		case r.kind == kind && r.sub == "*":
			precision = 1
		case r.kind == "*":
			precision = 0
		default:
			continue
		}
		if precision > exact {
			quality, exact = r.quality, precision
		}
	}
	return quality, exact
}

// choose is the media type of some that a client likes best; of two that it likes as much the
// one that it names more exactly, and then the first. Empty: it accepts none.
func choose(accept []string, offers []string) (best string) {
	if strings.TrimSpace(strings.Join(accept, "")) == "" {
		return offers[0]
	}
	ranges := parseAccept(accept)
	var most float64
	var exact int
	for _, offer := range offers {
		q, e := preference(ranges, offer)
		if q > most || q == most && q > 0 && e > exact {
			best, most, exact = offer, q, e
		}
	}
	return best
}

// offersOf are the media types of a route's results, the preferred one first. Metrics are
// left out: Prometheus's library negotiates for itself.
func offersOf(r *Route) (offers []string) {
	for _, a := range r.Answers {
		for _, offer := range []struct {
			is   bool
			kind string
		}{{a.Bytes, octets}, {a.Value != nil && !a.Events, jsonType}, {a.Events, eventStream}, {a.Text == jsonType, jsonType}} {
			if offer.is && !slices.Contains(offers, offer.kind) {
				offers = append(offers, offer.kind)
			}
		}
	}
	return offers
}

// negotiate chooses the media type of the result. Problems are problems whatever the client
// accepts, and ?trace=sse asks for a stream.
func (c *call) negotiate() {
	offers := c.route.offers
	if len(offers) == 0 || c.query.Get("trace") == traceStream && c.route.traced() && c.r.Method != http.MethodHead {
		return
	}
	if c.route.traced() && c.query.Has("trace") {
		offers = append(slices.Clone(offers), eventStream)
	}
	accept := c.r.Header["Accept"]
	c.media = choose(accept, offers)
	if len(offers) > 1 || c.media == "" {
		c.w.Header()["Vary"] = byAccept
	}
	if c.media == "" {
		list := strings.Join(offers, ", ")
		next := "accept " + list
		if c.route.traced() && !c.query.Has("trace") {
			next += "; or ask with ?trace for a stream of the lookup's steps"
		}
		c.fail(problem("not-acceptable", "nothing that the request accepts is there", http.StatusNotAcceptable, exitBadInput, next,
			"%s %s answers with %s, and the request accepts %q", c.r.Method, pathOf(c.r.RequestURI), list, accept))
	}
}
