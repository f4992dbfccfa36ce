// Package page is the page of a node: HTML, style sheets and modules that draw what its API
// says. It is embedded as it stands; nothing builds it.
//
//	assets/main.js       asks the node while somebody looks
//	assets/node.js       requests, the token, streams of events
//	assets/nodes.js      which node is shown, of a process that runs several
//	assets/sentence.js   how the node is, in one sentence
//	assets/ring.js       the routing table
//	assets/peers.js      everybody whom the node knows
//	assets/lookups.js    lookups as they happen, and one's own; lookup.js is one of them
//	assets/target.js     the path of what somebody typed
//	assets/advice.js     what to do about a problem, in the page's words
//	assets/trace.js      the drawing of a lookup, as that of sim/picture
//	assets/traffic.js    traffic, round trips and drops; chart.js draws them
//	assets/events.js     the node's events, sampled if there are too many by sampler.js
//	assets/holdings.js   what it publishes and holds, and its tasks
//	assets/report.js     a recorded report of kad sim or kad bench
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assets embed.FS

// policy is the page's Content-Security-Policy: everything comes from the node itself, and
// no code or style stands in the markup.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Prefix begins the path of every asset.
const Prefix = "/page/"

// types are the media types of assets by the end of their names.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// An asset is one file of the page.
type asset struct {
	kind, tag string
	body      []byte
}

var files = read()

// read reads the assets by their path on the node.
func read() map[string]asset {
	all := make(map[string]asset)
	entries, err := assets.ReadDir("assets")
	if err != nil {
		panic(err) // embedded: it cannot fail
	}
	for _, e := range entries {
		body, err := assets.ReadFile("assets/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		at := Prefix + e.Name()
		if e.Name() == "index.html" {
			at = "/"
		}
		all[at] = asset{types[path.Ext(e.Name())], `"` + hex.EncodeToString(sum[:8]) + `"`, body}
	}
	return all
}

// Owns reports whether a path is the page's, or would be: it needs no token.
func Owns(path string) bool { return path == "/" || strings.HasPrefix(path, Prefix) }

// Has reports whether there is an asset at a path.
func Has(path string) bool {
	_, ok := files[path]
	return ok
}

// headers sets what every answer about the page has.
func headers(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache") // asked for again with its ETag: a node may be a newer one
}

// Serve answers a request for the page or an asset of it.
func Serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	headers(h)
	file, ok := files[r.URL.Path]
	switch {
	case !ok:
		http.Error(w, "no such page", http.StatusNotFound)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "use GET", http.StatusMethodNotAllowed)
	default:
		h.Set("Content-Type", file.kind)
		h.Set("ETag", file.tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.body))
	}
}
