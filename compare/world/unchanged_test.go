package world_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ipfs/boxo/ipns"
	"github.com/ipfs/boxo/path"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	record "github.com/libp2p/go-libp2p-record"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"kadmium"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// A validator written for libp2p is one of kadmium's as it stands.
var (
	_ record.Validator  = (*world.Sequenced)(nil)
	_ kadmium.Validator = (*world.Sequenced)(nil)
	_ kadmium.Validator = ipns.Validator{}
	_ kadmium.Validator = record.PublicKeyValidator{}
	_ kadmium.Validator = record.Validator(nil)
	_ record.Validator  = kadmium.Validator(nil)
)

// A store is one node of either side that puts and gets whole keys.
type store struct {
	put func(ctx context.Context, key string, value []byte) error
	get func(ctx context.Context, key string) ([]byte, error)
}

// A pair is two nodes of one side that know each other.
type pair struct {
	side string
	a, b store
}

// pairs makes two nodes of each side with the validator in a namespace.
func pairs(t *testing.T, namespace string, v record.Validator) []pair {
	t.Helper()
	return []pair{kadmiumPair(t, map[string]kadmium.Validator{namespace: v}), libp2pPair(t, namespace, v)}
}

func kadmiumPair(t *testing.T, namespaces map[string]kadmium.Validator) pair {
	t.Helper()
	var stores []store
	var bootstrap []string
	for i := range 2 {
		n, err := kadmium.New(kadmium.Config{
			Key:        identity.KeyFromSeed(world.Host(9, i)),
			Listen:     []string{"127.0.0.1:0"},
			Mode:       kadmium.Server,
			Namespaces: namespaces,
			Bootstrap:  bootstrap,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		if err := n.Joined(t.Context()); err != nil {
			t.Fatal(err)
		}
		bootstrap = []string{n.Addresses()[0].String()}
		stores = append(stores, store{
			put: func(ctx context.Context, key string, value []byte) error {
				_, err := n.Put(ctx, key, value, kadmium.PutOptions{})
				return err
			},
			get: func(ctx context.Context, key string) ([]byte, error) {
				got, err := n.Get(ctx, key, kadmium.GetOptions{Quorum: 2})
				return got.Value, err
			},
		})
	}
	return pair{"kadmium", stores[0], stores[1]}
}

func libp2pPair(t *testing.T, namespace string, v record.Validator) pair {
	t.Helper()
	network := p2p.NewNetwork()
	var nodes []*p2p.Node
	var stores []store
	for i := range 2 {
		spec := side.Spec{Seed: world.Host(9, i), Profile: side.Matched}
		for _, n := range nodes {
			spec.Bootstrap = append(spec.Bootstrap, n)
		}
		n, err := network.Make(t.Context(), spec, dht.Validator(record.NamespacedValidator{namespace: v}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		nodes = append(nodes, n)
		stores = append(stores, store{
			put: func(ctx context.Context, key string, value []byte) error { return n.DHT().PutValue(ctx, key, value) },
			get: func(ctx context.Context, key string) ([]byte, error) {
				return n.DHT().GetValue(ctx, key, dht.Quorum(0))
			},
		})
	}
	for end := time.Now().Add(10 * time.Second); len(nodes[0].Table()) == 0 || len(nodes[1].Table()) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the two hosts never got into each other's tables")
		}
	}
	return pair{"libp2p", stores[0], stores[1]}
}

// judge plays one validator on both sides: worse and better are valid, of which the
// latter wins; each of invalid is refused.
func judge(t *testing.T, pairs []pair, keys [2]string, worse, better [2][]byte, invalid map[string][]byte) {
	t.Helper()
	for _, p := range pairs {
		for name, value := range invalid {
			if err := p.a.put(t.Context(), keys[0], value); err == nil || p.side == "kadmium" && !errors.Is(err, kadmium.ErrInvalid) {
				t.Errorf("%s: a value %s is put: %v", p.side, name, err)
			}
			if got, err := p.b.get(t.Context(), keys[0]); err == nil {
				t.Errorf("%s: a value %s is got: %x", p.side, name, got)
			}
		}
		// The better one comes second under one key, first under the other.
		for i, order := range [2][2][]byte{{worse[0], better[0]}, {better[1], worse[1]}} {
			if err := p.a.put(t.Context(), keys[i], order[0]); err != nil {
				t.Fatalf("%s: %v", p.side, err)
			}
			if got, err := p.b.get(t.Context(), keys[i]); err != nil || string(got) != string(order[0]) {
				t.Errorf("%s: put %x, got %x, %v", p.side, order[0], got, err)
			}
			if err := p.b.put(t.Context(), keys[i], order[1]); (err != nil) != (i == 1) {
				t.Errorf("%s: put of the better one %v: %v", p.side, i == 0, err)
			}
			if got, err := p.a.get(t.Context(), keys[i]); err != nil || string(got) != string(better[i]) {
				t.Errorf("%s: of %x and %x won %x, %v", p.side, worse[i], better[i], got, err)
			}
		}
	}
}

func TestSequencedOnBothSides(t *testing.T) {
	v := new(world.Sequenced)
	v.Refuse("refused")
	worse, better := world.Value(1, "z"), world.Value(2, "a")
	judge(t, pairs(t, world.Namespace, v), [2]string{side.Key("one"), side.Key("two")},
		[2][]byte{worse, worse}, [2][]byte{better, better},
		map[string][]byte{"too short": []byte("short"), "that is refused": world.Value(3, "refused")})
}

// Boxo's validator of IPNS records (https://specs.ipfs.tech/ipns/ipns-record) under
// the keys that it has on the public network: records signed by an Ed25519 key, with
// and without the fields of version 1.
func TestIPNSOnBothSides(t *testing.T) {
	for _, v1 := range []bool{false, true} {
		var keys [2]string
		var worse, better [2][]byte
		var signer crypto.PrivKey
		for i := range keys {
			signer = newKey(t, crypto.Ed25519)
			keys[i] = routingKey(t, signer)
			worse[i] = ipnsRecord(t, signer, 1, v1)
			better[i] = ipnsRecord(t, signer, 2, v1)
		}
		t.Logf("version 1 fields %v: a record has %d bytes", v1, len(better[0]))
		forged := newKey(t, crypto.Ed25519)
		judge(t, pairs(t, "ipns", ipns.Validator{}), keys, worse, better, map[string][]byte{
			"signed by another": ipnsRecord(t, forged, 3, v1),
			"cut short":         better[0][:len(better[0])-1],
		})
	}
}

// A record of an RSA key with the fields of version 1 is larger than kadmium's limit
// for what must fit one datagram; libp2p takes it.
func TestIPNSOfAnRSAKey(t *testing.T) {
	signer := newKey(t, crypto.RSA)
	key := routingKey(t, signer)
	small, large := ipnsRecord(t, signer, 1, false), ipnsRecord(t, signer, 2, true)
	t.Logf("%d bytes without the fields of version 1, %d with them", len(small), len(large))
	for _, p := range pairs(t, "ipns", ipns.Validator{}) {
		if err := p.a.put(t.Context(), key, small); err != nil {
			t.Errorf("%s: %d bytes: %v", p.side, len(small), err)
		}
		if got, err := p.b.get(t.Context(), key); err != nil || string(got) != string(small) {
			t.Errorf("%s: got %x, %v", p.side, got, err)
		}
		err := p.a.put(t.Context(), key, large)
		if p.side == "kadmium" && !errors.Is(err, kadmium.ErrTooLarge) || p.side == "libp2p" && err != nil {
			t.Errorf("%s: %d bytes: %v", p.side, len(large), err)
		}
	}
}

// Libp2p's validator of public keys checks the namespace, pk, which is built into
// kadmium: a second one is refused, and the built-in one takes the same values. The
// name in the key is text there, and bytes in libp2p.
func TestPublicKeysOnBothSides(t *testing.T) {
	_, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}, Namespaces: map[string]kadmium.Validator{"pk": record.PublicKeyValidator{}}})
	if !errors.Is(err, kadmium.ErrBadConfig) {
		t.Fatalf("a second pk namespace: %v", err)
	}
	id, other := publicKey(t, newKey(t, crypto.Ed25519)), publicKey(t, newKey(t, crypto.Ed25519))
	for _, c := range []struct {
		pair
		key string
	}{
		{kadmiumPair(t, nil), "/pk/" + id.id.String()},
		{libp2pPair(t, "pk", record.PublicKeyValidator{}), "/pk/" + string(id.id)},
	} {
		if err := c.a.put(t.Context(), c.key, other.value); err == nil || c.side == "kadmium" && !errors.Is(err, kadmium.ErrInvalid) {
			t.Errorf("%s: another's key is put: %v", c.side, err)
		}
		if err := c.a.put(t.Context(), c.key, id.value); err != nil {
			t.Errorf("%s: %v", c.side, err)
		}
		if got, err := c.b.get(t.Context(), c.key); err != nil || string(got) != string(id.value) {
			t.Errorf("%s: got %x, %v", c.side, got, err)
		}
	}
}

func newKey(t *testing.T, kind int) crypto.PrivKey {
	t.Helper()
	key, _, err := crypto.GenerateKeyPair(kind, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

type published struct {
	id    peer.ID
	value []byte
}

func publicKey(t *testing.T, key crypto.PrivKey) published {
	t.Helper()
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	value, err := crypto.MarshalPublicKey(key.GetPublic())
	if err != nil {
		t.Fatal(err)
	}
	return published{id, value}
}

// routingKey is where the IPNS record of a key is kept.
func routingKey(t *testing.T, key crypto.PrivKey) string {
	t.Helper()
	return string(ipns.NameFromPeer(publicKey(t, key).id).RoutingKey())
}

// ipnsRecord is a signed record that points at a file of the public network.
func ipnsRecord(t *testing.T, key crypto.PrivKey, sequence uint64, v1 bool) []byte {
	t.Helper()
	target, err := path.NewPath("/ipfs/bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4")
	if err != nil {
		t.Fatal(err)
	}
	r, err := ipns.NewRecord(key, target, sequence, time.Now().Add(time.Hour), time.Minute, ipns.WithV1Compatibility(v1))
	if err != nil {
		t.Fatal(err)
	}
	b, err := ipns.MarshalRecord(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
