package disk

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"kadmium/identity"
)

// The entries of bucket "journal" that say whose the directory is (design R6.21). Files
// of earlier versions have neither.
const (
	networkKey  = "network"
	identityKey = "identity"
)

// An Owner is the network and the identity whose records a journal holds.
type Owner struct {
	Network  string
	Identity identity.ID
}

// Owner is the owner that SetOwner wrote, zero if the file is new or of an earlier
// version.
func (j *Journal) Owner() (o Owner, err error) {
	defer j.caught(&err, j.path)
	err = j.db.View(func(tx *bbolt.Tx) error {
		network, err := metaOf(tx, networkKey)
		if err != nil {
			return err
		}
		id, err := metaOf(tx, identityKey)
		if err != nil {
			return err
		}
		if o.Network = string(network); len(id) != 0 && len(id) != len(o.Identity) {
			return errors.New("the identity is malformed")
		}
		copy(o.Identity[:], id)
		return nil
	})
	if err != nil {
		return Owner{}, fmt.Errorf("%w: %s: %w", ErrCorrupt, j.path, err)
	}
	return o, nil
}

// metaOf is the value of an entry of bucket "journal", nil if there is none.
func metaOf(tx *bbolt.Tx, key string) ([]byte, error) {
	stored := tx.Bucket([]byte(metaBucket)).Get([]byte(key))
	if stored == nil {
		return nil, nil
	}
	return checkChecksum([]byte(metaBucket), []byte(key), stored)
}

// SetOwner writes whose the journal is, synced. It must be called before Write.
func (j *Journal) SetOwner(o Owner) error {
	err := j.update(func(tx *bbolt.Tx) error {
		if err := putMeta(tx, networkKey, []byte(o.Network)); err != nil {
			return err
		}
		return putMeta(tx, identityKey, o.Identity[:])
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	return nil
}
