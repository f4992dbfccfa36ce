package identity

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// The vectors of docs/wire.md.
const (
	vectorKey      = "9e3b433cbd31c2b8a6ebbdca998bd0f4c2141c9c9af5422e976051b1e63af14d"
	vectorPeer     = "12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS"
	vectorPosition = "e43d28f0996557c0d5571d75c62a57a59d7ac1d30a51ecedcdb9d5e4afa56100"
	vectorValue    = "ec404978872dbe3cf0dc4016e16600d62dd4b815d0277765afd9db098e145f5c" // of /v/hello
)

func TestVectors(t *testing.T) {
	raw, err := hex.DecodeString(vectorKey)
	if err != nil {
		t.Fatal(err)
	}
	id := ID(raw)
	if id.String() != vectorPeer {
		t.Errorf("peer ID %s, want %s", id, vectorPeer)
	}
	if got := id.Position().String(); got != vectorPosition {
		t.Errorf("position %s, want %s", got, vectorPosition)
	}
	if got := KeyPosition([]byte("/v/hello")).String(); got != vectorValue {
		t.Errorf("/v/hello is at %s, want %s", got, vectorValue)
	}
	if back, err := ParseID(vectorPeer); err != nil || back != id {
		t.Errorf("parsed as %s, %v", back, err)
	}
}

func TestParseIDRefuses(t *testing.T) {
	for _, s := range []string{"", "12D3KooW", vectorPeer[:51], vectorPeer + "x", strings.Repeat("1", 1000), "0OIl", vectorPosition,
		"QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", strings.Replace(vectorPeer, "12D3", "22D3", 1)} {
		if id, err := ParseID(s); !errors.Is(err, ErrBadPeerID) {
			t.Errorf("ParseID(%q) = %s, %v", s, id, err)
		}
	}
}

// The texts are go-libp2p's, of one Ed25519 key and of one RSA key.
func TestParseCID(t *testing.T) {
	const peer = "12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS"
	for _, s := range []string{
		"bafzaajaiaejcbhr3im6l2mocxctoxpoktgf5b5gccqojzgxviixjoycrwhtdv4kn",
		"k51qzi5uqu5dk4kbd5bpmklj30q0q8n3091bncahugkx18e84p1od2rk25olsd",
		"z5AanNVJCxnRV45fhn4wEQgAPkVJH1vVWQffiiZuStaFEUk83oRg8m2",
		"f01720024080112209e3b433cbd31c2b8a6ebbdca998bd0f4c2141c9c9af5422e976051b1e63af14d",
	} {
		if id, err := ParseID(s); err != nil || id.String() != peer {
			t.Errorf("ParseID(%q) = %s, %v", s, id, err)
		}
		if a, err := ParseAddress("/ip4/203.0.113.7/udp/4100/p2p/" + s); err != nil || a.ID.String() != peer {
			t.Errorf("in an address: %s, %v", a, err)
		}
		for _, wrong := range []string{s[:len(s)-1], s + "1", s[:1], s[:2], s[:9] + "!" + s[10:], strings.ToUpper(s)} {
			if id, err := ParseID(wrong); !errors.Is(err, ErrBadPeerID) {
				t.Errorf("ParseID(%q) = %s, %v", wrong, id, err)
			}
		}
	}
	for s, says := range map[string]string{
		"bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe":                             "only Ed25519",
		"k2k4r8ncs1yoluq95unsd7x2vfhgve0ncjoggwqx9vyh3vl8warrcp15":                                "only Ed25519",
		"bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi":                             "no CID of a peer", // of a file
		"b" + base32Lower.EncodeToString(append([]byte(cidPrefix+idPrefix), make([]byte, 32)...)): "small order",
		"k00000": "no CID of a peer",
	} {
		if id, err := ParseID(s); !errors.Is(err, ErrBadPeerID) || !strings.Contains(err.Error(), says) {
			t.Errorf("ParseID(%q) = %s, %v; want %q", s, id, err, says)
		}
	}
}

