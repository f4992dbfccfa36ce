package api

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// key is the key that a request names: the segment called name, any bytes, or ?key64=.
func (c *call) key(name string) string {
	if key, ok := c.path[name]; ok {
		return key
	}
	text := c.query.Get("key64")
	b, err := decodeKey64(text)
	if err != nil {
		c.fail(badRequest("write the key in base64url, with or without padding", "key64 %q: %v", text, err))
	}
	return string(b)
}

func decodeKey64(text string) ([]byte, error) {
	text = strings.TrimRight(text, "=")
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err == nil && encodeKey64(string(b)) != text { // package base64 passes over ends of lines
		err = base64.CorruptInputError(strings.IndexAny(text, "\r\n"))
	}
	return b, err
}

func encodeKey64(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

// ShownKey is a key for people: as it is if it is printable text, otherwise in hex as the
// command line takes it.
func ShownKey(key string) string {
	if !utf8.ValidString(key) {
		return hexKey(key)
	}
	for _, r := range key {
		if !unicode.IsPrint(r) {
			return hexKey(key)
		}
	}
	return key
}

func hexKey(key string) string { return "--hex " + hex.EncodeToString([]byte(key)) }
