package api

import (
	"slices"
	"strings"

	"kadmium"
)

// A Route is one method of one resource. The table of all is what serves requests and what
// describes the API.
type Route struct {
	Method  string
	Pattern string // of segments, of which {NAME} is any
	Summary string
	Params  []Param
	Body    string // media type of the request's body; empty: it has none
	Answers []Answer
	// Problems are the statuses of the problems that it answers with, beside those of every
	// route (openapi.go) and 405.
	Problems []int
	Access   Access

	serve  func(*call) error
	parts  []string // of the pattern
	offers []string // media types of the results
}

// In is where a parameter stands.
type In string

// The places of parameters.
const (
	InPath   In = "path"
	InQuery  In = "query"
	InHeader In = "header"
)

// A Type is how a parameter is written.
type Type string

// The types of parameters.
const (
	Text     Type = "string"   // any bytes, percent-escaped
	Base64   Type = "base64"   // base64url, with or without padding
	Integer  Type = "integer"  // from 0
	Flag     Type = "boolean"  // there without a value, or true or false
	Duration Type = "duration" // like 90s or 2h30m
)

// A Param is a parameter of a route, or a header of an answer.
type Param struct {
	Name     string
	In       In
	Type     Type
	Repeated bool
	Summary  string
}

// An Answer is a response that is no problem. A route may have several of one status, whose
// bodies differ.
type Answer struct {
	Status  int
	Summary string
	Value   any     // of the type that the JSON is of; nil: there is none
	Bytes   bool    // the body is the bytes alone, or the JSON by Accept: application/json
	Events  bool    // the body is a stream of events, each of whose data is of the Value's type
	Text    string  // media type of a body that is neither JSON nor bytes of the network
	Headers []Param // beside those of the body
}

// Parameters that several routes have.
var (
	nodeParam     = Param{Name: "node", In: InQuery, Type: Integer, Summary: "which node of a process that runs several, from 0"}
	timeoutParam  = Param{Name: "timeout", In: InQuery, Type: Duration, Summary: "how long it may take, 30s by default, 10m at most; of a read without the token 30s"}
	traceParam    = Param{Name: "trace", In: InQuery, Type: Text, Summary: "show the steps of the lookup: in the JSON, or with Accept: text/event-stream, or trace=sse, each as it happens, which needs the token"}
	keyParam      = Param{Name: "key", In: InPath, Type: Text, Summary: "the key, any bytes"}
	key64Param    = Param{Name: "key64", In: InQuery, Type: Base64, Summary: "the key in base64url, in place of the path's last segment"}
	localParam    = Param{Name: "local", In: InQuery, Type: Flag, Summary: "also done if only this node has it, as none answers"}
	peerParam     = Param{Name: "peer", In: InPath, Type: Text, Summary: "a peer ID, a multiaddr, or host:port"}
	ifMatch       = Param{Name: ifMatchName, In: InHeader, Type: Text, Summary: "store it only in place of a value that has one of these ETags, or, with *, of any: each holder compares the sequence by itself, so that it is no lock"}
	ifNoneMatch   = Param{Name: ifNoneMatchName, In: InHeader, Type: Text, Summary: "*: store it only where no record is held; ETags: only in place of a value that has none of them"}
	acceptParam   = Param{Name: "Accept", In: InHeader, Type: Text, Summary: "application/json for everything as JSON"}
	etagHeader    = Param{Name: "ETag", In: InHeader, Type: Text, Summary: "the sequence and a hash of the value; that of the JSON ends in -json"}
	lookupHeaders = []Param{
		{Name: "Kad-Hops", In: InHeader, Type: Integer, Summary: "hops of the lookup, if it asked anybody"},
		{Name: "Kad-Rounds", In: InHeader, Type: Integer, Summary: "its rounds"},
		{Name: "Kad-Rpcs", In: InHeader, Type: Integer, Summary: "its requests"},
		{Name: "Kad-Ms", In: InHeader, Type: Text, Summary: "milliseconds that it took"},
	}
	valueHeaders = append([]Param{
		etagHeader,
		{Name: "Kad-Key", In: InHeader, Type: Text, Summary: "the key, percent-escaped"},
		{Name: "Kad-Sequence", In: InHeader, Type: Integer, Summary: "the record's sequence"},
		{Name: "Kad-Publisher", In: InHeader, Type: Text, Summary: "who published it, if its namespace has a publisher"},
		{Name: "Kad-Suspect", In: InHeader, Type: Text, Summary: "what is suspect of the result, in words: crowded with octaves, sparse, subnet, stale; if anything is"},
		{Name: "Kad-From", In: InHeader, Type: Text, Summary: "the peer that had it"},
		{Name: "Kad-Answers", In: InHeader, Type: Integer, Summary: "nodes that gave a valid record"},
		{Name: "Kad-Expires", In: InHeader, Type: Text, Summary: "when it expires (RFC 3339)"},
	}, lookupHeaders...)
	replyHeaders = append([]Param{
		{Name: "Kad-From", In: InHeader, Type: Text, Summary: "the address of the peer that replied"},
		{Name: "Kad-Ms", In: InHeader, Type: Text, Summary: "milliseconds until the reply"},
	}, lookupHeaders[:3]...) // if the peer was looked up
)

