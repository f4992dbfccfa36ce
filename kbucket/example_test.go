package kbucket_test

import (
	"fmt"
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
)

// A node hears of three peers and is asked for the two nearest to a key.
func ExampleTable_Nearest() {
	var book identity.Contacts
	self := identity.KeyFromSeed([32]byte{1}).ID().Position()
	table := kbucket.New(self, &book, 0)

	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for seed := byte(2); seed <= 4; seed++ {
		c := book.Intern(identity.Address{
			ID:       identity.KeyFromSeed([32]byte{seed}).ID(),
			Endpoint: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 4100+uint16(seed)),
		})
		fmt.Println(book.Address(c).ID.Short(), table.Seen(now, c))
	}

	key := identity.KeyPosition([]byte("/v/hello"))
	for _, c := range table.Nearest(nil, &key, 2) {
		fmt.Println(book.Address(c).ID.Short(), identity.DistanceBits(&key, book.Position(c)))
	}
	fmt.Print(table)
	// Output:
	// QDc298L3 added
	// kSCVe2Xo added
	// Rz5EmSzc added
	// kSCVe2Xo 253
	// Rz5EmSzc 253
	//   0 ■■■
}
