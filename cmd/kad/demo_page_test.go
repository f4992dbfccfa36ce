package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
)

// kad demo --page serves the page of a node among 20 to who has the token that it prints,
// until it is told to end.
func TestDemoPage(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	a := &app{App: cli.App{Stdin: strings.NewReader(""), Stdout: w, Stderr: io.Discard, Getenv: func(string) string { return "" }}}
	code := make(chan int, 1)
	go func() { code <- a.execute(ctx, []string{"demo", "--page", "--json"}) }()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var at api.PageAddress
	if err := json.Unmarshal([]byte(line), &at); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	url, token, found := strings.Cut(at.URL, "#token=")
	if !found || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("it prints %q", line)
	}
	get := func(path, token string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), "GET", url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	if status, body := get("", ""); status != 200 || !strings.Contains(body, "<title>kadmium</title>") {
		t.Errorf("the page: %d %s", status, body)
	}
	if status, body := get("v1/stats", ""); status != 401 {
		t.Errorf("without the token: %d %s", status, body)
	}
	status, body := get("v1/stats", token)
	var stats kadmium.Stats
	if err := json.Unmarshal([]byte(body), &stats); err != nil || status != 200 || stats.Peers < demoPageK || !stats.Serves {
		t.Errorf("with the token: %d %s", status, body)
	}
	cancel()
	if got := <-code; got != cli.ExitDone {
		t.Errorf("exit code %d", got)
	}
}
