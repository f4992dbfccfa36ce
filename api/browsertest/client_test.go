package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"

	"kadmium"
)

// clientFiles are the client in JavaScript and what its own test does with it.
var clientFiles = map[string]string{"kadmium.mjs": "../../clients/js/kadmium.mjs", "checks.mjs": "../../clients/js/testdata/checks.mjs"}

// likeNode is what checks.mjs uses of Node's module assert.
const likeNode = `(() => {
	const form = (v) => v instanceof Set ? ['set', [...v].map(form)] : v instanceof Uint8Array ? ['bytes', [...v]] : Array.isArray(v) ? v.map(form)
		: v && typeof v === 'object' ? Object.fromEntries(Object.keys(v).sort().map((k) => [k, form(v[k])])) : v;
	const fail = (a, b, message) => { throw new Error(message ?? 'got ' + JSON.stringify(form(a)) + ', want ' + JSON.stringify(form(b))); };
	return {
		ok: (a, message) => a || fail(a, true, message),
		equal: (a, b, message) => a === b || fail(String(a), String(b), message),
		notEqual: (a, b) => a !== b || fail(a, 'another'),
		deepEqual: (a, b) => JSON.stringify(form(a)) === JSON.stringify(form(b)) || fail(a, b),
	};
})()`

// awaited is the value of a promise in the page.
func awaited[V any](b *browser, expression string) V {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[V](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	return value
}

// injects has the page find files of this directory at paths of its own origin, which no node
// serves.
func (b *browser) injects(origin string, files map[string]string) {
	b.t.Helper()
	bodies := map[string][]byte{}
	var patterns []*fetch.RequestPattern
	for name, file := range files {
		body, err := os.ReadFile(filepath.FromSlash(file))
		if err != nil {
			b.t.Fatal(err)
		}
		bodies[origin+"injected/"+name] = body
		patterns = append(patterns, &fetch.RequestPattern{URLPattern: origin + "injected/" + name})
	}
	answer := func(event any) {
		e, ok := event.(*fetch.EventRequestPaused)
		if !ok {
			return
		}
		go func() { // the browser waits for this function
			_, err := chromedp.Call(b.ctx, fetch.FulfillRequest, fetch.FulfillRequestParams{
				RequestID: e.RequestID, ResponseCode: http.StatusOK, Body: bodies[e.Request.URL],
				ResponseHeaders: []*fetch.HeaderEntry{{Name: "Content-Type", Value: "text/javascript"}},
			})
			if err != nil {
				b.t.Error(err)
			}
		}()
	}
	if err := chromedp.Listen(b.ctx, answer); err != nil {
		b.t.Fatal(err)
	}
	call(b, fetch.Enable, fetch.EnableParams{Patterns: patterns})
}

// The client in JavaScript does in a browser what it does in Node, on pages of the node's own
// origin. From any other it is refused, as its first lines say.
func TestJavaScriptClient(t *testing.T) {
	t.Parallel()
	n := startAlone(t, kadmium.DefaultK)
	peer := n.add()
	for protocol, h := range map[string]kadmium.Handler{
		"/echo":  func(_ context.Context, m kadmium.Message) ([]byte, error) { return m.Payload, nil },
		"/fails": func(context.Context, kadmium.Message) ([]byte, error) { return nil, errors.New("no") },
	} {
		if err := peer.Handle(protocol, h); err != nil {
			t.Fatal(err)
		}
	}
	token := n.token[len("#token="):]
	known, err := json.Marshal(map[string]string{
		"url": "", "token": token, "self": n.nodes[0].ID().String(), "peer": peer.ID().String(), "address": peer.Addresses()[0].String(),
	})
	if err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t)
	b.injects(n.url, clientFiles)
	b.open(n.url + "page/icon.svg") // which runs nothing of its own
	run := `Promise.all([import('/injected/kadmium.mjs'), import('/injected/checks.mjs')])
		.then(([kadmium, checks]) => checks.check(kadmium, ` + likeNode + `, ` + string(known) + `)).then(() => 'ok', (e) => String(e?.stack ?? e))`
	if said := awaited[string](b, run); said != "ok" {
		t.Errorf("in the browser: %s", said)
	}
	b.wellBehaved()

	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if file, ok := clientFiles[filepath.Base(r.URL.Path)]; ok {
			w.Header().Set("Content-Type", "text/javascript")
			http.ServeFile(w, r, file)
		}
	}))
	t.Cleanup(elsewhere.Close)
	b.open(elsewhere.URL)
	foreign := `import('/kadmium.mjs').then((k) => new k.Client(` + quoted(n.url) + `, { token: ` + quoted(token) + ` }).stats()).then(() => 'read', (e) => e.constructor.name)`
	if said := awaited[string](b, foreign); said != "TypeError" {
		t.Errorf("from another origin: %s", said)
	}
}
