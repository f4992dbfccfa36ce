package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// pathOf is the path of a request's target as it was sent, with its escapes: net/url would
// unescape it, after which a / of a key is like one between segments.
func pathOf(target string) string {
	path, _, _ := strings.Cut(target, "?")
	if scheme, rest, found := strings.Cut(path, "://"); found && !strings.Contains(scheme, "/") {
		_, path, _ = strings.Cut(rest, "/")
		return "/" + path
	}
	return path
}

// segments are the segments of an escaped path, each unescaped once. Segments that are
// empty, "." or ".." as they stand are refused: browsers and proxies change such paths. A
// key of two dots that arrives escaped is that key.
func segments(path string) ([]string, error) {
	rest, found := strings.CutPrefix(path, "/")
	if !found {
		return nil, badRequest("a path begins with /v1/", "%q is no path", path)
	}
	written := strings.Split(rest, "/")
	all := make([]string, len(written))
	for i, segment := range written {
		if segment == "" || segment == "." || segment == ".." {
			return nil, badRequest(nextForPath(written, i), "path %s: segment %d is %q", path, i+1, segment)
		}
		text, err := url.PathUnescape(segment)
		if err != nil {
			return nil, badRequest("write a % as %25, and other bytes as % and two hex digits", "path %s: %v", path, err)
		}
		all[i] = text
	}
	return all, nil
}

// match returns the values of the names in a pattern if the segments are of its form. The
// last name may be missing where the pattern takes key64 in its place.
func (r *Route) match(segments []string) (values map[string]string, ok bool) {
	parts := r.parts
	if r.key64() && len(segments) == len(parts)-1 {
		parts = parts[:len(segments)]
	}
	if len(segments) != len(parts) {
		return nil, false
	}
	for i, part := range parts {
		if part[0] != '{' && part != segments[i] {
			return nil, false
		}
	}
	values = make(map[string]string)
	for i, part := range parts {
		if part[0] == '{' {
			values[part[1:len(part)-1]] = segments[i]
		}
	}
	return values, true
}

// key64 reports whether the last segment may be given as ?key64=.
func (r *Route) key64() bool {
	return slices.ContainsFunc(r.Params, func(p Param) bool { return p.Name == "key64" })
}

// find is the route of a request, and what its path says. hasKey64 tells apart a list of
// all and one of them that is named by key64.
func find(method, target string, hasKey64 bool) (*Route, map[string]string, error) {
	path := pathOf(target)
	if path == "*" && method == http.MethodOptions {
		return &Route{Method: method, Pattern: "*", serve: options(allMethods())}, nil, nil
	}
	parts, err := segments(path)
	if err != nil {
		return nil, nil, err
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var allowed []string
	var last, other *Route // that match, but for the method; but for key64
	var otherValues map[string]string
	for i := range routes {
		r := &routes[i]
		values, ok := r.match(parts)
		_, named := values[r.lastName()]
		switch {
		case !ok:
		case r.key64() && named == hasKey64, !r.key64() && hasKey64:
			if hasKey64 && (r.Method == method || other == nil) {
				other, otherValues = r, values
			}
		case r.Method == method:
			return r, values, nil
		default:
			last, allowed = r, append(allowed, r.Method)
		}
	}
	switch {
	case last != nil && method == http.MethodOptions:
		return last.options(allowed), nil, nil
	case last != nil:
		return nil, nil, notAllowed(path, method, allowed)
	case other != nil && other.key64():
		return nil, nil, badRequest("leave one of them out: the path's segment, or ?key64=", "%s: the key is named twice", path)
	case other != nil && other.Method == method:
		return other, otherValues, nil // it refuses the parameter
	}
	return nil, nil, noResource(path, parts)
}

// lastName is the name that the pattern ends with, empty if it ends with none.
func (r *Route) lastName() string {
	last := r.Pattern[strings.LastIndex(r.Pattern, "/")+1:]
	if !strings.HasPrefix(last, "{") {
		return ""
	}
	return strings.Trim(last, "{}")
}

// What to do about a path that names nothing.
const (
	keyHint  = "write the key as one segment with / as %2F, like /v1/values/%2Fv%2Fhello; or in base64url as ?key64="
	nameHint = "write each name as one segment with / as %2F; see docs/api.md for the resources"
	seeHint  = "see docs/api.md for the resources"
)

// nextForName says how the name is written that the first segments of a path lead to, if
// they lead to one.
func nextForName(segments []string) string {
	next := seeHint
	for i := range routes {
		r := &routes[i]
		name := slices.IndexFunc(r.parts, isName)
		switch {
		case name < 0 || !r.names(segments, name):
		case r.key64():
			return keyHint
		default:
			next = nameHint
		}
	}
	return next
}

// nextForPath says what to do about segment i, which is empty, "." or "..": to leave it out
// where no name can stand and the rest is a resource.
func nextForPath(segments []string, i int) string {
	without := slices.Delete(slices.Clone(segments), i, i+1)
	rest := func(r Route) bool { _, ok := r.match(without); return ok && len(without) == len(r.parts) }
	if slices.ContainsFunc(routes, rest) && !slices.ContainsFunc(routes, func(r Route) bool { return r.names(segments, i) }) {
		return "leave it out: /" + strings.Join(without, "/")
	}
	return nextForName(segments)
}

func isName(part string) bool { return part[0] == '{' }

// names reports whether a name of the pattern stands at i, after the segments before it.
func (r *Route) names(segments []string, i int) bool {
	if i > len(segments) || i >= len(r.parts) || !isName(r.parts[i]) {
		return false
	}
	for j, part := range r.parts[:i] {
		if !isName(part) && part != segments[j] {
			return false
		}
	}
	return true
}

// noResource refuses a path that names nothing here.
func noResource(path string, parts []string) error {
	return problem("no-such-resource", "there is no such resource", http.StatusNotFound, exitBadInput, nextForName(parts), "%s is no resource", path)
}

func notAllowed(path, method string, allowed []string) error {
	list := allow(allowed)
	p := problem("method-not-allowed", "the resource has no such method", http.StatusMethodNotAllowed, exitBadInput, "use "+list, "%s %s: this resource has %s", method, path, list)
	p.header = http.Header{"Allow": {list}}
	return p
}

// allow is the value of an Allow: the methods of routes, and those that stand for them.
func allow(methods []string) string {
	all := append(slices.Clone(methods), http.MethodOptions)
	if slices.Contains(methods, http.MethodGet) {
		all = append(all, http.MethodHead)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

func allMethods() (all []string) {
	for i := range routes {
		all = append(all, routes[i].Method)
	}
	return all
}

// options is what answers OPTIONS of a resource that has the methods. To reach it takes what
// most of its routes take: the token, unless it is for anybody.
func (r *Route) options(methods []string) *Route {
	access := r.Access
	if access == Open {
		access = Private
	}
	return &Route{Method: http.MethodOptions, Pattern: r.Pattern, Params: r.Params, Access: access, serve: options(methods), parts: r.parts}
}

// options says which methods a resource has. No header of CORS is among the answer's.
func options(methods []string) func(*call) error {
	return func(c *call) error {
		c.w.Header().Set("Allow", allow(methods))
		c.noContent(http.StatusNoContent)
		return nil
	}
}
