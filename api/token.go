package api

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"kadmium/identity"
)

// TokenFile is the name of the file in a data directory that holds the token.
const TokenFile = "api.token"

const (
	tokenBytes    = 32
	tokenLength   = 43 // in base64url without padding
	tokenFileMode = 0o600
)

// ErrBadToken reports a token's file that holds none.
var ErrBadToken = errors.New("not a token")

// A Token is what a client on TCP shows to be allowed everything. It prints as a word, so
// that it is in no log and in no error.
type Token struct {
	text string
	sum  [sha256.Size]byte // of the text
}

func tokenOf(text string) Token { return Token{text, sha256.Sum256([]byte(text))} }

// String is a word that stands for any token.
func (Token) String() string { return "(token)" }

// GoString is String.
func (t Token) GoString() string { return t.String() }

// Secret is the token itself, for who may have it.
func (t Token) Secret() string { return t.text }

// NewToken makes a token of 32 random bytes.
func NewToken() Token {
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // never fails
	return tokenOf(base64.RawURLEncoding.EncodeToString(b))
}

// LoadToken is the token of a data directory; one is made if there is none. A file that a
// crash left empty is none.
func LoadToken(dir string) (Token, error) {
	path := filepath.Join(dir, TokenFile)
	text, err := readToken(path)
	if err != nil || text != "" {
		return tokenOf(text), err
	}
	t := NewToken()
	if err := writeToken(dir, path, t); err != nil {
		return Token{}, fmt.Errorf("writing the token: %w", err)
	}
	return t, nil
}

// readToken is what a token's file has; empty: it has nothing, or is not there.
func readToken(path string) (string, error) {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("reading the token: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 2*tokenLength))
	if err != nil {
		return "", fmt.Errorf("reading the token: %w", err)
	}
	text := string(bytes.TrimSpace(b))
	if decoded, err := base64.RawURLEncoding.DecodeString(text); text != "" && (err != nil || len(decoded) != tokenBytes) {
		return "", fmt.Errorf("%w: %s: want %d characters of base64url; remove the file, and the node makes another", ErrBadToken, path, tokenLength)
	}
	return text, nil
}

// writeToken replaces the file by a synced one: it has the whole token or is as before.
func writeToken(dir, path string, t Token) error {
	f, err := os.CreateTemp(dir, ".token-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(t.text + "\n")
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	return identity.SyncDirectory(dir)
}

// is reports whether a text is the token, in a time that does not depend on the text.
func (t Token) is(text string) bool {
	sum := sha256.Sum256([]byte(text))
	return subtle.ConstantTimeCompare(sum[:], t.sum[:]) == 1
}

// shownIn reports whether the target of a request has the token in it, as it stands or
// with escapes.
func (t Token) shownIn(target string) bool {
	shown := t.within(target)
	if text, err := url.PathUnescape(target); err == nil {
		shown = t.within(text) || shown
	}
	return shown
}

// within reports whether a text has the token in it, in a time that depends on the text's
// length alone.
func (t Token) within(text string) bool {
	found := 0
	for i := 0; i+len(t.text) <= len(text); i++ {
		found |= subtle.ConstantTimeCompare([]byte(text[i:i+len(t.text)]), []byte(t.text))
	}
	return found == 1
}
