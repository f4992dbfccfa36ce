package kadmium

import (
	"testing"
	"testing/synctest"
	"time"

	"kadmium/store"
	"kadmium/transport/memnet"
)

// A node says what it publishes, until when that lives and when it is published again,
// also after it was published again and after a restart.
func TestPublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		first := on(t, network, 1, Config{Mode: Server})
		n := on(t, network, 9, Config{Mode: Client}, first)
		if got := n.Published(0); got == nil || len(got) != 0 {
			t.Errorf("a new node publishes %#v", got)
		}
		if _, err := n.Provide(t.Context(), "file\xff"); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Put(t.Context(), "/v/k", []byte("four"), PutOptions{TTL: 48 * time.Hour}); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Put(t.Context(), "/v/short", nil, PutOptions{TTL: time.Hour}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		check := func(when string, since time.Time) {
			t.Helper()
			all := n.Published(0)
			if len(all) != 2 {
				t.Fatalf("%s: %+v", when, all)
			}
			want := []Publication{
				{Key: "file\xff", Kind: PublishedProvider, Expires: since.Add(store.ProviderTTL)},
				{Key: "/v/k", Kind: PublishedRecord, Bytes: 4, Expires: since.Add(48 * time.Hour)},
			}
			for i, p := range all {
				if w := want[i]; p.Key != w.Key || p.Kind != w.Kind || p.Bytes != w.Bytes || i == 1 && p.Sequence != 1 {
					t.Errorf("%s: %+v", when, p)
				}
				if p.Expires.Sub(want[i].Expires).Abs() > time.Minute || p.Due.Sub(since.Add(store.RepublishEvery)).Abs() > time.Minute {
					t.Errorf("%s: %s expires %v and is due %v", when, p.Key, p.Expires.Sub(since), p.Due.Sub(since))
				}
			}
		}
		check("after the put", began)
		time.Sleep(store.RepublishEvery + time.Hour)
		check("after it was published again", began.Add(store.RepublishEvery))
		if err := n.Unpublish(t.Context(), "/v/k"); err != nil || len(n.Published(0)) != 1 {
			t.Errorf("after Unpublish: %+v, %v", n.Published(0), err)
		}
	})
}

func TestPublishedAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		first := on(t, network, 1, Config{Mode: Server})
		cfg := Config{Mode: Client, DataDir: t.TempDir()}
		n := on(t, network, 9, cfg, first)
		if _, err := n.Put(t.Context(), "/v/k", []byte("four"), PutOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		want := n.Published(0)[0]
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		got := on(t, network, 10, cfg, first).Published(0)[0]
		if got.Key != want.Key || got.Sequence != 1 || got.Expires.Sub(want.Expires).Abs() > 2*time.Minute || got.Due.Sub(want.Due).Abs() > 2*time.Minute { // the machine's boot has another clock here
			t.Errorf("it publishes %+v, and published %+v", got, want)
		}
	})
}
