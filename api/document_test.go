package api

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kadmium"
)

var rewrite = flag.Bool("rewrite", false, "write docs/api.md anew")

const documentPath = "../docs/api.md"

// docs/api.md says what the table of routes says.
func TestAPIDocument(t *testing.T) {
	want := document()
	if *rewrite {
		if err := os.WriteFile(documentPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/api.md is not what the routes say: go test -run TestAPIDocument ./api -rewrite")
	}
}

const documentHead = `# The HTTP API

This page is written by ` + "`go test -run TestAPIDocument ./api -rewrite`" + ` from the table that serves the requests (` + "`api/routes.go`" + `).
A node serves the same as OpenAPI at ` + "`/v1/openapi.json`" + `.
How a node is reached, the token, limits and streams: [operations](operations.md#the-http-api).
Clients of one file each, without dependencies: [Python](../clients/python/kadmium.py) and [JavaScript](../clients/js/kadmium.mjs).

    curl --unix-socket ~/.kad/control.sock -T hello.txt http://kad/v1/values/%2Fv%2Fhello
    curl --unix-socket ~/.kad/control.sock http://kad/v1/values/%2Fv%2Fhello
    curl --unix-socket ~/.kad/control.sock -H 'Accept: application/json' 'http://kad/v1/values/%2Fv%2Fhello?quorum=3&trace'

Every GET is there as HEAD too, and ` + "`OPTIONS`" + ` says in ` + "`Allow`" + ` what a resource has.
A name in braces is one segment of any bytes, percent-escaped, with ` + "`/` as `%2F`" + `; where ` + "`key64`" + ` is a parameter, the last segment may be left out for it.
A parameter that a resource does not have is refused.
A flag is there without a value, or is true or false; a duration is like 90s or 2h30m.
Of results in several media types ` + "`Accept`" + ` chooses, with its weights; of two that it wants as much the one that it names more exactly, then the first that is listed.
Parameters of media types do not count, and ` + "`?trace=sse`" + ` is a stream whatever is accepted.
` + "`If-Match`" + ` and ` + "`If-None-Match`" + ` are ` + "`*`" + ` or a list of ETags (RFC 9110, section 13); where they are no parameter they are refused.
Beside what is listed a request may be answered with 400 (it cannot be understood), 405 (no such method), 406 (nothing that is accepted), 408 (no request in time), 500 (the node failed) and 503 (the node is ending); over TCP also with 401 (no token), 403 (another site's request) and 421 (another host's).
Members may be added to JSON objects, and kinds to events; none is removed or renamed.

## Errors

An error is ` + "`application/problem+json`" + `, a [Problem](#problem), whatever the request accepts.
The 503 of ` + "`/healthz`" + `, ` + "`/livez`" + ` and ` + "`/readyz`" + ` is no error, but what was asked for.
A 429 says in ` + "`Retry-After`" + ` when to ask again.
Its type tells errors apart.

`

// document is docs/api.md.
func document() string {
	var b strings.Builder
	b.WriteString(documentHead)
	b.WriteString("| type | status | meaning |\n|---|---|---|\n")
	for _, k := range knownProblems {
		fmt.Fprintf(&b, "| `%s%s` | %d | %s |\n", typePrefix, k.name, k.status, ProblemOf(k.err).Title)
	}
	for _, p := range otherProblems() {
		fmt.Fprintf(&b, "| `%s%s` | %d | %s |\n", typePrefix, p.Type, p.Status, p.Title)
	}
	b.WriteString("\n## Resources\n\n| resource | | |\n|---|---|---|\n")
	for i := range Routes() {
		r := &Routes()[i]
		fmt.Fprintf(&b, "| `%s` | [%s](#%s) | %s |\n", r.Pattern, r.Method, anchor(r), r.Summary)
	}
	all := schemas{}
	all.of(reflect.TypeFor[Problem]())
	for i := range Routes() {
		writeRoute(&b, &Routes()[i], all)
	}
	b.WriteString("\n## JSON\n\nMembers that are not always there are marked *; they are left out where they say nothing.\n")
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		writeSchema(&b, name, all[name])
	}
	return b.String()
}

// neverSent are problems of the command line and of the client in Go.
var neverSent = []string{"http", "socket", "nonsense", "connection-lost"}

// otherProblems are those that stand for no error of package kadmium, as the sources make
// them, by type.
func otherProblems() (all []Problem) {
	statuses := make(map[string]int)
	for status := 400; status < 600; status++ {
		statuses["Status"+strings.NewReplacer(" ", "", "-", "").Replace(http.StatusText(status))] = status
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		panic(err)
	}
	for _, source := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		if err != nil || strings.HasSuffix(source, "_test.go") {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 3 {
				return true
			}
			name, named := call.Args[0].(*ast.BasicLit)
			title, titled := call.Args[1].(*ast.BasicLit)
			status, known := call.Args[2].(*ast.SelectorExpr)
			if f, ok := call.Fun.(*ast.Ident); !ok || f.Name != "problem" || !named || !titled || !known {
				return true
			}
			p := Problem{Type: strings.Trim(name.Value, `"`), Title: strings.Trim(title.Value, `"`), Status: statuses[status.Sel.Name]}
			if !slices.Contains(neverSent, p.Type) {
				all = append(all, p)
			}
			return true
		})
	}
	slices.SortFunc(all, func(a, b Problem) int { return strings.Compare(a.Type, b.Type) })
	return all
}

