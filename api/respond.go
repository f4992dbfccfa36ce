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

// answer writes a response that is complete. A client has writeTime to take it.
func (c *call) answer(status int, kind string, body []byte) {
	h := c.w.Header()
	h.Set("Content-Type", kind)
	h["X-Content-Type-Options"] = nosniff
	if status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(writeTime))
	c.w.WriteHeader(status)
	if status != http.StatusNotModified && c.r.Method != http.MethodHead {
		_, _ = c.w.Write(body) // the client may have left
	}
}

// bytes answers with bytes that came from the network. Nothing shows or runs them.
func (c *call) bytes(status int, body []byte) error {
	h := c.w.Header()
	h["Content-Disposition"] = attachment
	if c.guard == nil { // it sets the policies of everything
		h["Content-Security-Policy"] = inertOnly
	}
	c.answer(status, "application/octet-stream", body)
	return nil
}

// json answers with a result.
func (c *call) json(status int, result any) error {
	b, err := encode(result)
	if err != nil {
		return fmt.Errorf("encoding the result: %w", err)
	}
	c.answer(status, "application/json", b)
	return nil
}

// problemType is the media type of a problem.
const problemType = "application/problem+json"

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
