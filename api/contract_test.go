package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// everyHeader are the response headers that no operation declares: those of HTTP itself,
// and those that the guard or the kind of body sets (design R9.6, R9.13).
var everyHeader = []string{
	"Date", "Content-Type", "Content-Length", "Connection", "Transfer-Encoding", "Vary", "Cache-Control",
	"X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Resource-Policy", "Content-Security-Policy", "Content-Disposition",
}

// A contract is the served description, strict: a member that a schema does not have is a
// fault. It notes what it has seen.
type contract struct {
	t   *testing.T
	doc *openapi3.T

	seen    map[string]bool // METHOD PATH STATUS
	headers map[string]bool // METHOD PATH STATUS HEADER
}

var registerStreams = sync.OnceFunc(func() {
	openapi3filter.RegisterBodyDecoder(eventStream, openapi3filter.PlainBodyDecoder)
})

// newContract loads a description.
func newContract(t *testing.T, text string) *contract {
	t.Helper()
	registerStreams()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	no := false
	for _, schema := range doc.Components.Schemas {
		if s := schema.Value; s.Type.Is("object") && s.AdditionalProperties.Schema == nil {
			s.AdditionalProperties.Has = &no
		}
	}
	return &contract{t: t, doc: doc, seen: make(map[string]bool), headers: make(map[string]bool)}
}

// An operation of the description, and what a path says.
func (c *contract) operation(method, target string) (*routers.Route, map[string]string) {
	c.t.Helper()
	parts := strings.Split(pathOf(target)[1:], "/")
	for path, item := range c.doc.Paths.Map() {
		names := strings.Split(path[1:], "/")
		o := item.GetOperation(method)
		if o == nil || len(names) != len(parts) {
			continue
		}
		values, ok := make(map[string]string), true
		for i, name := range names {
			text, err := url.PathUnescape(parts[i])
			if inner, isName := strings.CutPrefix(name, "{"); isName && err == nil {
				values[strings.TrimSuffix(inner, "}")] = text
			} else {
				ok = ok && text == name
			}
		}
		if ok {
			return &routers.Route{Spec: c.doc, Path: path, PathItem: item, Method: method, Operation: o}, values
		}
	}
	c.t.Fatalf("%s %s: not described", method, target)
	return nil, nil
}

// A party is a way to reach a server.
type party struct {
	client *http.Client
	origin string
	token  string
}

// An ask is a request, and the status that its answer should have. The target is sent
// as it is.
type ask struct {
	status int
	method string
	target string
	body   string
	header []string // names and values
}

// send sends a request.
func (p party) send(ctx context.Context, a ask) (*http.Request, *http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, a.method, p.origin+a.target, strings.NewReader(a.body))
	if err != nil {
		return nil, nil, err
	}
	r.URL.Opaque = pathOf(a.target)
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	if a.body != "" {
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	for i := 0; i < len(a.header); i += 2 {
		if a.header[i] == "Host" {
			r.Host = a.header[i+1]
		}
		r.Header.Set(a.header[i], a.header[i+1])
	}
	response, err := p.client.Do(r)
	return r, response, err
}

// holds sends a request, and checks it and its answer against the description. Requests
// that are answered with 400 are wrong, and are not checked.
func (c *contract) holds(p party, a ask) (body string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	r, response, err := p.send(ctx, a)
	if err != nil {
		c.t.Fatalf("%s %s: %v", a.method, a.target, err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", a.method, a.target, err)
	}
	if response.StatusCode != a.status {
		c.t.Errorf("%s %s: status %d, want %d: %s", a.method, a.target, response.StatusCode, a.status, b)
	}
	c.check(r, a, response, b)
	return string(b)
}

// refuses asks more at once than anybody may, again until one is answered with the status.
func (c *contract) refuses(p party, a ask) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		checked := make(chan func(), 2*openBurst)
		for range cap(checked) {
			go func() {
				check := func() {}
				if r, response, err := p.send(ctx, a); err == nil {
					if b, err := io.ReadAll(response.Body); err == nil && response.StatusCode == a.status {
						check = func() { c.check(r, a, response, b); cancel() }
					}
					response.Body.Close()
				}
				checked <- check
			}()
		}
		for range cap(checked) {
			(<-checked)()
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		c.t.Errorf("%s %s: never %d", a.method, a.target, a.status)
	}
}

func (c *contract) check(r *http.Request, a ask, response *http.Response, body []byte) {
	c.t.Helper()
	route, values := c.operation(a.method, a.target)
	name := fmt.Sprintf("%s %s %d", a.method, route.Path, response.StatusCode)
	c.seen[name] = true
	_, query, _ := strings.Cut(a.target, "?")
	all, err := url.ParseQuery(query)
	if err != nil {
		c.t.Fatal(err)
	}
	sent := r.Clone(r.Context())
	sent.Body = io.NopCloser(strings.NewReader(a.body))
	in := &openapi3filter.RequestValidationInput{
		Request: sent, PathParams: values, QueryParams: all, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	if response.StatusCode != http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			c.t.Errorf("%s %s: the request: %v", a.method, a.target, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: response.StatusCode, Header: response.Header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		c.t.Errorf("%s %s: the answer, status %d: %v\n%s", a.method, a.target, response.StatusCode, err, body)
		return
	}
	declared := route.Operation.Responses.Status(response.StatusCode).Value
	headers := make(map[string]bool)
	for header := range declared.Headers {
		headers[http.CanonicalHeaderKey(header)] = true
	}
	for header := range response.Header {
		if !headers[header] && !slices.Contains(everyHeader, header) {
			c.t.Errorf("%s %s: status %d has the header %s, which is not described", a.method, a.target, response.StatusCode, header)
		}
		c.headers[name+" "+header] = true
	}
	switch media := declared.Content.Get(response.Header.Get("Content-Type")); {
	case len(declared.Content) == 0 && len(body) > 0:
		c.t.Errorf("%s %s: status %d has a body, and none is described: %s", a.method, a.target, response.StatusCode, body)
	case media != nil && media.Extensions["x-events"] != nil:
		c.events(media, string(body))
	}
}

// events checks the events of a stream, and returns how many there are.
func (c *contract) events(media *openapi3.MediaType, body string) (number int) {
	c.t.Helper()
	kinds := media.Extensions["x-events"].(map[string]any)
	lines := bufio.NewScanner(strings.NewReader(body))
	lines.Buffer(nil, 1<<20)
	kind := ""
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			kind = name
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		number++
		ref, ok := kinds[kind].(map[string]any)
		if !ok {
			c.t.Errorf("an event of kind %q is not described: %s", kind, data)
			continue
		}
		var value any
		if err := json.Unmarshal([]byte(data), &value); err != nil {
			c.t.Errorf("event %s: %v: %s", kind, err, data)
			continue
		}
		if all, ok := ref["allOf"].([]any); ok {
			ref = all[0].(map[string]any)
		}
		name := strings.TrimPrefix(ref["$ref"].(string), "#/components/schemas/")
		if err := c.doc.Components.Schemas[name].Value.VisitJSON(value); err != nil {
			c.t.Errorf("event %s is no %s: %v", kind, name, err)
		}
	}
	return number
}