// anchor is where a route's heading is.
func anchor(r *Route) string {
	return strings.NewReplacer("/", "", "{", "", "}", "", ".", "", " ", "-").Replace(strings.ToLower(r.Method + " " + r.Pattern))
}

func writeRoute(b *strings.Builder, r *Route, all schemas) {
	fmt.Fprintf(b, "\n### %s %s\n\n%s.\n", r.Method, r.Pattern, r.Summary)
	if who := map[Access]string{
		Open:   "Anybody may do it over TCP if the node runs with `--http-open`.",
		Public: "It needs no token.",
		OnHost: "It is there on the unix socket only.",
	}[r.Access]; who != "" {
		b.WriteString(who + "\n")
	}
	if r.Body != "" {
		fmt.Fprintf(b, "The body is `%s`.\n", r.Body)
	}
	if len(r.Params) > 0 {
		b.WriteString("\n| parameter | in | type | |\n|---|---|---|---|\n")
	}
	for _, p := range r.Params {
		kind := string(p.Type)
		if p.Repeated {
			kind += ", repeatable"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", p.Name, p.In, kind, p.Summary)
	}
	b.WriteString("\n| status | | body |\n|---|---|---|\n")
	for _, a := range r.Answers {
		fmt.Fprintf(b, "| %d | %s | %s |\n", a.Status, a.Summary, bodyOf(r, a, all))
	}
	var problems []string
	for _, status := range slices.Sorted(slices.Values(r.Problems)) {
		problems = append(problems, fmt.Sprintf("%d %s", status, http.StatusText(status)))
	}
	if len(problems) > 0 {
		fmt.Fprintf(b, "\nProblems: %s.\n", strings.Join(problems, ", "))
	}
	for _, a := range r.Answers {
		if a.Events {
			b.WriteString("\n| kind | what happened |\n|---|---|\n")
			for _, kind := range kadmium.EventKinds() {
				fmt.Fprintf(b, "| `%s` | %s |\n", kind, eventDocs[kind])
			}
		}
		if len(a.Headers) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n| header with %d | |\n|---|---|\n", a.Status)
		for _, h := range a.Headers {
			fmt.Fprintf(b, "| `%s` | %s |\n", h.Name, h.Summary)
		}
	}
}

// bodyOf says what the body of an answer is.
func bodyOf(r *Route, a Answer, all schemas) string {
	var parts []string
	switch {
	case a.Events:
		return "`text/event-stream` of " + typeOf(all.of(reflect.TypeOf(a.Value)))
	case a.Text != "":
		return "`" + a.Text + "`"
	case a.Bytes:
		parts = append(parts, "bytes")
	}
	if a.Value != nil {
		parts = append(parts, typeOf(all.of(reflect.TypeOf(a.Value))))
	}
	if r.traced() && a.Value != nil {
		parts = append(parts, "`text/event-stream` of `step` ([Step](#step)), then `result` or `problem`")
	}
	return strings.Join(parts, "; ")
}

// typeOf is a schema in a few words.
func typeOf(schema object) string {
	if ref, ok := schema["$ref"].(string); ok {
		name := ref[strings.LastIndex(ref, "/")+1:]
		return "[" + name + "](#" + strings.ToLower(name) + ")"
	}
	switch {
	case schema["allOf"] != nil:
		return typeOf(schema["allOf"].([]object)[0])
	case schema["items"] != nil:
		return "list of " + typeOf(schema["items"].(object))
	case schema["additionalProperties"] != nil:
		return "object of " + typeOf(schema["additionalProperties"].(object))
	case schema["format"] == "byte":
		return "base64"
	case schema["format"] == "date-time":
		return "time (RFC 3339)"
	}
	return schema["type"].(string)
}

func writeSchema(b *strings.Builder, name string, schema object) {
	fmt.Fprintf(b, "\n### %s\n\n", name)
	members, ok := schema["properties"].(object)
	if !ok {
		fmt.Fprintf(b, "A string: %s.\n", schema["description"])
		return
	}
	b.WriteString("| member | type | |\n|---|---|---|\n")
	required, _ := schema["required"].([]string)
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		star := ""
		if !slices.Contains(required, name) {
			star = " *"
		}
		member := members[name].(object)
		fmt.Fprintf(b, "| `%s`%s | %s | %s |\n", name, star, typeOf(member), member["description"])
	}
}

// Every member of every JSON object is described, and nothing is described that is none.
func TestEveryMemberIsDescribed(t *testing.T) {
	all := describe(Routes())["components"].(object)["schemas"].(schemas)
	used := make(map[string]bool)
	for name, schema := range all {
		members, _ := schema["properties"].(object)
		for member, s := range members {
			if description, _ := s.(object)["description"].(string); description == "" {
				t.Errorf("%s.%s: nothing describes it", name, member)
			}
			for _, group := range []string{name, keyMembers, lookupMembers} {
				used[group+"."+member] = used[group+"."+member] || memberDocs[group][member] != ""
			}
		}
	}
	for group, members := range memberDocs {
		for member := range members {
			if !used[group+"."+member] {
				t.Errorf("%s.%s is described, and there is no such member", group, member)
			}
		}
	}
}

// The titles of problems are words for people, and have none of Go's terms.
func TestTitlesArePlain(t *testing.T) {
	for _, k := range knownProblems {
		if title := ProblemOf(k.err).Title; strings.Contains(title, "context") || strings.Contains(title, "\n") {
			t.Errorf("%s: the title is %q", k.name, title)
		}
	}
}
