package browsertest

import (
	"encoding/base32"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// What is asked for as the closest nodes to a peer is that peer in every form that an ID has,
// and a key otherwise.
func TestFormsOfPeers(t *testing.T) {
	n := start(t)
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until(contacts + " === 19")
	id := n.nodes[6].ID()
	raw := id.Bytes()
	cid := "b" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(append([]byte{1, 0x72}, raw[:]...)))
	for _, text := range []string{id.String(), id.Short(), cid, n.nodes[6].Addresses()[0].String()} {
		b.ask("closest", text, "")
		b.says("#answer", id.Short()+" at 0 bits")
		b.ask("closest", "/v/hello", "") // the answer goes
		b.says("#lookup-title", "/v/hello")
		b.until("document.querySelector('#answer li') && !document.querySelector('#answer').innerText.includes(' at 0 bits')")
	}
	b.ask("find", "..", "")
	b.says("#answer", "is not a peer ID.")
	b.wellBehaved()
}

// What went wrong is told in words of the page: no flag or command where the page does it.
func TestAdviceIsThePages(t *testing.T) {
	n := startAlone(t, 20)
	n.add()
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until(contacts + " === 1")
	for _, c := range []struct{ kind, target, value, want string }{
		{"get", "/v/nothing", "", "The drawing shows who was asked."},
		{"put", "/pk/notakey", "x", "Next: "},
		{"put", "/other/key", "x", "Next: "},
		{"find", "nothing", "", "The list of everybody whom this node knows"},
		{"find", "abcdefgh", "", "Next: "},
		{"closest", "12D3KooWnothing", "", "Give a peer ID"},
	} {
		b.ask(c.kind, c.target, c.value)
		b.says("#answer", c.want)
		if text := b.text("#answer"); strings.Contains(text, "--") || strings.Contains(text, "kad ") || strings.Contains(text, "`") {
			t.Errorf("%s %s: %s", c.kind, c.target, text)
		}
	}
	b.wellBehaved()
}

// Who was to hold a value and does not is listed, with why, also if nobody holds it.
func TestRefusedBy(t *testing.T) {
	n := start(t)
	by := fmt.Sprintf(`"refusals":{"full":1,"busy":1},"refused_by":[{"peer":%q,"address":%q,"reason":"full"},{"peer":%q,"reason":"busy"}]`,
		n.nodes[3].ID(), n.nodes[3].Addresses()[0], n.nodes[0].ID())
	stored := `{"key":"/v/x","sequence":1,"holders":7,"self_holder":false,"expires":"2099-01-01T00:00:00Z","republished":true,` + by + `}`
	url := n.behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		w.Header().Set("Content-Type", "text/event-stream")
		if strings.Contains(r.URL.RawQuery, "key64=L3YveA") { // /v/x
			fmt.Fprintf(w, "event: result\ndata: %s\n\n", stored)
		} else {
			fmt.Fprintf(w, "event: problem\ndata: {\"type\":\"/problems/not-stored\",\"status\":502,\"detail\":\"no node confirmed the value\",\"next\":\"see who was asked: --trace\",\"result\":%s}\n\n", stored)
		}
		return true
	})
	b := openBrowser(t)
	b.open(url + n.token)
	b.until(contacts + " === 19")
	for key, want := range map[string]string{"/v/x": "Stored at 7 nodes", "/v/y": "the list of refusals"} {
		b.ask("put", key, "value")
		b.says("#answer", want)
		for _, want := range []string{"2 nodes refused:", n.nodes[3].ID().Short() + ": full", "this node: busy"} {
			b.says("#answer", want)
		}
	}
	b.wellBehaved()
}

// What is suspect of a result is said with it, in the words of the command line.
func TestSuspect(t *testing.T) {
	n := start(t)
	suspect := `"suspect":{"crowded":[0,2],"stale":true}`
	url := n.behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.RawQuery, "key64=L3YveA") { // /v/x
			return false
		}
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "event: result\ndata: {\"key\":\"/v/x\",\"sequence\":1,\"holders\":7,\"expires\":\"2099-01-01T00:00:00Z\",%s}\n\n", suspect)
		return true
	})
	b := openBrowser(t)
	b.open(url + n.token)
	b.until(contacts + " === 19")
	b.ask("put", "/v/x", "value")
	b.says("#answer", "suspect: crowded [0 2], stale (crowded: more nodes are near the target")
	b.ask("put", "/v/y", "value")
	b.says("#answer", "Stored at 20 nodes")
	b.until("!document.querySelector('#answer').innerText.includes('suspect')")
	b.wellBehaved()
}
