package rpc

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"kadmium/identity"
)

func TestStatusNames(t *testing.T) {
	if OK.String() != "ok" || Failed.String() != "failed" || Forgotten.String() != "forgotten" || (Forgotten+1).String() != "unknown" {
		t.Errorf("%v, %v, %v", OK, Failed, Forgotten+1)
	}
}

func TestFamilies(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	mapped := netip.MustParseAddr("::ffff:192.0.2.1")
	for _, c := range []struct {
		families           Families
		has4, has6, hasAs6 bool
	}{
		{0, true, true, true}, // not set: both
		{IPv4, true, false, true},
		{IPv6, false, true, false},
		{IPv4 | IPv6, true, true, true},
	} {
		f := c.families
		if f.Has(four) != c.has4 || f.Has(six) != c.has6 || f.Has(mapped) != c.hasAs6 {
			t.Errorf("families %b: %v %v %v", f, f.Has(four), f.Has(six), f.Has(mapped))
		}
	}
}

// A message after Reset is like a new one, except that it has memory.
func TestReset(t *testing.T) {
	m := Message{
		Type: FindValue, Response: true, Serves: true, ID: 1,
		Target: identity.Position{1}, Key: []byte("k"), Families: IPv4, Known: []uint16{1},
		DialBack: true, CAS: true, Copy: true, CASSequence: 1, Provider: &Provider{}, Protocol: "p",
		Record: &Record{TTL: time.Second}, Payload: []byte("x"),
		Status: Full, Observed: netip.MustParseAddrPort("192.0.2.1:1"), Contacts: []identity.Contact{1},
		Poll: true, WantProtocols: true, MoreProtocols: true, MoreProviders: true, Failed: []uint16{1}, Settled: []uint64{1},
		ProvidersAfter: []byte{1}, Protocols: []string{"p"},
		More: true, Providers: []Provider{{Sequence: 1}},
	}
	for i, v := 0, reflect.ValueOf(m); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("the test leaves %s out", v.Type().Field(i).Name)
		}
	}
	m.Reset()
	if cap(m.Known) != 1 || cap(m.Contacts) != 1 || cap(m.Providers) != 1 ||
		cap(m.Failed) != 1 || cap(m.Settled) != 1 || cap(m.Protocols) != 1 {
		t.Error("the slices' memory is gone")
	}
	m.Known, m.Contacts, m.Providers, m.Failed, m.Settled, m.Protocols = nil, nil, nil, nil, nil, nil
	if !reflect.DeepEqual(m, Message{}) {
		t.Errorf("left: %+v", m)
	}
}
