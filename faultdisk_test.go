package kadmium_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"kadmium/store/disk"
)

// A faultDisk is the data directory of a host, in memory where the system has a
// directory for that. The node uses it through the system's own calls.
//
// Power that fails in the middle of a commit is simulated afterwards: the file as it was
// before the commit gets some of the sectors that the commit has changed, in the order
// that bbolt's two syncs leave possible. No datagram and no answer leaves the node
// between the commit and the failure.
type faultDisk struct {
	dir    string
	root   string
	lives  int
	rnd    *rand.Rand
	full   bool
	armed  bool   // the next commit is torn
	before []byte // armed: the file before the commit
	after  []byte // the file that the commit has made; nil: none was torn
}

func newFaultDisk(t *testing.T, rnd *rand.Rand) *faultDisk {
	root := ""
	if memory, err := os.MkdirTemp("/dev/shm", "kadmium"); err == nil {
		root = memory
		t.Cleanup(func() { os.RemoveAll(root) })
	} else {
		root = t.TempDir()
	}
	return &faultDisk{root: root, dir: filepath.Join(root, "0"), rnd: rnd}
}

func (d *faultDisk) image() []byte {
	b, err := os.ReadFile(filepath.Join(d.dir, disk.FileName))
	if err != nil {
		panic(err)
	}
	return b
}

func (d *faultDisk) arm() { d.armed, d.before = true, d.image() }

// committed says whether the commit to be torn has been made.
func (d *faultDisk) committed() bool {
	if !d.armed {
		return false
	}
	now := d.image()
	if bytes.Equal(now, d.before) {
		return false
	}
	d.armed, d.after = false, now
	return true
}

// leave moves what a crash leaves behind to a new directory.
func (d *faultDisk) leave() {
	d.lives++
	next := filepath.Join(d.root, fmt.Sprint(d.lives))
	if err := os.CopyFS(next, os.DirFS(d.dir)); err != nil {
		panic(err)
	}
	if d.after != nil {
		if err := os.WriteFile(filepath.Join(next, disk.FileName), torn(d.rnd, d.before, d.after), 0o600); err != nil {
			panic(err)
		}
	}
	d.dir, d.armed, d.before, d.after = next, false, nil, nil
}

// The layout of a bbolt file.
const (
	diskSector = 512
	diskPage   = 4096
	diskMetas  = 2 * diskPage // two meta pages in turn, written last
	metaTxid   = 64           // offset of the transaction's number in a meta page
)

// transaction is the number of the last commit in an image.
func transaction(image []byte) uint64 {
	return max(binary.NativeEndian.Uint64(image[metaTxid:]), binary.NativeEndian.Uint64(image[diskPage+metaTxid:]))
}

// torn is an image that a power failure during the commit from before to after may leave.
func torn(rnd *rand.Rand, before, after []byte) []byte {
	draw := rnd.IntN(4)
	if transaction(after) != transaction(before)+1 && draw > 0 { // several commits: those before the last are whole
		return after
	}
	switch draw {
	case 0:
		return before // nothing of it was written
	case 1:
		return after // all of it was, but nobody was told
	}
	image := bytes.Clone(after)
	copy(image[:diskMetas], before[:diskMetas])
	if draw == 2 {
		return image // all but the meta page
	}
	for at := diskMetas; at < len(image); at += diskSector {
		if rnd.IntN(2) == 0 {
			old := make([]byte, diskSector)
			if at < len(before) {
				copy(old, before[at:])
			}
			copy(image[at:at+diskSector], old)
		}
	}
	return image
}
