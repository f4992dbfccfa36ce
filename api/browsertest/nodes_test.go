package browsertest

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kadmium/api"
)

// several serves the first nodes of a network as one process that runs several does, and
// returns the URL of its page and the requests of
// the page since they were last asked for.
func (n *network) several(t *testing.T, count int) (url string, asked func() []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := api.NewServer(nil, n.nodes[:count]...)
	token := api.NewToken()
	t.Cleanup(server.ServeTCP(l, api.TCPConfig{Token: token}))
	n.url, n.token = server.URL(), "#token="+token.Secret()
	var mu sync.Mutex
	var all []string
	url = n.behind(t, func(_ http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if !strings.HasPrefix(r.URL.Path, "/page/") && r.URL.Path != "/" {
			all = append(all, r.URL.String())
		}
		return false
	})
	return url, func() []string {
		mu.Lock()
		defer mu.Unlock()
		taken := all
		all = nil
		return taken
	}
}

// is waits until all views show one of the nodes, which publishes a key that no other does.
func (b *browser) is(n *network, i int, key, other string) {
	b.t.Helper()
	id := n.nodes[i].ID()
	b.says("#identity", id.Short())
	b.until("document.querySelector('.contact[data-key]') && !document.querySelector('.contact[data-key=" + quotedID(n.nodes[i]) + "]')") // it is not in its own table
	b.says("#published", key)
	b.until("!document.querySelector('#published').innerText.includes(" + quoted(other) + ")")
	b.until(state + " === 'well'")
}

// A process that runs several nodes has its page show each of them: all views and requests
// are of the chosen one, which the address keeps, without the token.
func TestSeveralNodes(t *testing.T) {
	n := start(t)
	n.put(0, "/v/of-the-first", "one")
	n.put(2, "/v/of-the-third", "three")
	url, asked := n.several(t, 5)
	b := openBrowser(t)
	b.open(url + n.token)
	b.until("document.querySelectorAll('#node option').length === 5 && document.querySelector('#node').labels[0].innerText === 'Node'")
	b.is(n, 0, "/v/of-the-first", "/v/of-the-third")
	for _, path := range asked() {
		if strings.Contains(path, "node=") {
			t.Errorf("before any choice it asks %s", path)
		}
	}
	b.do(chromedp.Click("#peer-list summary"))
	b.ask("get", "/v/of-the-third", "")
	b.says("#answer pre", "three")

	eval[bool](b, "(document.querySelector('#node').focus(), true)")
	b.do(chromedp.KeyEvent("2")) // a select goes to what begins with what is typed
	b.until("location.search === '?node=2'")
	if left := b.text("#answer"); strings.Contains(left, "three") || eval[int](b, "document.querySelectorAll('#lookup-list tbody tr').length") > 1 {
		t.Errorf("what the first node was asked stays: %s", left)
	}
	b.is(n, 2, "/v/of-the-third", "/v/of-the-first")
	b.until("document.querySelector('#peer-list').innerText.includes(" + quoted(n.nodes[0].ID().Short()) + ")")
	asked()
	b.ask("put", "/v/by-the-third", "x")
	b.says("#answer", "Stored at 20 nodes")
	b.says("#published", "/v/by-the-third")
	b.until("document.querySelectorAll('#chart-bytes .plot .line').length === 2")
	for _, path := range asked() {
		if !strings.Contains(path, "node=2") {
			t.Errorf("with node 2 chosen it asks %s", path)
		}
	}
	if got := n.nodes[2].Published(0); len(got) != 2 {
		t.Errorf("node 2 publishes %+v", got)
	}
	b.do(chromedp.Reload())
	b.is(n, 2, "/v/of-the-third", "/v/of-the-first")
	b.until("document.querySelector('#node').value === '2' && document.activeElement !== null")
	eval[bool](b, "(document.querySelector('#node').focus(), true)")
	b.do(chromedp.KeyEvent(kb.Home))
	b.is(n, 0, "/v/of-the-first", "/v/of-the-third")
	if at := eval[string](b, "location.href"); at != url {
		t.Errorf("the address of the first node is %s", at)
	}
	for _, query := range []string{"?node=2", "?node=99", "?node=-1", "?node=a&b"} {
		b.open(url + query + n.token)
		b.until("document.querySelectorAll('#node option').length === 5")
		want := map[string]string{"?node=2": url + "?node=2", "?node=99": url}[query]
		if at := eval[string](b, "location.href"); want != "" && at != want || strings.Contains(at, "token") {
			t.Errorf("opened with %s the address is %s", query, at)
		}
		b.until(state + " === 'well'")
	}
	b.wellBehaved()
}

// With one node there is nothing to choose.
func TestOneNode(t *testing.T) {
	n := start(t)
	b := openBrowser(t)
	b.open(n.url + "?node=3" + n.token)
	b.until(contacts + " === 19")
	if eval[bool](b, "document.querySelector('#node').checkVisibility()") || eval[string](b, "location.search") != "" {
		t.Error("a node that is alone in its process can be chosen")
	}
	b.wellBehaved()
}
