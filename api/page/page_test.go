package page

import (
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Serve(w, r)
	return w.Result()
}

// Every asset has its type, and the headers that keep other sites and inline code away.
func TestServe(t *testing.T) {
	if len(files) < 10 {
		t.Fatalf("only %d assets", len(files))
	}
	for at, file := range files {
		r := get(t, "GET", at)
		if r.StatusCode != 200 || file.kind == "" || r.Header.Get("Content-Type") != file.kind {
			t.Errorf("%s: %s, %q", at, r.Status, r.Header.Get("Content-Type"))
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
			"X-Content-Type-Options":  "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer",
		} {
			if got := r.Header.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s is %q", at, name, got)
			}
		}
		if again := get(t, "GET", at, "If-None-Match", r.Header.Get("ETag")); again.StatusCode != 304 {
			t.Errorf("%s, asked for again: %s", at, again.Status)
		}
	}
	if r := get(t, "GET", "/page/none.js"); r.StatusCode != 404 || r.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("an unknown asset: %s", r.Status)
	}
	if r := get(t, "POST", "/"); r.StatusCode != 405 {
		t.Errorf("POST: %s", r.Status)
	}
}

// Whatever a Viewer answers has the headers that keep other sites away.
func TestViewerHeaders(t *testing.T) {
	for _, c := range []struct {
		host, path, site string
		status           int
	}{
		{"127.0.0.1:1", ReportPath, "same-origin", 200}, {"127.0.0.1:1", ReportPath, "cross-site", 403},
		{"127.0.0.1:1", "/page/none", "", 404}, {"evil.example:1", "/", "", 421},
	} {
		r, w := httptest.NewRequest("GET", c.path, nil), httptest.NewRecorder()
		r.Host = c.host
		r.Header.Set("Sec-Fetch-Site", c.site)
		Viewer([]byte("{}")).ServeHTTP(w, r)
		h := w.Result().Header
		if w.Code != c.status || h.Get("Content-Security-Policy") != policy || h.Get("Cross-Origin-Resource-Policy") != "same-origin" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s%s: %d, %v", c.host, c.path, w.Code, h)
		}
	}
}

// markup are the ways by which a text can become markup or code.
var markup = regexp.MustCompile(`(?i)innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|srcdoc|\beval\b|new Function|setTimeout\(['"` + "`" + `]|javascript:`)

// Nothing that came from the network is ever markup: no module has a way to make any.
func TestNoMarkup(t *testing.T) {
	for at, file := range files {
		if found := markup.FindString(string(file.body)); path.Ext(at) == ".js" && found != "" {
			t.Errorf("%s uses %s", at, found)
		}
	}
}

var (
	inline = regexp.MustCompile(`(?i)<script(?:[^>]*)>\s*[^<\s]|<style|\sstyle=|\son[a-z]+=|javascript:`)
	source = regexp.MustCompile(`(?:src|href)="([^"]*)"|from '([^']*)'|url\(([^)]*)\)`)
)

// No code or style stands in the markup, and everything that a file names is an asset.
func TestSelfContained(t *testing.T) {
	if found := inline.FindString(string(files["/"].body)); found != "" {
		t.Errorf("index.html has inline code or style: %s", found)
	}
	for at, file := range files {
		for _, m := range source.FindAllStringSubmatch(string(file.body), -1) {
			name := m[1] + m[2] + m[3]
			if strings.HasPrefix(name, "#") {
				continue
			}
			if _, ok := files[path.Join(path.Dir(at), name)]; !ok && !path.IsAbs(name) || path.IsAbs(name) && files[name].body == nil {
				t.Errorf("%s names %q, which is no asset", at, name)
			}
		}
	}
}

// Every element that a module asks for by its id is in the page, once.
func TestIDs(t *testing.T) {
	html := string(files["/"].body)
	for at, file := range files {
		for _, m := range regexp.MustCompile(`byId\('([^']+)'\)`).FindAllStringSubmatch(string(file.body), -1) {
			if n := strings.Count(html, `id="`+m[1]+`"`); n != 1 {
				t.Errorf("%s: id %q is there %d times", at, m[1], n)
			}
		}
	}
}
