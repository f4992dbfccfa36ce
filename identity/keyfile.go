package identity

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
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
	// ErrEmptyKeyFile reports an empty file: CreateKey was cut off, and makes a key there.
	ErrEmptyKeyFile = fmt.Errorf("%w: it is empty", ErrBadKeyFile)
	// ErrKeyExists reports a file that exists: a key is never overwritten.
	ErrKeyExists = errors.New("key file exists")
)

// maxKeyFile bounds what LoadKey reads, in bytes; a PKCS#8 Ed25519 PEM has 119.
const maxKeyFile = 16 << 10

const (
	pemType     = "PRIVATE KEY" // PKCS#8, RFC 5958
	keyFileMode = 0o600
)

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

// Secret is a secret for one purpose, the same for the same key, which tells nothing about
// the key or about the secrets for other purposes: HMAC-SHA-256 of the purpose.
func (k Key) Secret(purpose string) [sha256.Size]byte {
	h := hmac.New(sha256.New, k.private.Seed())
	h.Write([]byte(purpose))
	return [sha256.Size]byte(h.Sum(nil))
}

// Verify reports whether the peer signed the message.
func Verify(id ID, message, signature []byte) bool {
	return len(signature) == ed25519.SignatureSize && ed25519.Verify(id[:], message, signature)
}

// CreateKey makes a key pair and writes it to a new file, mode 0600, as PKCS#8
// in PEM (openssl pkey reads it). The file is complete, empty or absent, also after a
// crash (design R2.10); an empty one is replaced, any other file is not changed: the error
// is then ErrKeyExists.
func CreateKey(path string, random io.Reader) (Key, error) {
	place, err := reserve(path)
	if errors.Is(err, ErrKeyExists) {
		return Key{}, err
	} else if err != nil {
		return Key{}, fmt.Errorf("writing key file %s: %w", path, err)
	}
	defer place.Close()
	k, err := GenerateKey(random)
	if err == nil {
		err = k.write(path)
	}
	if err != nil {
		os.Remove(path) // this call's own: empty, or a key that nobody has seen
		return Key{}, err
	}
	return k, nil
}

// reserve makes an empty file for a key, or takes the one that a crash left. The file is
// locked until it is closed, so of two calls one writes a key. Where files cannot be
// locked, exclusive creation decides, and an empty file is not taken: its maker may be
// about to write.
func reserve(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, keyFileMode)
	created := err == nil
	if errors.Is(err, fs.ErrExist) {
		f, err = openEmpty(path)
	}
	if err != nil {
		return nil, err
	}
	locked, err := tryLock(f)
	if err == nil && !locked && !created {
		err = fmt.Errorf("%w: %s is empty, left by a crash or about to be written; remove it if no other process is making it", ErrKeyExists, path)
	}
	if err == nil && !isEmptyAt(f, path) { // another call was faster
		err = existing(path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// openEmpty opens an existing file if it is an empty regular one.
func openEmpty(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && (!info.Mode().IsRegular() || info.Size() > 0) {
		return nil, existing(path)
	}
	return os.OpenFile(path, os.O_WRONLY, 0)
}

// isEmptyAt reports whether f is still the file of that name, and empty.
func isEmptyAt(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	info, err := os.Lstat(path)
	return err == nil && os.SameFile(mine, info) && info.Size() == 0
}

func existing(path string) error {
	return fmt.Errorf("%w: %s is left as it is; choose another name", ErrKeyExists, path)
}

// write replaces the empty file by one with the whole key: a synced temporary file is
// renamed, which needs no links.
func (k Key) write(path string) error {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return fmt.Errorf("encoding a key: %w", err)
	}
	if err := replaceFile(path, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})); err != nil {
		return fmt.Errorf("writing key file %s: %w", path, err)
	}
	return nil
}

func replaceFile(path string, data []byte) error {
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
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	return SyncDirectory(dir)
}

// LoadKey reads a key file. A file with anything but an Ed25519 private key in
// PKCS#8 PEM is ErrBadKeyFile, an empty one ErrEmptyKeyFile too; a missing one is
// fs.ErrNotExist.
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
	if len(data) == 0 {
		return Key{}, fmt.Errorf("%w: %s; make a key there with: kad key new FILE", ErrEmptyKeyFile, path)
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
