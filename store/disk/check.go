package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// What a bbolt file looks like (bbolt's internal/common: page.go, meta.go,
// bucket.go), integers in the machine's byte order:
//
//	page     id 8 | flags 2 | count 2 | overflow 4 | ...           as many more pages follow as overflow says
//	meta     magic 4 | version 4 | page size 4 | flags 4 | root bucket 16 | freelist 8 | pages 8 | transaction 8 | FNV-64a 8
//	branch   (position 4 | key size 4 | page 8) for each | keys    positions count from their own element
//	leaf     (flags 4 | position 4 | key size 4 | value size 4) for each | keys and values
//	bucket   root page 8 | sequence 8 | if the root page is 0: the page itself
//
// Pages 0 and 1 are meta pages; transaction n writes page n mod 2.
const (
	pageHeader    = 16
	elementSize   = 16
	bucketHeader  = 16
	metaSize      = 64
	metaChecked   = 56 // bytes of a meta that its checksum covers
	branchFlag    = 1
	leafFlag      = 2
	bucketFlag    = 1 // of a leaf's element
	boltMagic     = 0xed0cdaed
	boltVersion   = 2
	maxBoltLevels = 64 // of a tree; more than any file can need
)

var order = binary.NativeEndian

// A checker walks every page that a bbolt file's newest transaction uses.
type checker struct {
	file    io.ReaderAt
	pages   uint64 // of the file that are or were in use
	seen    map[uint64]bool
	content content
}

// checkFile reports what is wrong with a journal file, nil if it contains everything
// that was written, unchanged (design R6.18).
func checkFile(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	root, pages, err := checkMetas(f, info.Size())
	if err != nil {
		return err
	}
	c := &checker{file: f, pages: pages, seen: map[uint64]bool{0: true, 1: true},
		content: content{buckets: make(map[string]bool), meta: make(map[string][]byte)}}
	if err := c.tree(root, 0, span{}, c.bucket); err != nil {
		return err
	}
	return c.content.complete()
}

// checkMetas reads both meta pages. bbolt accepts a file with one: that is right after a
// write was cut off by a power failure, but loses a transaction after any other damage.
// The 80 bytes that matter are in one sector, which is written whole, so both must be
// intact.
func checkMetas(f io.ReaderAt, size int64) (root, pages uint64, err error) {
	if size < 2*pageSize {
		return 0, 0, fmt.Errorf("%d bytes are too few for a journal", size)
	}
	var newest uint64
	for i := range uint64(2) {
		b := make([]byte, pageHeader+metaSize)
		if _, err := f.ReadAt(b, int64(i)*pageSize); err != nil {
			return 0, 0, err
		}
		m := b[pageHeader:]
		sum := fnv.New64a()
		sum.Write(m[:metaChecked])
		if order.Uint64(m[metaChecked:]) != sum.Sum64() || order.Uint32(m) != boltMagic ||
			order.Uint32(m[4:]) != boltVersion || order.Uint32(m[8:]) != pageSize {
			return 0, 0, fmt.Errorf("meta page %d is damaged", i)
		}
		if transaction := order.Uint64(m[48:]); i == 0 || transaction > newest {
			newest, root, pages = transaction, order.Uint64(m[16:]), order.Uint64(m[40:])
		}
	}
	if need := int64(pages) * pageSize; pages > 1<<40 || size < need {
		return 0, 0, fmt.Errorf("it is cut short: %d bytes, %d needed", size, need)
	}
	return root, pages, nil
}

// A span is the range of keys that may be in a page: from low (or any, if nil)
// up to but not including high (or any).
type span struct{ low, high []byte }

func (s span) has(key []byte) bool {
	return (s.low == nil || bytes.Compare(key, s.low) >= 0) && (s.high == nil || bytes.Compare(key, s.high) < 0)
}

// A leaf's element, or with page a branch's.
type element struct {
	key, value []byte
	isBucket   bool
	page       uint64
}