func TestAddresses(t *testing.T) {
	for s, want := range map[string]string{
		"/ip4/203.0.113.7/udp/4100/p2p/" + vectorPeer: "",
		"/ip6/2001:db8::1/udp/4100":                   "",
		"203.0.113.7:4100":                            "/ip4/203.0.113.7/udp/4100",
		"[2001:db8::1]:4100":                          "/ip6/2001:db8::1/udp/4100",
		"[::ffff:203.0.113.7]:1":                      "/ip4/203.0.113.7/udp/1",
	} {
		if want == "" {
			want = s
		}
		a, err := ParseAddress(s)
		if err != nil || a.String() != want {
			t.Errorf("ParseAddress(%q) = %s, %v", s, a, err)
		}
		if back, err := ParseAddress(a.String()); err != nil || back != a {
			t.Errorf("%s comes back as %s, %v", a, back, err)
		}
	}
	for _, s := range []string{"", "203.0.113.7", "203.0.113.7:70000", "example.org:4100", "/ip4/203.0.113.7", "/ip4/203.0.113.7/tcp/4100",
		"/ip4/2001:db8::1/udp/1", "/ip6/203.0.113.7/udp/1", "/ip4/203.0.113.7/udp/-1", "/ip4/203.0.113.7/udp/1/p2p", "/dns4/x/udp/1",
		"/ip4/203.0.113.7/udp/1/p2p/x", "/ip6/fe80::1%eth0/udp/1", "[fe80::1%eth0]:1", strings.Repeat("/", 300)} {
		if a, err := ParseAddress(s); !errors.Is(err, ErrBadAddress) && !errors.Is(err, ErrBadPeerID) {
			t.Errorf("ParseAddress(%q) = %s, %v", s, a, err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("/ip4/203.0.113.7/udp/4100/p2p/" + vectorPeer)
	f.Add("/ip6/2001:db8::1/udp/4100")
	f.Add("[::1]:1")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			return
		}
		if back, err := ParseAddress(a.String()); err != nil || back != a {
			t.Errorf("%q: %s comes back as %s, %v", s, a, back, err)
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add(vectorPeer)
	f.Add("bafzaajaiaejcbhr3im6l2mocxctoxpoktgf5b5gccqojzgxviixjoycrwhtdv4kn")
	f.Add("k51qzi5uqu5dk4kbd5bpmklj30q0q8n3091bncahugkx18e84p1od2rk25olsd")
	f.Add("z5AanNVJCxnRV45fhn4wEQgAPkVJH1vVWQffiiZuStaFEUk83oRg8m2")
	f.Add("f01720024080112209e3b433cbd31c2b8a6ebbdca998bd0f4c2141c9c9af5422e976051b1e63af14d")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseID(s)
		if err != nil {
			return
		}
		if id.String() != s && cidBases[s[0]] == nil {
			t.Errorf("%q is read as %s", s, id)
		}
		if back, err := ParseID(id.String()); err != nil || back != id {
			t.Errorf("%q: %s comes back as %s, %v", s, id, back, err)
		}
	})
}

func position(t *rapid.T, name string) Position {
	return Position(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, name))
}

// XOR distance, its order and its logarithm agree with arithmetic on bytes.
func TestDistanceModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target, a, b := position(t, "target"), position(t, "a"), position(t, "b")
		if rapid.Bool().Draw(t, "near") {
			b = RandomInRange(&a, rapid.IntRange(0, 255).Draw(t, "cpl"), b)
		}
		var da, db Position
		for i := range target {
			da[i], db[i] = target[i]^a[i], target[i]^b[i]
		}
		if got, want := Compare(&target, &a, &b), bytes.Compare(da[:], db[:]); got != want {
			t.Errorf("Compare %d, want %d", got, want)
		}
		if got := Xor(&target, &a); got != da {
			t.Errorf("Xor %s, want %s", got, da)
		}
		cpl := 0
		for cpl < Bits && a.Bit(cpl) == b.Bit(cpl) {
			cpl++
		}
		if got := CommonPrefixLen(&a, &b); got != cpl {
			t.Errorf("CommonPrefixLen %d, want %d", got, cpl)
		}
		if got := DistanceBits(&a, &b); got != Bits-cpl {
			t.Errorf("DistanceBits %d, want %d", got, Bits-cpl)
		}
	})
}

