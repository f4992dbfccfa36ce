package api

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate makes one for 127.0.0.1.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(made)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// The token of a directory is made once, for its owner's eyes only.
func TestTokenFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, TokenFile)
	first, err := LoadToken(dir)
	if err != nil || len(first.Secret()) != tokenLength {
		t.Fatalf("%q, %v", first.Secret(), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
		t.Errorf("%v, %v: want mode 0600", info, err)
	}
	if again, err := LoadToken(dir); err != nil || again != first {
		t.Errorf("again %q, %v", again.Secret(), err)
	}
	for _, left := range []string{"", "\n"} { // by a crash
		if err := os.WriteFile(path, []byte(left), 0o600); err != nil {
			t.Fatal(err)
		}
		if other, err := LoadToken(dir); err != nil || other == first || len(other.Secret()) != tokenLength {
			t.Errorf("after %q: %q, %v", left, other.Secret(), err)
		}
	}
	for _, wrong := range []string{"secret", first.Secret() + "A", first.Secret()[1:], strings.Repeat("!", tokenLength)} {
		if err := os.WriteFile(path, []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadToken(dir); !errors.Is(err, ErrBadToken) || strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

// A token that is printed by mistake is not shown.
func TestTokenIsNotPrinted(t *testing.T) {
	t.Parallel()
	token := NewToken()
	for _, text := range []string{fmt.Sprint(token), fmt.Sprintf("%v %+v %#v %s %q", token, token, token, token, token), fmt.Sprintf("%+v", TCPConfig{Token: token})} {
		if strings.Contains(text, token.Secret()) {
			t.Errorf("printed: %s", text)
		}
	}
}

// The token is compared by crypto/subtle alone: nowhere in the package does an operator or
// another function compare it.
func TestTokenIsComparedInConstantTime(t *testing.T) {
	t.Parallel()
	token1 := NewToken()
	for text, want := range map[string]bool{token1.Secret(): true, "": false, token1.Secret()[1:]: false, NewToken().Secret(): false} {
		if token1.is(text) != want || token1.within("/v1/x?a="+text+"&b") != want {
			t.Errorf("%q: is %t, within %t", text, token1.is(text), token1.within("/v1/x?a="+text+"&b"))
		}
	}
	if token1.is(token1.Secret() + "x") {
		t.Error("a longer one is the token")
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{"sha256.Sum256": true, "subtle.ConstantTimeCompare": true, "f.WriteString": true, "len": true, "byte": true}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			b, ok := n.(*ast.BinaryExpr)
			if ok && (b.Op == token.EQL || b.Op == token.NEQ) && (isSecret(b.X) || isSecret(b.Y)) {
				t.Errorf("%s: an operator compares the token", set.Position(n.Pos()))
			}
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for _, argument := range call.Args {
				if isSecret(argument) && !allowed[nameOf(call.Fun)] {
					t.Errorf("%s: %s is given the token", set.Position(n.Pos()), nameOf(call.Fun))
				}
			}
			return true
		})
	}
}

// isSecret reports whether an expression is a token's text, or a part of it.
func isSecret(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "text" && nameOf(s) == "t.text"
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return nameOf(e.X) + "." + e.Sel.Name
	case *ast.ArrayType:
		return nameOf(e.Elt)
	}
	return ""
}