// asked are the parameters of what asks the network.
func asked(params ...Param) []Param { return append(params, timeoutParam, nodeParam) }

// keyed are the parameters of what is about a key and asks the network.
func keyed(params ...Param) []Param {
	return append(append([]Param{keyParam, key64Param}, params...), timeoutParam, nodeParam)
}

// routes are all resources. It is filled in by init, as what serves them reads it.
var routes []Route

func init() {
	routes = allRoutes()
	for i := range routes {
		routes[i].parts = strings.Split(routes[i].Pattern[1:], "/")
		routes[i].offers = offersOf(&routes[i])
	}
}

// Routes are all resources.
func Routes() []Route { return routes }

func allRoutes() []Route {
	stored := []Answer{
		{Status: 200, Summary: "stored", Value: kadmium.Stored{}},
		{Status: 201, Summary: "stored, and there was none before", Value: kadmium.Stored{}},
		{Status: 202, Summary: "kept at this node only, with ?local", Value: kadmium.Stored{}},
	}
	return append([]Route{
		{
			Method: "GET", Pattern: "/v1/values/{key}", Summary: "Fetch a value", Access: Open, serve: getValue,
			Params: keyed(Param{Name: "quorum", In: InQuery, Type: Integer, Summary: "valid answers of different subnets to weigh, of which the best is taken; by default 3, and 1 under /imm and /pk; if it is given and above 1, holders of an older value are repaired, unless it is a read without the token"},
				Param{Name: "fresh", In: InQuery, Type: Flag, Summary: "ask all nodes near the key, so that few of them cannot hide a newer value, and repair likewise"},
				traceParam, acceptParam, Param{Name: ifNoneMatchName, In: InHeader, Type: Text, Summary: "answer 304 if what would be answered has one of these ETags"},
				Param{Name: ifMatchName, In: InHeader, Type: Text, Summary: "answer 412 if the value has none of these ETags"}),
			Answers: []Answer{
				{Status: 200, Summary: "the value", Value: kadmium.Value{}, Bytes: true, Headers: valueHeaders},
				{Status: 304, Summary: "the value has the ETag of If-None-Match", Headers: []Param{etagHeader}},
			},
			Problems: []int{404, 412, 413, 422, 429, 504},
		},
		{
			Method: "PUT", Pattern: "/v1/values/{key}", Summary: "Store a value at the nodes closest to its key", serve: putValue,
			Params: keyed(Param{Name: "ttl", In: InQuery, Type: Duration, Summary: "how long it lives, 24h by default, from 1s to a week"},
				Param{Name: "seq", In: InQuery, Type: Integer, Summary: "its sequence; by default the highest found, plus one"},
				Param{Name: "once", In: InQuery, Type: Flag, Summary: "do not publish it again"},
				localParam, traceParam, ifMatch, ifNoneMatch),
			Body: "application/octet-stream", Answers: stored, Problems: []int{409, 412, 413, 422, 429, 502, 504, 507},
		},
		{
			Method: "GET", Pattern: "/v1/peers/{peer}", Summary: "Find where a peer is", Access: Open, serve: findPeer,
			Params: asked(Param{Name: "peer", In: InPath, Type: Text, Summary: "a peer ID, or a multiaddr that ends in one; the last 8 characters of an ID need the token"},
				Param{Name: "local", In: InQuery, Type: Flag, Summary: "ask nobody: say what the node knows of it, which needs the token"}, traceParam),
			Answers: []Answer{
				{Status: 200, Summary: "the peer answered there", Value: kadmium.Found{}},
				{Status: 200, Summary: "with ?local: what the node knows", Value: kadmium.PeerInfo{}},
			},
			Problems: []int{404, 429, 504},
		},
		{
			Method: "POST", Pattern: "/v1/peers/{peer}/ping", Summary: "Ask a peer whether it is there", serve: pingPeer,
			Params:   asked(peerParam, Param{Name: "protocols", In: InQuery, Type: Flag, Summary: "ask which protocols it handles"}, traceParam),
			Answers:  []Answer{{Status: 200, Summary: "it answered", Value: kadmium.Pong{}}},
			Problems: []int{404, 429, 502, 504},
		},
		{
			Method: "GET", Pattern: "/v1/closest/{target}", Summary: "List the nodes closest to a key or a peer", serve: closest,
			Params:   asked(Param{Name: "target", In: InPath, Type: Text, Summary: "a key, or the ID of a peer"}, key64Param, traceParam),
			Answers:  []Answer{{Status: 200, Summary: "nearest first; all of them answered", Value: kadmium.Closest{}}},
			Problems: []int{413, 429, 504},
		},
		{
			Method: "GET", Pattern: "/v1/providers/{key}", Summary: "Find who provides a key", Access: Open, serve: getProviders,
			Params:   keyed(Param{Name: "max", In: InQuery, Type: Integer, Summary: "stop after so many; 0, the default: find all"}, traceParam),
			Answers:  []Answer{{Status: 200, Summary: "the providers", Value: kadmium.Providers{}}},
			Problems: []int{404, 413, 429, 504},
		},
		{
			Method: "PUT", Pattern: "/v1/providers/{key}", Summary: "Tell the network that the node provides a key", serve: provide,
			Params: keyed(localParam, traceParam), Answers: stored, Problems: []int{413, 429, 502, 504, 507},
		},
		{
			Method: "DELETE", Pattern: "/v1/providers/{key}", Summary: "As DELETE /v1/published/{key}", serve: unpublish,
			Params: keyed(), Answers: []Answer{{Status: 200, Summary: "no longer published", Value: Unpublished{}}}, Problems: []int{404, 413, 504},
		},
		{
			Method: "DELETE", Pattern: "/v1/published/{key}", Summary: "Stop publishing a key's value and provider entry: they end with their lifetimes", serve: unpublish,
			Params: keyed(), Answers: []Answer{{Status: 200, Summary: "no longer published", Value: Unpublished{}}}, Problems: []int{404, 413, 504},
		},
		{
			Method: "POST", Pattern: "/v1/messages/{peer}/{protocol}", Summary: "Send a peer a message, and wait for its reply", serve: sendMessage,
			Params:   asked(peerParam, Param{Name: "protocol", In: InPath, Type: Text, Summary: "the protocol's name, like %2Fkad%2Fecho%2F1"}, traceParam, acceptParam),
			Body:     "application/octet-stream",
			Answers:  []Answer{{Status: 200, Summary: "the reply", Value: kadmium.Reply{}, Bytes: true, Headers: replyHeaders}},
			Problems: []int{404, 413, 429, 502, 504},
		},
	}, slices.Concat(watchingRoutes(), bookRoutes(), healthRoutes(), []Route{metricsRoute(), openapiRoute()})...)
}

