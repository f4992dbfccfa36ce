package api

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"kadmium"
)

// openapiRoute is the description of all routes.
func openapiRoute() Route {
	return Route{
		Method: "GET", Pattern: "/v1/openapi.json", Summary: "Describe the API (OpenAPI 3.0)", serve: openapi,
		Answers: []Answer{{Status: 200, Summary: "the description", Text: "application/json"}},
	}
}

// openapi serves GET /v1/openapi.json.
func openapi(c *call) error {
	if c.bad != nil {
		return c.bad
	}
	b, err := description()
	if err != nil {
		return err
	}
	c.answer(http.StatusOK, "application/json", b)
	return nil
}

// description is the OpenAPI document of all routes.
var description = sync.OnceValues(func() ([]byte, error) { return encode(describe(Routes())) })

const aboutAPI = `A kadmium node over HTTP. On the node's unix socket everybody who can open it may do everything. Over TCP a request needs the node's token, unless it says otherwise here.
Every GET is also there as HEAD, and OPTIONS says in Allow what a resource has. Of results in several media types Accept chooses; problems are problems whatever it says. A path's segment may be any bytes, percent-escaped, with / as %2F. Members may be added to JSON objects, and kinds to events; none is removed or renamed.
An answer of text/event-stream is a stream of events, whose data is JSON: x-events has the schema for each event.`

// everyProblem are the statuses of problems that every operation may have: a parameter that
// it has not, a fault of the node, and a node that ends.
var everyProblem = []int{http.StatusBadRequest, http.StatusInternalServerError, http.StatusServiceUnavailable}

