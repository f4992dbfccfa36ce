package api

import (
	"fmt"
	"net/http"
	"unicode/utf8"

	"kadmium"
	"kadmium/peerbook"
	"kadmium/rpc"
)

// bookRoutes are the resources of what the node knows of other peers, and of what its user
// noted about them.
func bookRoutes() []Route {
	id := Param{Name: "peer", In: InPath, Type: Text, Summary: "a peer ID"}
	name := Param{Name: "name", In: InPath, Type: Text, Summary: "the note's name"}
	return []Route{
		{
			Method: "GET", Pattern: "/v1/peers", Summary: "List everybody whom the node knows", serve: knownPeers,
			Params:  []Param{nodeParam},
			Answers: []Answer{{Status: 200, Summary: "nearest first", Value: []kadmium.PeerInfo{}}},
		},
		{
			Method: "GET", Pattern: "/v1/peers/{peer}/supports", Summary: "Say which of some protocols a peer handles; it is asked once", serve: supports,
			Params:   asked(id, Param{Name: "protocol", In: InQuery, Type: Text, Repeated: true, Summary: "a protocol"}),
			Answers:  []Answer{{Status: 200, Summary: "which it handles, and of which it has not said", Value: kadmium.Support{}}},
			Problems: []int{404, 429, 504},
		},
		{
			Method: "GET", Pattern: "/v1/peers/{peer}/notes", Summary: "Show the notes about a peer", serve: getNotes,
			Params:  []Param{id, nodeParam},
			Answers: []Answer{{Status: 200, Summary: "all notes, by name", Value: Notes{}}},
		},
		{
			Method: "GET", Pattern: "/v1/peers/{peer}/notes/{name}", Summary: "Read a note about a peer", serve: getNote,
			Params:  []Param{id, name, nodeParam},
			Answers: []Answer{{Status: 200, Summary: "the note", Bytes: true}}, Problems: []int{404},
		},
		{
			Method: "PUT", Pattern: "/v1/peers/{peer}/notes/{name}", Summary: "Note something about a peer; with a data directory it outlives the node", serve: setNote,
			Params: asked(id, name), Body: "application/octet-stream",
			Answers:  []Answer{{Status: 204, Summary: "noted in place of another"}, {Status: 201, Summary: "noted, and there was no such note before"}},
			Problems: []int{413, 422, 504, 507},
		},
		{
			Method: "DELETE", Pattern: "/v1/peers/{peer}/notes/{name}", Summary: "Remove a note about a peer", serve: setNote,
			Params: asked(id, name), Answers: []Answer{{Status: 204, Summary: "there is no such note"}}, Problems: []int{422, 504},
		},
	}
}

// knownPeers serves GET /v1/peers.
func knownPeers(c *call) error { return c.shows(func() any { return c.node.Peers() }) }

// knownPeer is what the node knows of a peer.
func (c *call) knownPeer() (kadmium.PeerInfo, error) {
	id, err := peerAt(c.node, c.path["peer"])
	if err != nil {
		return kadmium.PeerInfo{}, err
	}
	info, ok := c.node.Peer(id)
	if !ok {
		p := *ProblemOf(kadmium.ErrNotFound)
		p.Detail, p.Next = id.String()+": this node has not met it", "look for it: kad find PEER; or see whom it has met: kad peers"
		return info, &p
	}
	return info, nil
}

// showKnown serves GET /v1/peers/{peer}?local.
func (c *call) showKnown() error {
	info, err := c.knownPeer()
	if err != nil {
		return err
	}
	return c.shows(func() any { return info })
}

// supports serves GET /v1/peers/{peer}/supports.
func supports(c *call) error {
	protocols := c.query["protocol"]
	id, err := peerAt(c.node, c.path["peer"])
	switch {
	case err != nil:
		return err
	case len(protocols) == 0 || len(protocols) > maxProtocols:
		return badRequest(fmt.Sprintf("name 1 to %d, each as ?protocol=", maxProtocols), "%d protocols are named", len(protocols))
	}
	for _, protocol := range protocols {
		if err := rpc.CheckProtocol(protocol); err != nil {
			return err
		}
	}
	ctx, cancel := c.context()
	defer cancel()
	if c.bad != nil {
		return c.bad
	}
	got, err := c.node.Supports(ctx, id, protocols...)
	if err != nil {
		return fmt.Errorf("%s: %w", id, WhyEnded(ctx, err))
	}
	got.Handled, got.Unknown = append([]string{}, got.Handled...), append([]string{}, got.Unknown...)
	return c.json(http.StatusOK, got)
}

// Notes are the notes about a peer: those that are UTF-8 as text, and all as base64.
type Notes struct {
	Notes  map[string]string `json:"notes"`
	Base64 map[string][]byte `json:"notes_base64"`
}

// getNotes serves GET /v1/peers/{peer}/notes.
func getNotes(c *call) error {
	id, err := peerAt(c.node, c.path["peer"])
	if err != nil {
		return err
	}
	info, _ := c.node.Peer(id)
	all := Notes{map[string]string{}, map[string][]byte{}}
	for name, text := range info.Notes {
		all.Base64[name] = append([]byte{}, text...)
		if utf8.Valid(text) {
			all.Notes[name] = string(text)
		}
	}
	return c.json(http.StatusOK, all)
}

// getNote serves GET /v1/peers/{peer}/notes/{name}.
func getNote(c *call) error {
	id, err := peerAt(c.node, c.path["peer"])
	if err != nil {
		return err
	}
	text, ok := c.node.Note(id, c.path["name"])
	if !ok {
		return fmt.Errorf("%s: no note %q: %w", id, c.path["name"], kadmium.ErrNotFound)
	}
	return c.bytes(http.StatusOK, text)
}

// setNote serves PUT and DELETE of /v1/peers/{peer}/notes/{name}.
func setNote(c *call) error {
	var text []byte // nil removes the note
	if c.r.Method == http.MethodPut {
		text = c.body(fmt.Sprintf("a note may have %d bytes", peerbook.MaxNote))
	}
	id, err := peerAt(c.node, c.path["peer"])
	if err != nil {
		return err
	}
	ctx, cancel := c.context()
	defer cancel()
	if c.bad != nil {
		return c.bad
	}
	_, noted := c.node.Note(id, c.path["name"])
	if err := c.node.SetNote(ctx, id, c.path["name"], text); err != nil {
		return fmt.Errorf("%s: %w", id, WhyEnded(ctx, err))
	}
	status := http.StatusNoContent
	if c.r.Method == http.MethodPut && !noted {
		status = http.StatusCreated
	}
	c.noContent(status)
	return nil
}
