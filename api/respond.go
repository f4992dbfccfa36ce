package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// ownLength is the size in bytes of a body below which package http counts it itself.
const ownLength = 2048

// mediaTypes are the most frequent ones, as headers have them.
var mediaTypes = map[string][]string{octets: {octets}, problemType: {problemType}, jsonType: {jsonType}}

// The media types of answers.
const (
	octets      = "application/octet-stream"
	jsonType    = "application/json"
	problemType = "application/problem+json"
)

// answer writes a response that is complete. A client has writeTime to take it.
func (c *call) answer(status int, kind string, body []byte) {
	h := c.w.Header()
	if h["Content-Type"] = mediaTypes[kind]; h["Content-Type"] == nil {
		h.Set("Content-Type", kind)
	}
	h["X-Content-Type-Options"] = nosniff
	if status != http.StatusNotModified && (len(body) >= ownLength || c.r.Method == http.MethodHead) {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(writeTime))
	c.status = status
	c.w.WriteHeader(status)
	if status != http.StatusNotModified && c.r.Method != http.MethodHead {
		_, _ = c.w.Write(body) // the client may have left
	}
}

// noContent answers without a body.
func (c *call) noContent(status int) {
	c.status = status
	c.w.Header()["X-Content-Type-Options"] = nosniff
	c.w.WriteHeader(status)
}

// bytes answers with bytes that came from the network. Nothing shows or runs them.
func (c *call) bytes(status int, body []byte) error {
	h := c.w.Header()
	h["Content-Disposition"] = attachment
	if c.guard == nil { // it sets the policies of everything
		h["Content-Security-Policy"] = inertOnly
	}
	c.answer(status, octets, body)
	return nil
}

// json answers with a result.
func (c *call) json(status int, result any) error {
	b, err := encode(result)
	if err != nil {
		return fmt.Errorf("encoding the result: %w", err)
	}
	c.answer(status, jsonType, b)
	return nil
}

// problem answers with an error.
func (c *call) problem(p *Problem) {
	maps.Copy(c.w.Header(), p.header)
	b, err := encode(p)
	if err != nil {
		b = []byte("{}\n")
	}
	c.answer(p.Status, problemType, b)
}

// encode writes JSON as one line, without escapes for HTML, so that keys stay readable.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