// tree checks a page and those below it, and calls visit with each leaf element.
func (c *checker) tree(id uint64, level int, keys span, visit func(element) error) error {
	if level > maxBoltLevels {
		return errors.New("its tree is too deep")
	}
	page, err := c.read(id)
	if err != nil {
		return err
	}
	elements, err := parsePage(page)
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	for i, e := range elements {
		if len(e.key) == 0 || !keys.has(e.key) || i > 0 && bytes.Compare(elements[i-1].key, e.key) >= 0 {
			return fmt.Errorf("page %d: its keys are out of order", id)
		}
		if e.page == 0 {
			if err := visit(e); err != nil {
				return err
			}
			continue
		}
		below := span{low: e.key, high: keys.high}
		if i+1 < len(elements) {
			below.high = elements[i+1].key
		}
		if err := c.tree(e.page, level+1, below, visit); err != nil {
			return err
		}
	}
	return nil
}

// read is a page with its overflow, which no other page may use.
func (c *checker) read(id uint64) ([]byte, error) {
	if id >= c.pages {
		return nil, fmt.Errorf("page %d is beyond its end", id)
	}
	b := make([]byte, pageSize)
	if _, err := c.file.ReadAt(b, int64(id)*pageSize); err != nil {
		return nil, err
	}
	overflow := uint64(order.Uint32(b[12:]))
	if order.Uint64(b) != id || id+overflow >= c.pages {
		return nil, fmt.Errorf("page %d has a damaged header", id)
	}
	for p := id; p <= id+overflow; p++ {
		if c.seen[p] {
			return nil, fmt.Errorf("page %d is in use twice", p)
		}
		c.seen[p] = true
	}
	if overflow > 0 {
		b = append(b, make([]byte, overflow*pageSize)...)
		if _, err := c.file.ReadAt(b[pageSize:], int64(id+1)*pageSize); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// parsePage reads a branch or leaf page. Its keys and values must lie behind its
// elements without a gap, as bbolt writes them.
func parsePage(b []byte) ([]element, error) {
	flags, count := order.Uint16(b[8:]), int(order.Uint16(b[10:]))
	next := pageHeader + count*elementSize
	if flags != branchFlag && flags != leafFlag || next > len(b) || flags == branchFlag && count == 0 {
		return nil, errors.New("its header is damaged")
	}
	elements := make([]element, count)
	for i := range elements {
		at := pageHeader + i*elementSize
		raw, e := b[at:at+elementSize], &elements[i]
		position, keySize, valueSize := order.Uint32(raw), order.Uint32(raw[4:]), uint32(0)
		if flags == leafFlag {
			e.isBucket = order.Uint32(raw) == bucketFlag
			position, keySize, valueSize = order.Uint32(raw[4:]), order.Uint32(raw[8:]), order.Uint32(raw[12:])
			if order.Uint32(raw)&^bucketFlag != 0 {
				return nil, errors.New("an element has unknown flags")
			}
		} else if e.page = order.Uint64(raw[8:]); e.page == 0 {
			return nil, errors.New("a branch leads nowhere")
		}
		end := uint64(next) + uint64(keySize) + uint64(valueSize)
		if at+int(position) != next || end > uint64(len(b)) {
			return nil, errors.New("an element is out of place")
		}
		e.key, e.value = b[next:next+int(keySize)], b[next+int(keySize):end]
		next = int(end)
	}
	return elements, nil
}

// bucket checks an element of the root, which must be a bucket, and all in it.
func (c *checker) bucket(e element) error {
	name := string(e.key)
	if !e.isBucket || len(e.value) < bucketHeader {
		return fmt.Errorf("%q is no bucket", e.key)
	}
	c.content.buckets[name] = true
	visit := func(e element) error {
		if e.isBucket {
			return fmt.Errorf("bucket %q holds a bucket", name)
		}
		return c.content.entry(name, e.key, e.value)
	}
	if root := order.Uint64(e.value); root != 0 {
		return c.tree(root, 0, span{}, visit)
	}
	return c.inline(e.value[bucketHeader:], visit)
}

// inline checks a bucket that is so small that it is in its parent's page.
func (c *checker) inline(page []byte, visit func(element) error) error {
	if len(page) < pageHeader || order.Uint64(page) != 0 || order.Uint16(page[8:]) != leafFlag || order.Uint32(page[12:]) != 0 {
		return errors.New("a small bucket is damaged")
	}
	elements, err := parsePage(page)
	if err != nil {
		return err
	}
	for i, e := range elements {
		if len(e.key) == 0 || i > 0 && bytes.Compare(elements[i-1].key, e.key) >= 0 {
			return errors.New("keys of a small bucket are out of order")
		}
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}
