package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"kadmium"
	"kadmium/internal/cli"
)

// The JSON of every command is kept in testdata/json: names, order and kinds of all
// members. Values that differ from run to run are replaced by their kind. A
// member may be added. The test fails if one is renamed, removed or of another kind.
func TestJSON(t *testing.T) {
	u := newUser(t)
	s := &jsonScript{user: u, a: u.plainNode("--json", "--control", "a.sock")}
	s.ready = s.a.line()
	a := decodeLine[readyLine](t, s.ready)
	b := u.node("--control", "b.sock", "--bootstrap", a.Addresses[0].String())
	waitUntilKnown(t, u, "a.sock")
	u.node("--control", "alone.sock")
	s.names = strings.NewReplacer(
		"$ADDR_A", a.Addresses[0].String(), "$ADDR_B", b.address(),
		"$ID_A", a.Peer.String(), "$ID_B", b.ready.Peer.String(),
		"$ENDPOINT_B", b.ready.Addresses[0].Endpoint.String(),
	)
	datadriven.Walk(t, "testdata/json", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.user = &user{t: t, dir: u.dir, env: u.env}
			got := s.run(d)
			if want, ok := strings.CutPrefix(d.Expected, firstLine(got)); !d.Rewrite && ok && extends(readTree(t, afterFirstLine(got)), readTree(t, want)) {
				return d.Expected
			}
			return got
		})
	})
}

// waitUntilKnown waits until the node has a contact.
func waitUntilKnown(t *testing.T, u *user, control string) {
	t.Helper()
	for begun := time.Now(); one[kadmium.Table](u.kad("table", "--control", control, "--json").exits(cli.ExitDone)).Size == 0; {
		if time.Since(begun) > patience {
			t.Fatal("the node has no contact")
		}
	}
}

// A jsonScript runs the commands of testdata/json beside two nodes, $..._A and $..._B,
// whose control sockets are a.sock and b.sock, and a node without peers at alone.sock.
type jsonScript struct {
	*user
	a     *runningNode
	ready string // line of a
	names *strings.Replacer
}

// run executes one command of a script. Its first line says how it ended.
func (s *jsonScript) run(d *datadriven.TestData) string {
	input := s.names.Replace(strings.TrimSpace(d.Input))
	switch d.Cmd {
	case "kad": // arguments of the command; stdin in hex; --json is added
		r := s.kadIn(hexArgument(s.t, d), append(strings.Fields(input), "--json")...)
		return fmt.Sprintf("exit %d\n", r.code) + s.normalised(r.stdout)
	case "http": // a request to a's control socket: method, target, headers, then the body
		return s.request(input)
	case "ready": // the first line of `kad node`
		return "line\n" + s.normalised(s.ready)
	case "line": // the next line of a
		return "line\n" + s.normalised(s.a.line())
	}
	s.t.Fatalf("no command %q", d.Cmd)
	return ""
}

// request sends a request whose first line is METHOD TARGET [HEADER:VALUE]..., and whose
// body is the rest. Of the answer it shows the status, the headers of the API, and the body.
func (s *jsonScript) request(text string) string {
	line, body, _ := strings.Cut(text, "\n")
	parts := strings.Fields(line)
	c, err := net.Dial("unix", filepath.Join(s.dir, "a.sock"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: kad\r\nContent-Length: %d\r\n", parts[0], parts[1], len(body))
	for _, header := range parts[2:] {
		fmt.Fprintf(c, "%s\r\n", header)
	}
	fmt.Fprintf(c, "\r\n%s", body)
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	shown := fmt.Sprint(response.StatusCode, " ", response.Header.Get("Content-Type"))
	for _, name := range slices.Sorted(maps.Keys(response.Header)) {
		if strings.HasPrefix(name, "Kad-") {
			shown += " " + name
		}
	}
	if strings.HasSuffix(response.Header.Get("Content-Type"), "json") {
		return shown + "\n" + s.normalised(string(b))
	}
	return shown + "\n" + compact(string(b)) + "\n"
}

func hexArgument(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	if !d.HasArg("stdin") {
		return ""
	}
	var text string
	d.ScanArgs(t, "stdin", &text)
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func firstLine(text string) string { return text[:strings.Index(text, "\n")+1] }

func afterFirstLine(text string) string { return text[strings.Index(text, "\n")+1:] }

// normalised is a line of JSON with what varies replaced, indented.
func (s *jsonScript) normalised(line string) string {
	s.t.Helper()
	if strings.Count(line, "\n") != 1 {
		s.t.Fatalf("want one line, got %q", line)
	}
	tree := normalise(s.user, "", readTree(s.t, line))
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(compact(tree)), "", "  "); err != nil {
		s.t.Fatal(err)
	}
	return b.String() + "\n"
}

// An object is JSON's, its members in their order.
type object []member

type member struct {
	name  string
	value any
}

// readTree reads JSON as objects, []any, strings, json.Numbers, bools and nil.
func readTree(t *testing.T, text string) any {
	t.Helper()
	if strings.TrimSpace(text) == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	tree, err := readValue(d)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return tree
		}
	}
	t.Fatalf("reading %q: %v", text, err)
	return nil
}

func readValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := object{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := readValue(d)
			if err != nil {
				return nil, err
			}
			o = append(o, member{name.(string), value})
		}
		_, err = d.Token()
		return o, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			value, err := readValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = d.Token()
		return list, err
	}
	return token, nil
}

// exact are the members whose numbers are the same in every run.
var exact = []string{"exit", "sequence", "node"}

// varying replaces the parts of strings that differ from run to run.
var varying = []struct {
	part *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`12D3KooW[1-9A-HJ-NP-Za-km-z]{44}`), "<peer>"},
	{regexp.MustCompile(`(127\.0\.0\.1(:|/udp/))\d+`), "$1<port>"},
	{regexp.MustCompile(`20\d\d-\d\d-\d\dT[0-9:.]+Z`), "<time>"},
	{regexp.MustCompile(`^[0-9a-f]{64}$`), "<hex>"},
	{regexp.MustCompile(`^[A-Za-z0-9+/]{43}=$`), "<key>"},
	{regexp.MustCompile(`/v/greeting-\d+`), "/v/greeting-<n>"},
}

// normalise replaces what differs from run to run by its kind. Of elements of a list
// that are then equal it keeps one.
func normalise(u *user, name string, v any) any {
	switch v := v.(type) {
	case object:
		o := object{}
		for _, m := range v {
			if m.name != "revision" && m.name != "modified" { // of a build: not always known
				o = append(o, member{m.name, normalise(u, m.name, m.value)})
			}
		}
		return o
	case []any:
		return normaliseList(u, name, v)
	case json.Number:
		if !slices.Contains(exact, name) {
			return "<number>"
		}
	case string:
		if name == "script" || name == "go" || name == "platform" || name == "version" {
			return "<" + name + ">"
		}
		v = strings.ReplaceAll(v, u.dir, "<dir>")
		for _, r := range varying {
			v = r.part.ReplaceAllString(v, r.by)
		}
		return v
	}
	return v
}

// steps are the kinds of a lookup's events, in the order in which they are kept.
var steps = []string{`"asked"`, `"answered"`, `"failed"`, `"found"`, `"ended"`}

func normaliseList(u *user, name string, all []any) []any {
	list, seen := []any{}, map[string]bool{}
	for _, e := range all {
		e = normalise(u, "", e)
		if o, ok := e.(object); ok && name == "work" { // what was counted depends on the run
			o[0].value = "<name>"
		}
		text := compact(e)
		if seen[text] || name == "trace" && strings.Contains(text, `"set aside"`) { // a slow machine's
			continue
		}
		seen[text] = true
		list = append(list, e)
	}
	if name == "trace" {
		kind := func(e any) int {
			text := compact(e)
			return slices.IndexFunc(steps, func(kind string) bool { return strings.Contains(text, `"kind":`+kind) })
		}
		slices.SortFunc(list, func(a, b any) int { return cmp.Or(kind(a)-kind(b), cmp.Compare(compact(a), compact(b))) })
	}
	return list
}

// extends reports whether got is want, but for members that were added.
func extends(got, want any) bool {
	switch want := want.(type) {
	case object:
		got, ok := got.(object)
		for _, w := range want {
			i := slices.IndexFunc(got, func(g member) bool { return g.name == w.name })
			if i < 0 || !extends(got[i].value, w.value) {
				return false
			}
			got = got[i+1:]
		}
		return ok
	case []any:
		got, ok := got.([]any)
		return ok && slices.EqualFunc(got, want, extends)
	}
	return compact(got) == compact(want)
}

// compact is a tree as JSON.
func compact(v any) string {
	switch v := v.(type) {
	case object:
		var parts []string
		for _, m := range v {
			parts = append(parts, compact(m.name)+":"+compact(m.value))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, compact(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	var b bytes.Buffer
	if err := cli.EncodeJSON(&b, v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}