// statuses are those of the problems of a route, ascending: its own, those of every route,
// and those of the guard over TCP.
func (r *Route) statuses() []int {
	all := slices.Concat(everyProblem, r.Problems)
	if len(r.offers) > 0 {
		all = append(all, http.StatusNotAcceptable)
	}
	if r.Access != OnHost {
		all = append(all, http.StatusForbidden, http.StatusMisdirectedRequest)
	}
	if r.Access == Private || r.Access == Open {
		all = append(all, http.StatusUnauthorized)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// traced reports whether the steps of the route's lookup can be shown.
func (r *Route) traced() bool {
	return slices.ContainsFunc(r.Params, func(p Param) bool { return p.Name == traceParam.Name })
}

// describe is the OpenAPI document of routes.
func describe(routes []Route) object {
	all := schemas{}
	paths, responses := object{}, object{}
	add := func(path string, r *Route, operation object) {
		if paths[path] == nil {
			paths[path] = object{}
		}
		methods := paths[path].(object)
		method := strings.ToLower(r.Method)
		if methods[method] != nil {
			panic(fmt.Sprintf("api: two routes are %s %s", r.Method, path))
		}
		methods[method] = operation
	}
	for i := range routes {
		r := &routes[i]
		for _, status := range r.statuses() {
			responses[problemName(status)] = all.problem(status)
		}
		add(r.Pattern, r, all.operation(r, false))
		if r.key64() {
			add(r.Pattern[:strings.LastIndex(r.Pattern, "/")], r, all.operation(r, true))
		}
	}
	return object{
		"openapi":  "3.0.3",
		"info":     object{"title": "kadmium", "version": "1", "description": aboutAPI, "license": object{"name": "MIT"}},
		"servers":  []object{{"url": "/"}},
		"security": []object{{"token": []string{}}},
		"paths":    paths,
		"components": object{
			"schemas": all, "responses": responses,
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer", "description": "the line of api.token in the node's data directory; not needed on the unix socket"}},
		},
	}
}

// operation describes a route. In its second form the last segment of the path is given as
// ?key64=.
func (s schemas) operation(r *Route, key64 bool) object {
	o := object{"summary": r.Summary, "operationId": operationID(r, key64)}
	parameters := []object{}
	for _, p := range r.Params {
		switch {
		case p.Name == acceptParam.Name: // the types of the answers say it
		case key64 && p.In == InPath && p.Name == r.lastName():
		case !key64 && p.Name == key64Param.Name:
		default:
			parameters = append(parameters, p.schema(p.Name == key64Param.Name))
		}
	}
	if len(parameters) > 0 {
		o["parameters"] = parameters
	}
	if r.Body != "" {
		o["requestBody"] = object{"content": object{r.Body: object{"schema": object{"type": "string", "format": "binary"}}}}
	}
	switch r.Access {
	case Open:
		o["security"] = []object{{"token": []string{}}, {}}
		o["description"] = "Without the token over TCP if the node runs with --http-open."
	case Public:
		o["security"] = []object{}
	case OnHost:
		o["security"] = []object{}
		o["description"] = "On the unix socket only."
	}
	o["responses"] = s.responses(r)
	return o
}

// operationID is a name for a route that is one in many languages: getValuesKey.
func operationID(r *Route, key64 bool) string {
	id := strings.ToLower(r.Method)
	for _, part := range strings.FieldsFunc(strings.TrimPrefix(r.Pattern, "/v1"), func(c rune) bool { return strings.ContainsRune("/{}.", c) }) {
		id += strings.ToUpper(part[:1]) + part[1:]
	}
	if key64 {
		id += "64"
	}
	return id
}

// schema describes a parameter.
func (p Param) schema(required bool) object {
	schema := p.Type.schema()
	if p.Repeated {
		schema = object{"type": "array", "items": schema}
	}
	o := object{"name": p.Name, "in": string(p.In), "description": p.Summary, "schema": schema}
	if required || p.In == InPath {
		o["required"] = true
	}
	if p.In == InQuery && p.Type != Integer && p.Type != Duration {
		o["allowEmptyValue"] = true
	}
	return o
}

func (t Type) schema() object {
	switch t {
	case Base64:
		return object{"type": "string", "pattern": "^[A-Za-z0-9_-]*={0,2}$"}
	case Integer:
		return object{"type": "integer", "format": "int64", "minimum": 0}
	case Flag:
		return object{"type": "string", "enum": []string{"", "true", "false"}}
	case Duration:
		return object{"type": "string", "pattern": "^([0-9]+(\\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$"}
	}
	return object{"type": "string"}
}

// responses describes the answers and the problems of a route.
func (s schemas) responses(r *Route) object {
	all := object{}
	for _, status := range r.statuses() {
		all[strconv.Itoa(status)] = object{"$ref": "#/components/responses/" + problemName(status)}
	}
	for _, a := range r.Answers {
		key := strconv.Itoa(a.Status)
		before, _ := all[key].(object)
		content := s.content(r, a)
		if before["content"] != nil { // another body of the status
			join(content, before["content"].(object))
			a.Summary = before["description"].(string) + "; or " + a.Summary
		} else if before != nil { // a problem of the status too
			content[problemType] = object{"schema": s.of(reflect.TypeFor[Problem]())}
		}
		o := object{"description": a.Summary}
		if len(content) > 0 {
			o["content"] = content
		}
		if len(a.Headers) > 0 {
			headers := object{}
			for _, h := range a.Headers {
				headers[h.Name] = object{"description": h.Summary, "schema": h.Type.schema()}
			}
			o["headers"] = headers
		}
		all[key] = o
	}
	return all
}

// content describes the bodies of an answer, by media type.
func (s schemas) content(r *Route, a Answer) object {
	content := object{}
	var value object
	if a.Value != nil {
		value = s.of(reflect.TypeOf(a.Value))
	}
	switch {
	case a.Events:
		all := object{}
		for _, kind := range kadmium.EventKinds() {
			all[kind] = object{"allOf": []object{value}, "description": eventDocs[kind]}
		}
		content[eventStream] = streamOf(all)
		return content
	case a.Text != "":
		schema := object{"type": "string"}
		if a.Text == "application/json" {
			schema = object{"type": "object"}
		}
		content[a.Text] = object{"schema": schema}
	case a.Bytes:
		content["application/octet-stream"] = object{"schema": object{"type": "string", "format": "binary"}}
	}
	if value != nil {
		content["application/json"] = object{"schema": value}
	}
	if r.traced() && value != nil {
		content[eventStream] = streamOf(object{
			"step": s.of(reflect.TypeFor[kadmium.Step]()), "result": value, "problem": s.of(reflect.TypeFor[Problem]()),
		})
	}
	return content
}

// streamOf describes a stream of events, of which each has data of a schema.
func streamOf(events object) object {
	return object{"schema": object{"type": "string"}, "x-events": events}
}

// join adds the bodies of another answer of the same status.
func join(content, other object) {
	for media, o := range other {
		if content[media] == nil || media == eventStream {
			content[media] = o
			continue
		}
		schema := content[media].(object)["schema"]
		content[media] = object{"schema": object{"anyOf": []any{o.(object)["schema"], schema}}}
	}
}

func problemName(status int) string { return "Problem" + strconv.Itoa(status) }

// problemHeaders are headers of the problems of a status.
var problemHeaders = map[int]Param{
	http.StatusUnauthorized:    {Name: "WWW-Authenticate", Summary: "Bearer"},
	http.StatusTooManyRequests: {Name: "Retry-After", Type: Integer, Summary: "seconds to wait"},
}

// problem describes the problems of a status.
func (s schemas) problem(status int) object {
	var titles []string
	for _, k := range knownProblems {
		if k.status == status {
			titles = append(titles, PlainWords(k.err))
		}
	}
	o := object{
		"description": http.StatusText(status),
		"content":     object{problemType: object{"schema": s.of(reflect.TypeFor[Problem]())}},
	}
	if len(titles) > 0 {
		o["description"] = http.StatusText(status) + ": " + strings.Join(titles, "; ")
	}
	if h, ok := problemHeaders[status]; ok {
		o["headers"] = object{h.Name: object{"description": h.Summary, "schema": h.Type.schema()}}
	}
	return o
}
