package identity

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Errors of key files.
var (
	// ErrBadKeyFile reports a file that holds no Ed25519 private key.
	ErrBadKeyFile = errors.New("not an Ed25519 key file")
	// ErrKeyExists reports a file that exists: a key is never overwritten.
	ErrKeyExists = errors.New("key file exists")
)

// maxKeyFile bounds what LoadKey reads, in bytes; a PKCS#8 Ed25519 PEM has 119.
const maxKeyFile = 16 << 10

const pemType = "PRIVATE KEY" // PKCS#8, RFC 5958

// A Key is a node's Ed25519 key pair (RFC 8032). The zero Key is no key.
type Key struct{ private ed25519.PrivateKey }

// GenerateKey makes a key pair from 32 bytes of random.
func GenerateKey(random io.Reader) (Key, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return Key{}, fmt.Errorf("making a key: %w", err)
	}
	return KeyFromSeed([32]byte(seed)), nil
}

// KeyFromSeed is the key pair of an RFC 8032 seed.
func KeyFromSeed(seed [32]byte) Key { return Key{ed25519.NewKeyFromSeed(seed[:])} }

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.private == nil }

// ID is the peer whose key it is.
func (k Key) ID() ID { return ID(k.private[ed25519.SeedSize:]) }

// Sign is the Ed25519 signature of the message.
func (k Key) Sign(message []byte) [ed25519.SignatureSize]byte {
	return [ed25519.SignatureSize]byte(ed25519.Sign(k.private, message))
}

// Verify reports whether the peer signed the message.
func Verify(id ID, message, signature []byte) bool {
	return len(signature) == ed25519.SignatureSize && ed25519.Verify(id[:], message, signature)
}

// CreateKey makes a key pair and writes it to a new file, mode 0600, as PKCS#8
// in PEM (openssl pkey reads it). The file is complete or absent, also after a crash. An
// existing file is not changed: the error is then ErrKeyExists.
func CreateKey(path string, random io.Reader) (Key, error) {
	if _, err := os.Lstat(path); err == nil {
		return Key{}, fmt.Errorf("%w: %s is left as it is; choose another name", ErrKeyExists, path)
	}
	k, err := GenerateKey(random)
	if err != nil {
		return Key{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return Key{}, fmt.Errorf("encoding a key: %w", err)
	}
	if err := writeNew(path, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return Key{}, fmt.Errorf("%w: %s is left as it is; choose another name", ErrKeyExists, path)
		}
		return Key{}, fmt.Errorf("writing key file %s: %w", path, err)
	}
	return k, nil
}

// writeNew makes a file with all of data, or no file: the synced temporary file is
// linked to its name, which fails if the name exists.
func writeNew(path string, data []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Link(f.Name(), path)
	}
	if err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// LoadKey reads a key file. A file with anything but an Ed25519 private key in
// PKCS#8 PEM is ErrBadKeyFile; a missing one is fs.ErrNotExist.
func LoadKey(path string) (Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return Key{}, fmt.Errorf("reading key file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return Key{}, fmt.Errorf("%w: %s: %v", ErrBadKeyFile, path, err)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != pemType {
		return Key{}, fmt.Errorf("%w: %s holds no PEM block %q; make one with: kad key new FILE", ErrBadKeyFile, path, pemType)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %s: %v", ErrBadKeyFile, path, err)
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return Key{}, fmt.Errorf("%w: %s holds another kind of key", ErrBadKeyFile, path)
	}
	return Key{private}, nil
}