// watchingRoutes are those that show what the node knows and does.
func watchingRoutes() []Route {
	return []Route{
		{
			Method: "GET", Pattern: "/v1/published", Summary: "Show what the node publishes, until when it lives, and when it is published again", serve: published,
			Params:  []Param{{Name: "max", In: InQuery, Type: Integer, Summary: "so many of the first; 0, the default: all; stats has the number of all"}, nodeParam},
			Answers: []Answer{{Status: 200, Summary: "provider entries first, by key", Value: []kadmium.Publication{}}},
		},
		{
			Method: "GET", Pattern: "/v1/held", Summary: "Show what the node holds for the network, and until when", serve: held,
			Params:  []Param{{Name: "max", In: InQuery, Type: Integer, Summary: "so many of what expires first, 100 by default, 1000 at most"}, nodeParam},
			Answers: []Answer{{Status: 200, Summary: "what expires first at the head", Value: []kadmium.Holding{}}},
		},
		{
			Method: "GET", Pattern: "/v1/page", Summary: "Say where the node's page is, with the token for it", Access: OnHost, serve: pageAddress,
			Answers:  []Answer{{Status: 200, Summary: "its address", Value: PageAddress{}}},
			Problems: []int{404},
		},
		{
			Method: "GET", Pattern: "/v1/nodes", Summary: "List the nodes of the process, by the numbers that ?node= takes", serve: servedNodes,
			Answers: []Answer{{Status: 200, Summary: "the nodes, from 0", Value: []ServedNode{}}},
		},
		{
			Method: "GET", Pattern: "/v1/table", Summary: "Show the routing table", serve: table,
			Params: []Param{nodeParam}, Answers: []Answer{{Status: 200, Summary: "the table", Value: kadmium.Table{}}},
		},
		{
			Method: "GET", Pattern: "/v1/stats", Summary: "Show what the node is doing and has done", serve: stats,
			Params: []Param{nodeParam}, Answers: []Answer{{Status: 200, Summary: "its figures", Value: kadmium.Stats{}}},
		},
		{
			Method: "GET", Pattern: "/v1/tasks", Summary: "Show what the node does by itself, and when it is due", serve: tasks,
			Params: []Param{nodeParam}, Answers: []Answer{{Status: 200, Summary: "its tasks", Value: []kadmium.Task{}}},
		},
		{
			Method: "GET", Pattern: "/v1/events", Summary: "Watch what happens at the node", serve: events,
			Params: []Param{
				{Name: "kinds", In: InQuery, Type: Text, Summary: "the kinds of events, separated by commas; all by default"},
				{Name: "protocol", In: InQuery, Type: Text, Repeated: true, Summary: "copy the messages of this protocol that come in, as events of kind message; who handles them does not change"},
				nodeParam,
			},
			Answers:  []Answer{{Status: 200, Summary: "an event of the event's kind for each", Value: kadmium.Event{}, Events: true}},
			Problems: []int{429},
		},
	}
}
