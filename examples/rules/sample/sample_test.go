package sample

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
)

// held is the farthest bucket of the node at self, after it has heard the contacts.
func held(self identity.Position, book *identity.Contacts, contacts []identity.Contact) (all []identity.Contact) {
	now := time.Unix(0, 0)
	t := kbucket.New(self, book, 0)
	t.Follow(New())
	for _, c := range contacts {
		if t.Seen(now, c) == kbucket.Waiting {
			t.Displace(now, c)
		}
	}
	t.Each(func(c identity.Contact, _ time.Time, _, bucket int) {
		if bucket == 0 {
			all = append(all, c)
		}
	})
	slices.Sort(all)
	return all
}

// A bucket holds the same sample whatever the order in which it heard of the contacts, and
// another one at another node. The oldest are no more likely to be in it.
func TestSample(t *testing.T) {
	var book identity.Contacts
	var contacts []identity.Contact
	for i := range 4000 {
		ip := netip.AddrFrom4([4]byte{11 + byte(i>>8), byte(i), 1, 1})
		contacts = append(contacts, book.Intern(identity.Address{ID: identity.ID{byte(i), byte(i >> 8)}, Endpoint: netip.AddrPortFrom(ip, 1)}))
	}
	early := 0
	for node := range 40 {
		self := identity.ID{31: byte(node + 1)}.Position()
		once := held(self, &book, contacts)
		reversed := slices.Clone(contacts)
		slices.Reverse(reversed)
		if again := held(self, &book, reversed); len(once) != kbucket.DefaultK || !slices.Equal(once, again) {
			t.Fatalf("a bucket holds %v, and in another order %v", once, again)
		}
		for _, c := range once {
			if slices.Index(contacts, c) < len(contacts)/4 {
				early++
			}
		}
	}
	if early < 140 || early > 260 { // 200 of 800 expected, with a deviation of 12
		t.Errorf("%d of 800 contacts are of the first quarter, want about 200", early)
	}
}
