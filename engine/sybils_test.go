package engine

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// addSybils adds nodes that are nearer to a target than all honest ones, each in a subnet of
// its own. They name each other, confirm what they are sent, and give out and store again
// nothing.
func (n *network) addSybils(count int, target identity.Position) map[*node]bool {
	honest := n.nearest(target, 1, nil)[0].address.ID.Position()
	sybils := make(map[*node]bool, count)
	var contacts []identity.Contact
	for salt := uint64(1); len(sybils) < count; salt++ {
		id := identity.ID{0xaa}
		binary.BigEndian.PutUint64(id[8:], salt)
		p := id.Position()
		if identity.Compare(&target, &p, &honest) >= 0 {
			continue
		}
		nd := n.add(func(c *Config) { c.Self = id })
		nd.address.ID = id
		sybils[nd] = true
		contacts = append(contacts, n.book.Intern(nd.address))
		nd.join()
	}
	n.forge = func(from, _ *node, m *rpc.Message) {
		if sybils[from] && m.Response && (m.Type == rpc.FindNode || m.Type == rpc.FindValue) {
			m.Contacts, m.Record = contacts[:min(len(contacts), rpc.MaxContacts)], nil
		}
	}
	n.lose = func(from, _ *node, m *rpc.Message) bool {
		return sybils[from] && !m.Response && (m.Type == rpc.Store || m.Type == rpc.AddProvider)
	}
	return sybils
}

// Identities around a key end neither the life of its copies nor that these are stored again
// and handed over, while all of its first holders leave and others come.
func TestSybilsUnderChurn(t *testing.T) {
	if racing {
		t.Skip("runs in one goroutine")
	}
	n := newNetwork(t, 13)
	n.grow(100, nil)
	const key = "/v/attacked"
	sybils := n.addSybils(45, identity.KeyPosition([]byte(key)))
	n.run(time.Minute)
	if r := n.nodes[1].put(PutQuery{Key: []byte(key), Value: []byte("x"), Ephemeral: true}); r.Err != nil {
		t.Fatal(r.Err)
	}
	honest := func(all []*node) []*node {
		return slices.DeleteFunc(all, func(nd *node) bool { return sybils[nd] })
	}
	for range 130 {
		up := honest(n.live())
		up[1+n.rnd.IntN(len(up)-1)].up = false // others join through the first
		n.add(nil).join()
		n.run(3 * time.Minute)
	}
	found := 0
	for _, nd := range honest(n.live())[:20] {
		if r := nd.get(key, 0); r.Err == nil {
			found++
		}
	}
	holders := len(honest(n.holders(key)))
	t.Logf("after %v %d of 20 gets find it, and %d honest nodes hold it", n.now.Sub(epoch), found, holders)
	if found < 20 || holders < 13 {
		t.Error("want all, and 13 holders or more")
	}
}
