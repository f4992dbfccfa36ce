package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"kadmium"
)

// What a node knows of others, and the notes about them, as resources and by the client.
func TestBook(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	id, ctx := b.node.ID(), t.Context()
	stranger := "12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS"
	if err := b.node.Handle("/echo", func(context.Context, kadmium.Message) ([]byte, error) { return nil, nil }); err != nil {
		t.Fatal(err)
	}
	a.send("GET", "/v1/peers", "").is(t, 200, id.String(), `"in_table":true`)
	a.send("GET", "/v1/peers/"+id.String()+"?local", "").is(t, 200, `"session":true`, b.node.Addresses()[0].String())
	a.send("GET", "/v1/peers/"+stranger+"?local", "").is(t, 404, "has not met it", "/problems/not-found")
	a.send("GET", "/v1/peers/"+id.String()+"?local=perhaps", "").is(t, 400, "local")
	a.send("GET", "/v1/peers/"+id.String()+"/supports?protocol=/echo&protocol=/chat", "").is(t, 200, `"handled":["/echo"]`)
	a.send("GET", "/v1/peers/"+id.String()+"/supports", "").is(t, 400, "?protocol=")
	a.send("GET", "/v1/peers/"+id.String()+"/supports?protocol=", "").is(t, 400, "/problems/bad-protocol")

	note := "/v1/peers/" + id.String() + "/notes/"
	a.send("GET", note+"role", "").is(t, 404, "role")
	a.send("PUT", note+"role", "<b>seed\xff</b>").is(t, 201)
	a.send("PUT", note+"a%2F%2e%2e", "").is(t, 201)
	if e := a.send("GET", note+"role", "").is(t, 200); e.body != "<b>seed\xff</b>" || e.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("the note: %q, %v", e.body, e.Header)
	}
	a.send("GET", strings.TrimSuffix(note, "/"), "").is(t, 200, `"notes":{"a/..":""}`, `"role":"PGI+c2VlZP88L2I+"`)
	a.send("DELETE", note+"role", "").is(t, 204)
	a.send("DELETE", note+"role", "").is(t, 204)
	a.send("GET", note+"role", "").is(t, 404)
	a.send("PUT", note+strings.Repeat("n", 1000), "x").is(t, 422, "/problems/bad-note")
	a.send("PUT", "/v1/peers/"+stranger+"/notes/x", "y").is(t, 201)
	a.send("GET", "/v1/peers/nobody/notes/x", "").is(t, 400, "/problems/bad-peer-id")

	all, err := a.client.Peers(ctx, Call{})
	if err != nil || !slices.ContainsFunc(all, func(p kadmium.PeerInfo) bool { return p.ID == id && p.InTable }) {
		t.Errorf("peers: %+v, %v", all, err)
	}
	if p, err := a.client.Peer(ctx, id.Short(), Call{Trace: true}); err != nil || p.Address() != b.node.Addresses()[0] {
		t.Errorf("a peer: %+v, %v", p, err)
	}
	if s, err := a.client.Supports(ctx, id, []string{"/echo", "/chat"}, Call{}); err != nil || !slices.Equal(s.Handled, []string{"/echo"}) {
		t.Errorf("supports: %+v, %v", s, err)
	}
	if err := a.client.SetNote(ctx, id, "..", []byte("dots"), Call{}); err != nil {
		t.Error(err)
	}
	if n, err := a.client.Notes(ctx, id, Call{}); err != nil || n.Notes[".."] != "dots" {
		t.Errorf("notes: %+v, %v", n, err)
	}
	if err := a.client.RemoveNote(ctx, id, "..", Call{}); err != nil {
		t.Error(err)
	}
	if err := a.client.SetNote(ctx, id, "long", make([]byte, 60_000), Call{}); !errors.Is(err, kadmium.ErrBadNote) {
		t.Errorf("a long note: %v", err)
	}
}
