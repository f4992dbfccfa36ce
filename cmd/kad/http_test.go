package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kadmium/api"
	"kadmium/internal/cli"
)

// get fetches what a node serves over TCP; with a token if there is one.
func (n *runningNode) get(path, token string) (int, string) {
	n.t.Helper()
	r, err := http.NewRequestWithContext(n.t.Context(), "GET", n.ready.HTTP+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := (&http.Client{Timeout: patience}).Do(r)
	if err != nil {
		n.t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

// A node serves its API over TCP to who has the token, which only `kad page` and the file
// say: neither the node's output nor its log, nor the list of processes.
func TestHTTPOverTCP(t *testing.T) {
	u := newUser(t)
	for _, data := range []bool{true, false} {
		var where []string
		if data {
			where = []string{"--data", "data"}
		}
		n := u.node(append(where, "--http", "0", "--http-open")...)
		if !strings.HasPrefix(n.ready.HTTP, "http://127.0.0.1:") || !strings.HasSuffix(n.ready.HTTP, "/") {
			t.Fatalf("it serves %q", n.ready.HTTP)
		}
		page := one[api.PageAddress](u.kad(append([]string{"page", "--json"}, where...)...).exits(cli.ExitDone))
		if plain := u.kad(append([]string{"page"}, where...)...).exits(cli.ExitDone).stdout; plain != page.URL+"\n" {
			t.Errorf("kad page prints %q", plain)
		}
		token, ok := strings.CutPrefix(page.URL, n.ready.HTTP+"#token=")
		if !ok || len(token) != 43 {
			t.Fatalf("the page is at %q", page.URL)
		}
		file, err := os.ReadFile(filepath.Join(u.dir, "data", api.TokenFile))
		if info, _ := os.Stat(filepath.Join(u.dir, "data", api.TokenFile)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if (strings.TrimSpace(string(file)) == token) != data {
			t.Errorf("with a data directory %t the token is %q and the file has %q", data, token, file)
		}
		if status, body := n.get("v1/stats", token); status != 200 || !strings.Contains(body, n.ready.Peer.String()) {
			t.Errorf("with the token: %d %s", status, body)
		}
		if status, body := n.get("v1/stats", ""); status != 401 || strings.Contains(body, token) {
			t.Errorf("without: %d %s", status, body)
		}
		if status, body := n.get("v1/stats?token="+token, ""); status != 400 || strings.Contains(body, token) {
			t.Errorf("in the query: %d %s", status, body)
		}
		if status, body := n.get("v1/providers/cats", ""); status == 401 {
			t.Errorf("anybody's read: %d %s", status, body)
		}
		n.stop(syscall.SIGTERM)
		if strings.Contains(n.stderr.String(), token) {
			t.Errorf("the log has the token: %s", n.stderr)
		}
	}
	u.node("--data", "data2")
	u.kad("page", "--data", "data2").exits(cli.ExitNotDone).says("--http PORT")
}

// The token of a data directory stays, a damaged file of it is refused, and an open one
// noticed.
func TestTokenOfDataDirectory(t *testing.T) {
	u := newUser(t)
	path := filepath.Join(u.dir, "data", api.TokenFile)
	var first string
	for range 2 {
		n := u.node("--data", "data", "--http", "127.0.0.1:0")
		b, err := os.ReadFile(path)
		if err != nil || first != "" && string(b) != first {
			t.Errorf("%q after %q, %v", b, first, err)
		}
		first = string(b)
		n.stop(syscall.SIGTERM)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	n := u.node("--data", "data", "--http", "0")
	n.stop(syscall.SIGTERM)
	if !strings.Contains(n.stderr.String(), "token file is open to other users") {
		t.Errorf("an open token: %s", n.stderr)
	}
	if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := u.kad("node", "--listen", "127.0.0.1:0", "--data", "data", "--http", "0").exits(cli.ExitBadInput).says(api.TokenFile, "remove the file")
	if strings.Contains(r.stderr, "secret") {
		t.Errorf("the error shows the token: %s", r.stderr)
	}
}

// What would let others read the token, or means nothing, is refused before the node
// starts.
func TestHTTPFlags(t *testing.T) {
	u := newUser(t)
	certificate := filepath.Join(u.dir, "no.pem")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--http", "0.0.0.0:0"}, cli.ExitBadInput, "--http-insecure"},
		{[]string{"--http", "[::]:0"}, cli.ExitBadInput, "--http-cert"},
		{[]string{"--http", "192.0.2.1:80", "--http-open"}, cli.ExitBadInput, "token"},
		{[]string{"--http", "192.0.2.1:0", "--http-insecure"}, cli.ExitNotDone, "another --http"},
		{[]string{"--http", "nowhere"}, cli.ExitBadInput, "8080"},
		{[]string{"--http", "65536"}, cli.ExitBadInput, "8080"},
		{[]string{"--http", "127.0.0.1"}, cli.ExitBadInput, "8080"},
		{[]string{"--http", "127.0.0.1:http"}, cli.ExitBadInput, "8080"},
		{[]string{"--http-open"}, cli.ExitBadInput, "--http PORT"},
		{[]string{"--http-insecure"}, cli.ExitBadInput, "--http PORT"},
		{[]string{"--http-host", "x"}, cli.ExitBadInput, "--http PORT"},
		{[]string{"--http", "0", "--http-host", "x:80"}, cli.ExitBadInput, "without a port"},
		{[]string{"--http", "0", "--http-host", "http://x"}, cli.ExitBadInput, "without a port"},
		{[]string{"--http", "0", "--http-host", "*"}, cli.ExitBadInput, "without a port"},
		{[]string{"--http", "0", "--http-cert", certificate}, cli.ExitBadInput, "both"},
		{[]string{"--http", "0", "--http-cert", certificate, "--http-key", certificate}, cli.ExitBadInput, "no.pem"},
	} {
		r := u.kad(append([]string{"node", "--listen", "127.0.0.1:0"}, c.args...)...).exits(c.code).says(c.says)
		if r.stdout != "" {
			t.Errorf("%s: stdout %q", r.line, r.stdout)
		}
	}
	n := u.node("--http", "0")
	_, port, _ := strings.Cut(strings.TrimSuffix(n.ready.HTTP, "/"), "http://127.0.0.1:")
	u.kad("node", "--listen", "127.0.0.1:0", "--http", port).exits(cli.ExitNotDone).says("another --http")
	far := u.node("--http", "0.0.0.0:0", "--http-insecure", "--http-host", "Kad.Example")
	if !strings.HasPrefix(far.ready.HTTP, "http://kad.example:") {
		t.Errorf("it serves %q", far.ready.HTTP)
	}
}
