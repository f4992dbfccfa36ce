package cli

import (
	"encoding/json"
	"io"
)

// EncodeJSON writes v as one line, without escapes for HTML, so that keys stay readable.
func EncodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
