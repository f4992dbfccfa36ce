package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kadmium/internal/cli"
)

// kad view checks a report, prints where a browser finds it, and serves it with the page
// until it is told to end; to other names it serves nothing.
func TestView(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.json")
	if err := os.WriteFile(file, []byte(`{"sweep":[{"kind":"sim"},{"kind":"bench"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	a := &app{App: cli.App{Stdin: strings.NewReader(""), Stdout: w, Stderr: io.Discard, Getenv: func(string) string { return "" }}}
	code := make(chan int, 1)
	go func() { code <- a.execute(ctx, []string{"view", file}) }()
	line := make([]byte, 200)
	n, err := r.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	url, fragment, _ := strings.Cut(strings.TrimSpace(string(line[:n])), "#")
	if !strings.HasPrefix(url, "http://127.0.0.1:") || fragment != "report" {
		t.Fatalf("it prints %q", line[:n])
	}
	get := func(path, host, site string) string {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), "GET", url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if request.Host = host; site != "" {
			request.Header.Set("Sec-Fetch-Site", site)
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
		return response.Status + " " + string(body)
	}
	if got := get("", "", ""); !strings.Contains(got, "<title>kadmium</title>") {
		t.Errorf("the page is %s", got)
	}
	if got := get("report.json", "", "same-origin"); got != `200 OK {"sweep":[{"kind":"sim"},{"kind":"bench"}]}` {
		t.Errorf("the report is %s", got)
	}
	if got := get("report.json", "evil.example:80", ""); !strings.HasPrefix(got, "421") {
		t.Errorf("to another name: %s", got)
	}
	if got := get("report.json", "", "cross-site"); !strings.HasPrefix(got, "403") {
		t.Errorf("to another site: %s", got)
	}
	cancel()
	if got := <-code; got != cli.ExitDone {
		t.Errorf("exit code %d", got)
	}
}