// A random position of a bucket's range shares exactly the bucket's prefix.
func TestRandomInRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, random := position(t, "p"), position(t, "random")
		cpl := rapid.IntRange(0, Bits).Draw(t, "cpl")
		r := RandomInRange(&p, cpl, random)
		if got := CommonPrefixLen(&p, &r); got != cpl {
			t.Errorf("shares %d bits, want %d", got, cpl)
		}
		for i := cpl + 1; i < Bits; i++ {
			if r.Bit(i) != random.Bit(i) {
				t.Fatalf("bit %d is not the random one", i)
			}
		}
	})
}

// A key has one secret for each purpose.
func TestSecrets(t *testing.T) {
	a, b := KeyFromSeed([32]byte{1}), KeyFromSeed([32]byte{2})
	if a.Secret("x") != KeyFromSeed([32]byte{1}).Secret("x") || a.Secret("x") == a.Secret("y") || a.Secret("x") == b.Secret("x") {
		t.Error("the secrets of keys are not those of a key and a purpose")
	}
}

func TestKeyFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key.pem")
	random := bytes.NewReader(bytes.Repeat([]byte{7}, 64))
	key, err := CreateKey(path, random)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := LoadKey(path); err != nil || back.ID() != key.ID() {
		t.Errorf("read back as %v, %v", back.ID(), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	before, _ := os.ReadFile(path)
	if _, err := CreateKey(path, random); !errors.Is(err, ErrKeyExists) {
		t.Errorf("a second key at one path: %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the key file was overwritten")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
	signature := key.Sign([]byte("message"))
	if !Verify(key.ID(), []byte("message"), signature[:]) || Verify(key.ID(), []byte("massage"), signature[:]) || Verify(key.ID(), []byte("message"), signature[:63]) {
		t.Error("signatures are not told apart")
	}
}

// A crash between the two steps of CreateKey leaves an empty file: it is said to be
// empty, and a key is made in its place.
func TestCreateKeyAfterCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path); !errors.Is(err, ErrEmptyKeyFile) || !errors.Is(err, ErrBadKeyFile) {
		t.Errorf("LoadKey of an empty file: %v", err)
	}
	key, err := CreateKey(path, strings.NewReader(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatalf("CreateKey over an empty file: %v", err)
	}
	if back, err := LoadKey(path); err != nil || back.ID() != key.ID() {
		t.Errorf("read back as %v, %v", back.ID(), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// Of several that make a key at once, in a new place or where a crash left an empty
// file, one succeeds, and its key is in the file.
func TestCreateKeyAtOnce(t *testing.T) {
	for round := range 20 {
		path := filepath.Join(t.TempDir(), "key.pem")
		if round%2 == 1 {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		const makers = 8
		keys, errs := make([]Key, makers), make([]error, makers)
		var all sync.WaitGroup
		for i := range makers {
			all.Go(func() { keys[i], errs[i] = CreateKey(path, bytes.NewReader(bytes.Repeat([]byte{byte(i)}, 32))) })
		}
		all.Wait()
		inFile, err := LoadKey(path)
		if err != nil {
			t.Fatal(err)
		}
		won := 0
		for i, err := range errs {
			switch {
			case err == nil && keys[i].ID() == inFile.ID():
				won++
			case err == nil:
				t.Errorf("maker %d has a key that is not in the file", i)
			case !errors.Is(err, ErrKeyExists):
				t.Errorf("maker %d: %v", i, err)
			}
		}
		if won != 1 {
			t.Fatalf("%d of %d made the key", won, makers)
		}
	}
}

func TestLoadKeyRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadKey(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := LoadKey(dir); !errors.Is(err, ErrBadKeyFile) {
		t.Errorf("a directory: %v", err)
	}
	const p256 = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2
OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r
1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G
-----END PRIVATE KEY-----
`
	for name, content := range map[string]string{
		"empty": "", "text": "hello", "another kind of PEM": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"no key in it": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "another kind of key": p256, "long": strings.Repeat("x", 1<<20),
	} {
		path := filepath.Join(dir, "k")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKey(path); !errors.Is(err, ErrBadKeyFile) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// openssl reads a key file and sees the same public key.
func TestOpenSSLReadsKeyFile(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed; get it with: apt-get install openssl")
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	key, err := CreateKey(path, strings.NewReader(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	der, err := exec.Command(openssl, "pkey", "-in", path, "-pubout", "-outform", "DER").Output()
	if err != nil {
		t.Fatal(err)
	}
	if id := key.ID(); !bytes.HasSuffix(der, id[:]) {
		t.Errorf("openssl reads %x, want %x at its end", der, id)
	}
}

// The book gives one handle to one peer at one address, and after a sweep keeps
// exactly what was marked.
func TestContactsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var book Contacts
		model := make(map[Address]Contact)
		address := rapid.Custom(func(t *rapid.T) Address {
			a := Address{ID: ID{rapid.Byte().Draw(t, "id")}}
			ips := []string{"9.1.2.3", "9.1.2.4", "::1", "2001:db8::9"}
			if i := rapid.IntRange(0, len(ips)).Draw(t, "ip"); i < len(ips) {
				a.Endpoint = netip.AddrPortFrom(netip.MustParseAddr(ips[i]), rapid.Uint16Range(1, 3).Draw(t, "port"))
			}
			return a
		})
		t.Repeat(map[string]func(*rapid.T){
			"intern": func(t *rapid.T) {
				a := address.Draw(t, "address")
				c := book.Intern(a)
				if old, ok := model[a]; c == 0 || ok && old != c {
					t.Fatalf("%v got %d, had %d", a, c, old)
				}
				model[a] = c
			},
			"sweep": func(t *rapid.T) {
				some := rapid.Bool()
				book.Sweep(func(keep func(Contact)) {
					for a, c := range model {
						if some.Draw(t, "keep") {
							keep(c)
						} else {
							delete(model, a)
						}
					}
				})
			},
			"": func(t *rapid.T) {
				if book.Len() != len(model) {
					t.Fatalf("%d contacts, want %d", book.Len(), len(model))
				}
				seen := make(map[Contact]bool)
				for a, c := range model {
					if seen[c] {
						t.Fatalf("%d stands for two addresses", c)
					}
					seen[c] = true
					if got := book.Address(c); got != a {
						t.Fatalf("%d is %v, want %v", c, got, a)
					}
					if p := a.ID.Position(); *book.Position(c) != p {
						t.Fatalf("%d is at %v, want %v", c, book.Position(c), p)
					}
				}
			},
		})
	})
}

func TestRanges(t *testing.T) {
	for ip, want := range map[string][3]string{
		"203.0.113.77":        {"203.0.113.0/24", "203.0.113.77/32", "false"},
		"2001:db8:1:2:3::4":   {"2001:db8:1::/48", "2001:db8:1:2::/64", "false"},
		"10.1.2.3":            {"10.1.2.0/24", "10.1.2.3/32", "true"},
		"127.0.0.1":           {"127.0.0.0/24", "127.0.0.1/32", "true"},
		"::1":                 {"::/48", "::/64", "true"},
		"::ffff:203.0.113.77": {"203.0.113.0/24", "203.0.113.77/32", "false"},
	} {
		a := netip.MustParseAddr(ip)
		if got := Subnet(a).String(); got != want[0] {
			t.Errorf("Subnet(%s) = %s", ip, got)
		}
		if got := Host(a).String(); got != want[1] {
			t.Errorf("Host(%s) = %s", ip, got)
		}
		if got := IsLocal(a.Unmap()); got != (want[2] == "true") {
			t.Errorf("IsLocal(%s) = %v", ip, got)
		}
		id, group := ID{1}, NetGroup{Subnet: Subnet(a)}
		if want[2] == "true" {
			group = NetGroup{Peer: id}
		}
		if got := (Address{id, netip.AddrPortFrom(a.Unmap(), 4100)}).NetGroup(); got != group {
			t.Errorf("the group of a peer at %s is %v", ip, got)
		}
	}
}

func TestWide(t *testing.T) {
	for at, want := range map[string]string{"8.9.10.11:1": "8.9.0.0/16", "[::ffff:8.9.10.11]:1": "8.9.0.0/16", "[2a01:1:2:3::4]:1": "2a01:1::/32", "192.168.0.1:1": ""} {
		g := Address{ID: ID{1}, Endpoint: netip.MustParseAddrPort(at)}.NetGroup()
		wide := g.Wide()
		if want == "" && wide != g || want != "" && wide != (NetGroup{Subnet: netip.MustParsePrefix(want)}) {
			t.Errorf("%s: %v, want %s", at, wide, want)
		}
	}
}
