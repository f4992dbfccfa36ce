// Package api serves a node over HTTP, and is the client of that service in Go.
//
// A [Server] serves the resources under /v1 (routes.go lists them) on a unix socket, which
// the file's mode guards, and in this process's memory. A [Client] speaks to it. The command
// line does everything that it does with a node through a Client.
//
// A request is one call of a method of kadmium.Node. Its errors are problems
// (application/problem+json), whose types stand for the errors of package kadmium: a
// *Problem that a Client returns answers errors.Is as the error of the node would.
//
//	server.go, conns.go, accept.go   listeners, connections, limits, file handles
//	routes.go, route.go, call.go     the resources, which one a path names, its parameters
//	values.go, peers.go, ...         a file for each kind of resource
//	problem.go, knownproblems.go     errors
//	tcp.go, guard.go, token.go, openreads.go   TCP: who may do what
//	openapi.go, schema.go            the description of the API
//	client.go, client_*.go           the client
//	socket.go                        the unix socket's file
package api
