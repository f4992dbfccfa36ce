package driver

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"kadmium/identity"
	"kadmium/store/disk"
)

// KeyFile is the name of the file in a data directory that holds the identity.
const KeyFile = "key.pem"

// openDataDir opens the data directory, if there is one, and sets the node's key: the
// one given, that of the directory, or a new one. The directory must be of this network
// and identity (design R6.21).
func (d *Driver) openDataDir(dir string, key identity.Key, made *undo) (err error) {
	d.key = key
	if dir != "" {
		err = d.openJournal(dir, made)
	} else if d.key.IsZero() {
		d.key, err = identity.GenerateKey(rand.Reader)
	}
	if err != nil {
		return err
	}
	d.id = d.key.ID()
	return nil
}

func (d *Driver) openJournal(dir string, made *undo) (err error) {
	if d.journal, err = disk.Open(dir); err != nil {
		return err
	}
	made.add(func() { d.journal.Close() })
	if d.format, err = d.journal.Format(); err != nil {
		return err
	}
	owner, err := d.journal.Owner()
	if err != nil {
		return err
	}
	if owner.Network != "" && owner.Network != d.network {
		return fmt.Errorf("%w: %s holds the records of network %q, and this node is of network %q",
			disk.ErrOtherNetwork, d.journal.Path(), owner.Network, d.network)
	}
	from := "the key given"
	if d.key.IsZero() {
		from = filepath.Join(dir, KeyFile)
		if d.key, err = d.loadKey(from, owner.Identity); err != nil {
			return err
		}
	}
	if id := d.key.ID(); !owner.Identity.IsZero() && owner.Identity != id {
		return fmt.Errorf("%w: %s holds the records of peer %s, and %s is that of peer %s",
			disk.ErrOtherIdentity, d.journal.Path(), owner.Identity, from, id)
	}
	return nil
}

// loadKey reads the key of the directory, and makes it if the directory is nobody's
// yet. It runs with the directory locked: no other process makes a key there.
func (d *Driver) loadKey(path string, owner identity.ID) (identity.Key, error) {
	key, err := identity.LoadKey(path)
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, identity.ErrEmptyKeyFile) {
		return key, err
	}
	if !owner.IsZero() {
		return key, fmt.Errorf("%w: %s holds the records of peer %s, and %s has no key: %w",
			disk.ErrOtherIdentity, d.journal.Path(), owner, path, err)
	}
	return identity.CreateKey(path, rand.Reader)
}

// claim notes in the journal whose it is, if it is nobody's yet.
func (d *Driver) claim() error {
	if d.journal == nil {
		return nil
	}
	mine := disk.Owner{Network: d.network, Identity: d.id}
	if owner, err := d.journal.Owner(); err != nil || owner == mine {
		return err
	}
	return d.journal.SetOwner(mine)
}
