package api

import (
	"strings"
	"testing"
)

// Whatever a path is, it names at most one route, and each name of its pattern has the
// bytes that the segment stands for: written again as the client writes them, it names the
// same.
func FuzzPath(f *testing.F) {
	for _, path := range []string{
		"/v1/values/%2Fv%2Fhello", "/v1/values/..", "/v1/values/%2e%2e", "/v1/values/%00", "/v1/values/%ff", "/v1/values/a//b",
		"/v1/values?key64=Li4", "/v1/peers/%2Fip4%2F127.0.0.1%2Fudp%2F1/ping", "/v1/messages/a/%2Fb", "http://host/v1/closest/x?y", "*", "", "/", "/v1/published", "//v1/stats",
	} {
		f.Add("GET", path, strings.Contains(path, "key64"))
		f.Add("DELETE", path, false)
	}
	f.Fuzz(func(t *testing.T, method, path string, key64 bool) {
		route, values, err := find(method, path, key64)
		if err != nil {
			p, ok := err.(*Problem)
			if !ok || p.Status < 400 || p.Status > 499 || p.Detail == "" || p.Next == "" {
				t.Fatalf("%s %q: %#v", method, path, err)
			}
			return
		}
		if method != route.Method && (method != "HEAD" || route.Method != "GET") {
			t.Fatalf("%s %q leads to %s %s", method, path, route.Method, route.Pattern)
		}
		written := ""
		for _, part := range strings.Split(route.Pattern[1:], "/") {
			value, isName := values[strings.Trim(part, "{}")]
			switch {
			case !strings.HasPrefix(part, "{"):
				written += "/" + part
			case isName && value == "":
				t.Fatalf("%q: %s is empty", path, part)
			case isName:
				written += "/" + segment(value)
			}
		}
		again, same, err := find(method, written, key64)
		if err != nil || again != route || len(same) != len(values) {
			t.Fatalf("%q names %s %q, and written again as %q it names %v: %v", path, route.Pattern, values, written, again, err)
		}
		for name, value := range values {
			if same[name] != value {
				t.Fatalf("%q: %s is %q, and written again as %q it is %q", path, name, value, written, same[name])
			}
		}
	})
}

// Every key can be said as key64, padded or not, and text that says none is refused.
func FuzzKey64(f *testing.F) {
	for _, key := range []string{"", "..", "\x00", "\xff", "a//b", "_w==", "%2e"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, padding := range []string{"", "=", "=="} {
			if got, err := decodeKey64(encodeKey64(text) + padding); err != nil || string(got) != text {
				t.Fatalf("%q as %s%s: %q, %v", text, encodeKey64(text), padding, got, err)
			}
		}
		if key, err := decodeKey64(text); err == nil && encodeKey64(string(key)) != strings.TrimRight(text, "=") {
			t.Fatalf("%q is read as %q", text, key)
		}
	})
}
