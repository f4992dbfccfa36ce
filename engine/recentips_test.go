package engine

import (
	"net/netip"
	"testing"
	"time"
)

// An IP is remembered for 5 minutes and for no more than 10.
func TestRecentIPs(t *testing.T) {
	var r recentIPs
	ip := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 1}) }
	at := func(d time.Duration) time.Time { return epoch.Add(d) }
	if r.isNew(at(0), ip(1)) {
		t.Error("new before anything is remembered")
	}
	r.add(at(0), ip(0))
	if r.isNew(at(recentFor-1), ip(1)) {
		t.Error("new though it may have come before the memory begins")
	}
	for minute := range 60 { // one each second, of which some fall out
		for second := range 60 {
			i := minute*60 + second
			now := at(time.Duration(i) * time.Second)
			r.add(now, ip(i))
			for _, back := range []int{0, 1, 299} {
				if i >= back && r.isNew(now, ip(i-back)) {
					t.Fatalf("%d s ago, and new", back)
				}
			}
		}
	}
	taken := 0
	for i := range 1000 {
		if !r.isNew(at(time.Hour), ip(i)) {
			taken++
		}
	}
	if taken > 20 {
		t.Errorf("%d of 1,000 IPs of an hour ago are taken for recent", taken)
	}
	if r.add(at(3*time.Hour), ip(9)); !r.isNew(at(3*time.Hour), ip(3599)) {
		t.Error("remembered for two hours")
	}
	six := netip.MustParseAddr("2001:db8::1")
	if !r.isNew(at(3*time.Hour), six) {
		t.Error("an IPv6 address is not new")
	}
	if r.add(at(3*time.Hour), six); r.isNew(at(3*time.Hour), six) {
		t.Error("an IPv6 address is not remembered")
	}
}
