package driver

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"path/filepath"

	"kadmium/identity"
	"kadmium/store/disk"
)

// KeyFile is the name of the file in a data directory that holds the identity.
const KeyFile = "key.pem"

// openDataDir opens the data directory, if there is one, and sets the node's key: the
// one given, that of the directory, or a new one.
func (d *Driver) openDataDir(dir string, key identity.Key, made *undo) (err error) {
	d.key = key
	if dir != "" {
		if d.journal, err = disk.Open(dir); err != nil {
			return err
		}
		made.add(func() { d.journal.Close() })
		if d.key.IsZero() {
			d.key, err = loadOrCreateKey(filepath.Join(dir, KeyFile))
		}
	} else if d.key.IsZero() {
		d.key, err = identity.GenerateKey(rand.Reader)
	}
	if err != nil {
		return err
	}
	d.id = d.key.ID()
	return nil
}

// loadOrCreateKey runs with the directory locked: no other process makes a key there.
func loadOrCreateKey(path string) (identity.Key, error) {
	key, err := identity.LoadKey(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, identity.ErrEmptyKeyFile) {
		return identity.CreateKey(path, rand.Reader)
	}
	return key, err
}
