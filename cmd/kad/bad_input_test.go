package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kadmium/internal/cli"
)

// Every bad argument of every command: exit code 2, a message that names it and says
// what to do next, and with --json the same as one object. No node is needed to say so.
func TestBadInput(t *testing.T) {
	u := newUser(t)
	garbage := filepath.Join(u.dir, "garbage.pem")
	if err := os.WriteFile(garbage, []byte("no key at all\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	peer := "12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS"
	write := func(name, text string) string {
		path := filepath.Join(u.dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ragged, words, oblong := write("ragged.csv", "1,2\n3\n"), write("words.csv", "1,far\n3,4\n"), write("oblong.csv", "1,2\n")
	sound, half, other := write("sound.json", `{"kind":"sim"}`), write("half.json", `{"kind":"si`), write("other.json", `{"peers":3}`)
	plans := 0
	planOf := func(text string) string {
		plans++
		return write(fmt.Sprintf("plan%d.toml", plans), text)
	}
	swept, twice := write("swept.json", `{"sweep":[{"kind":"sim"},{"kind":"sim"}]}`), write("twice.json", `{"kind":"sim"}{"kind":"sim"}`)
	nowhere, empty := filepath.Join(u.dir, "nowhere"), t.TempDir()
	tests := []struct {
		args []string
		says string // on stderr
	}{
		{[]string{"bogus"}, `"bogus"`},
		{[]string{"--bogus"}, "--bogus"},
		{[]string{"demo", "now"}, "now"},
		{[]string{"demo", "--bogus"}, "--bogus"},
		{[]string{"demo", "--json=perhaps"}, "perhaps"},
		{[]string{"help", "bogus"}, "bogus"},
		{[]string{"version", "2"}, `"2"`},
		{[]string{"completion"}, "SHELL is missing"},
		{[]string{"completion", "tcsh"}, "tcsh"},

		{[]string{"key"}, "missing"},
		{[]string{"key", "bogus"}, "bogus"},
		{[]string{"key", "new"}, "FILE is missing"},
		{[]string{"key", "new", "a", "b"}, `"b"`},
		{[]string{"key", "show"}, "FILE is missing"},
		{[]string{"key", "show", "a", "b"}, `"b"`},
		{[]string{"key", "show", garbage}, garbage},
		{[]string{"key", "show", u.dir}, u.dir},

		{[]string{"node", "now"}, "now"},
		{[]string{"node", "--listen", "nowhere"}, "nowhere"},
		{[]string{"node", "--listen", "/ip4/127.0.0.1/udp/65536"}, "65536"},
		{[]string{"node", "--listen", "/ip4/127.0.0.1/tcp/4100"}, "tcp"},
		{[]string{"node", "--listen", "/ip4/127.0.0.1/udp/0/p2p/" + peer}, peer},
		{[]string{"node", "--listen", "/ip4/224.0.0.1/udp/4100"}, "224.0.0.1"},
		{[]string{"node", "--bootstrap", "nowhere"}, "nowhere"},
		{[]string{"node", "--bootstrap", "127.0.0.1:0"}, "127.0.0.1:0"},
		{[]string{"node", "--bootstrap", "127.0.0.1:65536"}, "65536"},
		{[]string{"node", "--bootstrap", "/ip4/127.0.0.1/udp/4100/p2p/12D3KooWbad"}, "12D3KooWbad"},
		{[]string{"node", "--bootstrap", "/ip4/0.0.0.0/udp/4100"}, "0.0.0.0"},
		{[]string{"node", "--mode", "boss"}, "boss"},
		{[]string{"node", "--log-level", "loud"}, "loud"},
		{[]string{"node", "--log-format", "xml"}, "xml"},
		{[]string{"node", "--log-level", "warn", "-q"}, "--quiet"},
		{[]string{"node", "--network", ""}, "--network is empty"},
		{[]string{"node", "--listen", ""}, "--listen is empty"},
		{[]string{"node", "--data", ""}, "--data is empty"},
		{[]string{"node", "--bootstrap="}, "--bootstrap is empty"},
		{[]string{"node", "--key", ""}, "--key is empty"},
		{[]string{"node", "--control", ""}, "--control is empty"},
		{[]string{"node", "--listen", "localhost:4100"}, "IP:PORT"},
		{[]string{"node", "--listen", `"127.0.0.1:0`}, "want values separated by commas"},
		{[]string{"get", "/v/x", "--output="}, "--output is empty"},
		{[]string{"node", "--key", garbage}, garbage},
		{[]string{"node", "--control", "/tmp/" + long(200)}, "too long"},
		{[]string{"node", "--data", "/tmp/" + long(200)}, "too long"},

		{[]string{"ping"}, "PEER|ADDR is missing"},
		{[]string{"ping", peer, peer}, "one argument too many"},
		{[]string{"ping", ""}, "peer ID"},
		{[]string{"ping", "12D3KooWbad"}, "12D3KooWbad"},
		{[]string{"ping", "/ip4/127.0.0.1/tcp/4100"}, "tcp"},
		{[]string{"ping", "/ip4/256.0.0.1/udp/4100"}, "256.0.0.1"},
		{[]string{"ping", "127.0.0.1:0"}, "127.0.0.1:0"},
		{[]string{"ping", "127.0.0.1:port"}, "port"},
		{[]string{"ping", ":4100"}, ":4100"},
		{[]string{"find"}, "PEER is missing"},
		{[]string{"find", "nobody"}, "nobody"},
		{[]string{"find", peer[:40]}, "peer ID"},
		{[]string{"closest"}, "KEY|PEER is missing"},
		{[]string{"closest", ""}, "empty"},
		{[]string{"closest", "12D3KooWbad"}, "12D3KooWbad"},
		{[]string{"closest", long(513)}, "512"},

		{[]string{"put"}, "KEY is missing"},
		{[]string{"put", "/v/x"}, "VALUE|- is missing"},
		{[]string{"put", "/v/x", "a", "b"}, "one argument too many"},
		{[]string{"put", "", "a"}, "empty"},
		{[]string{"put", "hello", "a"}, "hello"},
		{[]string{"put", "/bogus/x", "a"}, "/bogus/x"},
		{[]string{"put", "/v/" + long(510), "a"}, "512"},
		{[]string{"put", "/v/x", long(1001)}, "/v/x"},
		{[]string{"put", "/imm/" + long(64), "a"}, "/imm/"},
		{[]string{"put", "/imm/" + strings.Repeat("0", 64), "not its hash"}, "/imm/"},
		{[]string{"put", "/sig/nobody/x", "a"}, "/sig/nobody/x"},
		{[]string{"put", "/pk/nobody", "a"}, "/pk/nobody"},
		{[]string{"put", "/v/x", "a", "--ttl", "soon"}, "soon"},
		{[]string{"put", "/v/x", "a", "--ttl", "0s"}, "--ttl"},
		{[]string{"put", "/v/x", "a", "--ttl", "-1h"}, "--ttl"},
		{[]string{"put", "/v/x", "a", "--ttl", "169h"}, "--ttl"},
		{[]string{"put", "/v/x", "a", "--seq", "-1"}, `"-1": want a whole number from 0 to 9223372036854775807`},
		{[]string{"put", "/v/x", "a", "--seq", "9223372036854775808"}, "9223372036854775808"},
		{[]string{"put", "/v/x", "a", "--cas", "x"}, "--cas"},
		{[]string{"put", "/v/x", "a", "--cas", "9223372036854775808"}, "9223372036854775808"},
		{[]string{"get"}, "KEY is missing"},
		{[]string{"get", ""}, "empty"},
		{[]string{"get", "hello"}, "hello"},
		{[]string{"get", "/bogus/x"}, "/bogus/x"},
		{[]string{"get", "/imm/xyz"}, "/imm/xyz"},
		{[]string{"get", "/v/x", "--quorum", "0"}, "--quorum"},
		{[]string{"get", "/v/x", "--quorum", "-1"}, "--quorum"},
		{[]string{"get", "/v/x", "--quorum", "most"}, `"most": want a whole number`},
		{[]string{"get", "/v/x", "-o"}, "-o"},
		{[]string{"unpublish"}, "KEY is missing"},
		{[]string{"unpublish", ""}, "empty"},
		{[]string{"provide"}, "KEY is missing"},
		{[]string{"provide", ""}, "empty"},
		{[]string{"provide", long(513)}, "512"},
		{[]string{"providers"}, "KEY is missing"},
		{[]string{"providers", ""}, "empty"},
		{[]string{"providers", "/v/x", "--max", "-1"}, "--max"},
		{[]string{"send"}, "PEER|ADDR is missing"},
		{[]string{"send", peer, "/kad/echo/1"}, "PAYLOAD|- is missing"},
		{[]string{"send", "nobody", "/kad/echo/1", "hi"}, "nobody"},
		{[]string{"send", peer, "", "hi"}, "PROTOCOL"},
		{[]string{"send", peer, "a\xff", "hi"}, "UTF-8"},
		{[]string{"send", peer, long(65), "hi"}, "64"},
		{[]string{"send", peer, "/kad/echo/1", long(1025)}, "1024"},
		{[]string{"table", "x"}, `"x"`},
		{[]string{"peers", "nobody"}, "nobody"},
		{[]string{"peers", peer, "x"}, `"x"`},
		{[]string{"stats", "x"}, `"x"`},

		{[]string{"bench", "x"}, `"x"`},
		{[]string{"bench", "--nodes", "1"}, "nodes 1, want 2 to 65535"},
		{[]string{"bench", "--nodes", "many"}, `"many": want a whole number`},
		{[]string{"bench", "--lookups", "0"}, "lookups 0"},
		{[]string{"bench", "--k", "21"}, "k 21, want 1 to 20"},
		{[]string{"bench", "--k", "0"}, "k 0"},
		{[]string{"bench", "--alpha", "65"}, "alpha 65"},
		{[]string{"bench", "--seed", "-1"}, `"-1": want a whole number`},
		{[]string{"bench", "--workload", "bogus"}, `"bogus", want one of find, value, provide, mixed`},
		{[]string{"bench", "--workload", "day"}, "kad sim --workload day"},
		{[]string{"bench", "--workload="}, "--workload is empty"},
		{[]string{"bench", "--targets", "bogus"}, `"bogus", want one of random, nodes`},
		{[]string{"bench", "--targets", "nodes", "--workload", "value"}, "--workload find or mixed"},
		{[]string{"bench", "--targets", "random", "--workload", "provide"}, "--targets"},
		{[]string{"bench", "--targets", "nodes", "--bootstrap", "127.0.0.1:1"}, "live network"},
		{[]string{"bench", "--ttl", "1h"}, "--workload value or mixed"},
		{[]string{"bench", "--ttl", "1h", "--workload", "provide"}, "--ttl"},
		{[]string{"bench", "--ttl", "169h", "--workload", "value"}, "ttl 169h"},
		{[]string{"bench", "--ttl", "-1s", "--workload", "mixed"}, "ttl -1s"},
		{[]string{"bench", "--ttl", "soon"}, "soon"},
		{[]string{"bench", "--bootstrap", "nowhere"}, "nowhere"},
		{[]string{"bench", "--bootstrap", "127.0.0.1:0"}, "127.0.0.1:0"},
		{[]string{"bench", "--bootstrap="}, "--bootstrap is empty"},
		{[]string{"bench", "--network="}, "--network is empty"},
		{[]string{"bench", "--nodes", "10", "--bootstrap", "127.0.0.1:1"}, "--nodes"},

		{[]string{"sim", "x"}, `"x"`},
		{[]string{"view"}, "FILE is missing"},
		{[]string{"view", half}, half + ": not a report: it breaks off"},
		{[]string{"view", "/nowhere/a.json"}, "no such file"},
		{[]string{"sim", "--nodes", ""}, "--nodes is empty"},
		{[]string{"sim", "--nodes", "0"}, "0 nodes, want 1 to 14000000"},
		{[]string{"sim", "--nodes", "-5"}, "-5 nodes"},
		{[]string{"sim", "--nodes", "14000001"}, "14000001 nodes"},
		{[]string{"sim", "--nodes", "1e6"}, `nodes "1e6": want a whole number`},
		{[]string{"sim", "--nodes", "99999999999999999999"}, `"99999999999999999999": want a whole number`},
		{[]string{"sim", "--nodes", "1000,,2"}, `nodes "": want a whole number`},
		{[]string{"sim", "--nodes", "1000,2,"}, `nodes "": want a whole number`},
		{[]string{"sim", "--nodes", "1000;2000"}, `"1000;2000"`},
		{[]string{"sim", "--nodes", "10,0"}, "0 nodes"},
		{[]string{"sim", "--seed", "3..1"}, `"3..1" is no range`},
		{[]string{"sim", "--seed", "1..x"}, `"1..x" is no range`},
		{[]string{"sim", "--seed", "1..20000"}, "10000 apart at most"},
		{[]string{"sim", "--seed", "1..9999", "--alpha", "1..60"}, "over 100000 runs"},
		{[]string{"sim", "--alpha", "3,3"}, "twice the same: alpha 3\n"},
		{[]string{"sim", "--vary", "sessions"}, "names no flag and its values"},
		{[]string{"sim", "--vary", "size=1|2"}, "names no flag and its values"},
		{[]string{"sim", "--vary", "alpha=1|2", "--alpha", "3"}, "both say what alpha is"},
		{[]string{"sim", "--vary", "sessions=kad|often"}, `sessions "often": unknown`},
		{[]string{"sim", "--plan", nowhere}, "no such file"},
		{[]string{"sim", "--plan", u.dir}, "no regular file"},
		{[]string{"sim", "--plan", sound}, "--plan " + sound},
		{[]string{"sim", "--plan", planOf("size = 3")}, "there is no flag --size"},
		{[]string{"sim", "--plan", planOf("alpha = true")}, "alpha = true is neither text nor a number"},
		{[]string{"sim", "--plan", planOf("alpha = []")}, "alpha has no value"},
		{[]string{"sim", "--plan", planOf("alpha = [1, 0]")}, "alpha 0"},
		{[]string{"sim", "--lookups", "0"}, "0 lookups, want 1 to"},
		{[]string{"sim", "--lookups", "-1"}, "-1 lookups"},
		{[]string{"sim", "--lookups", "100000001"}, "100000001 lookups"},
		{[]string{"sim", "--lookups", "many"}, `"many": want a whole number`},
		{[]string{"sim", "--k", "0"}, "k 0, want 1 to 20"},
		{[]string{"sim", "--lookup", "kad"}, `lookup "kad", want one of [discv5 kadmium libp2p plain strictrounds]`},
		{[]string{"sim", "--table", "kad"}, `table "kad", want one of [kadmium plain sample]`},
		{[]string{"sim", "--k", "21"}, "k 21"},
		{[]string{"sim", "--k", "x"}, `"x": want a whole number`},
		{[]string{"sim", "--alpha", "0"}, "alpha 0"},
		{[]string{"sim", "--alpha", "65"}, "alpha 65, want 1 to 64"},
		{[]string{"sim", "--alpha", "1.5"}, `"1.5": want a whole number`},
		{[]string{"sim", "--seed", "-1"}, `"-1": want a whole number`},
		{[]string{"sim", "--tables", "bogus"}, `tables "bogus", want one of [ideal join]`},
		{[]string{"sim", "--tables="}, "--tables is empty"},
		{[]string{"sim", "--latency", "fast"}, `latency "fast": want const:50ms`},
		{[]string{"sim", "--latency="}, "--latency is empty"},
		{[]string{"sim", "--latency", "const:-1ms"}, "const:-1ms"},
		{[]string{"sim", "--latency", "const:soon"}, "const:soon"},
		{[]string{"sim", "--latency", "exp:61s"}, "at most 60 s"},
		{[]string{"sim", "--latency", "world:1"}, "world:1"},
		{[]string{"sim", "--latency", "file:"}, "file:PATH"},
		{[]string{"sim", "--latency", "file:" + nowhere}, nowhere + ": no such file"},
		{[]string{"sim", "--latency", "file:" + u.dir}, "want a regular file"},
		{[]string{"sim", "--latency", "file:" + ragged}, ragged + ": record on line 2: wrong number of fields"},
		{[]string{"sim", "--latency", "file:" + words}, `row 1: "far" is no time`},
		{[]string{"sim", "--latency", "file:" + oblong}, "want a square matrix"},
		{[]string{"sim", "--loss", "1"}, "loss 1, want a share from 0 to under 1"},
		{[]string{"sim", "--loss", "-0.1"}, "loss -0.1"},
		{[]string{"sim", "--loss", "NaN"}, "loss NaN"},
		{[]string{"sim", "--loss", "10%"}, `"10%": want a number`},
		{[]string{"sim", "--lying", "x"}, `"x": want a number like 0.25`},
		{[]string{"sim", "--duplicate", "1.01"}, "duplicate 1.01"},
		{[]string{"sim", "--sessions", "bogus"}, `sessions "bogus": unknown`},
		{[]string{"sim", "--sessions="}, "--sessions is empty"},
		{[]string{"sim", "--sessions", "exp:1ms"}, "exp:1ms"},
		{[]string{"sim", "--sessions", "weibull:2h"}, "the shape is a number"},
		{[]string{"sim", "--sessions", "kad", "--nodes", "14000000"}, "sessions kad need"},
		{[]string{"sim", "--client", "1"}, "client 1"},
		{[]string{"sim", "--silent", "-1"}, "silent -1"},
		{[]string{"sim", "--lying", "0.6", "--silent", "0.4"}, "leave somebody"},
		{[]string{"sim", "--attack", "flood"}, `bad attack "flood": want one of [liars mute drip pool stale sybil eclipse]`},
		{[]string{"sim", "--attack="}, "--attack is empty"},
		{[]string{"sim", "--attack", "liars:share=2"}, "want a share over 0 and under 1"},
		{[]string{"sim", "--attack", "liars", "--attack", "liars:share=0.1"}, "liars stands there twice"},
		{[]string{"sim", "--attack", "liars,mute"}, "write --vary attack='liars|mute'"},
		{[]string{"sim", "--attack", "liars:share=0.5", "--lying", "0.5"}, "leave somebody"},
		{[]string{"sim", "--attack", "drip", "--workload", "mixed"}, "want it on what fresh clients do"},
		{[]string{"sim", "--attack", "stale"}, "want the workload value"},
		{[]string{"sim", "--attack", "eclipse:minutes=0"}, "want a whole number, 1 to 10080"},
		{[]string{"sim", "--attack", "eclipse:restart=no"}, "want true or false"},
		{[]string{"sim", "--attack", "eclipse", "--workload", "value"}, "want it alone, with the workload find"},
		{[]string{"sim", "--attack", "eclipse", "--attack", "liars"}, "want it alone"},
		{[]string{"sim", "--attack", "eclipse", "--nodes", "30"}, "want 40 to"},
		{[]string{"sim", "--attack", "sybil:n=0"}, "want a whole number, 1 to 10000"},
		{[]string{"sim", "--attack", "sybil:place=far"}, "want near, spread or edges"},
		{[]string{"sim", "--attack", "sybil:before=get"}, "want the workload value"},
		{[]string{"sim", "--gets", "fresh"}, "the workload find gets none"},
		{[]string{"sim", "--workload", "value", "--gets", "all"}, "want one of [first quorum fresh]"},
		{[]string{"sim", "--subnets", "-1"}, "-1 subnets"},
		{[]string{"sim", "--workload", "bogus"}, `workload "bogus", want one of [find value provide mixed day]`},
		{[]string{"sim", "--workload="}, "--workload is empty"},
		{[]string{"sim", "--targets", "bogus"}, `targets "bogus"`},
		{[]string{"sim", "--targets="}, "--targets is empty"},
		{[]string{"sim", "--targets", "nodes", "--workload", "value"}, "--targets is for lookups of targets: --workload value"},
		{[]string{"sim", "--targets", "random", "--workload", "provide"}, "--workload provide looks for its own keys"},
		{[]string{"sim", "--duration", "-1s"}, "duration -1s"},
		{[]string{"sim", "--duration", "8761h"}, "at most a year"},
		{[]string{"sim", "--duration", "day"}, `"day": want a time like`},
		{[]string{"sim", "--keys", "-1", "--workload", "day"}, "-1 keys"},
		{[]string{"sim", "--keys", "10"}, "keys are published by the workload day"},
		{[]string{"sim", "--ttl", "1h"}, "the workload find stores none"},
		{[]string{"sim", "--ttl", "169h", "--workload", "value"}, "ttl 169h"},
		{[]string{"sim", "--ttl", "-1s", "--workload", "day"}, "ttl -1s"},
		{[]string{"sim", "--out="}, "--out is empty"},
		{[]string{"sim", "--compare"}, "A.json is missing"},
		{[]string{"sim", "--compare", sound}, "B.json is missing"},
		{[]string{"sim", "--compare", sound, sound, sound}, "one argument too many"},
		{[]string{"sim", "--compare=perhaps", sound, sound}, "perhaps"},
		{[]string{"sim", "--compare", sound, nowhere}, "there is no " + nowhere},
		{[]string{"sim", "--compare", nowhere, sound}, "there is no " + nowhere},
		{[]string{"sim", "--compare", u.dir, sound}, "only one is a directory"},
		{[]string{"sim", "--compare", sound, u.dir}, "only one is a directory"},
		{[]string{"sim", "--compare", u.dir, u.dir}, half + ": not a report: it breaks off"},
		{[]string{"sim", "--compare", empty, empty}, empty + ": no report is in it"},
		{[]string{"sim", "--compare", sound, half}, half + ": not a report: it breaks off"},
		{[]string{"sim", "--compare", other, sound}, `unknown field "peers"`},
		{[]string{"sim", "--compare", swept, sound}, "a sweep of 2 reports"},
		{[]string{"sim", "--compare", sound, twice}, "something follows its end"},
		{[]string{"sim", "--compare", sound, "/dev/null"}, "no regular file"},
		{[]string{"sim", "--compare", sound, sound, "--nodes", "10"}, "--nodes is for a measurement"},
		{[]string{"sim", "--compare", sound, sound, "--out", "x"}, "--out is for a measurement"},
	}
	for _, through := range []string{"ping " + peer, "find " + peer, "closest /v/x", "put /v/x a", "get /v/x", "unpublish /v/x",
		"provide /v/x", "providers /v/x", "send " + peer + " /p hi", "table", "peers", "stats"} {
		args := strings.Fields(through)
		for _, bad := range []struct{ flags, says string }{
			{"--timeout 0s", "--timeout"},
			{"--timeout 11m", "--timeout"},
			{"--timeout soon", `"soon": want a time like`},
			{"--bootstrap nowhere", "nowhere"},
			{"--bootstrap 127.0.0.1:1 --data /tmp", "--bootstrap"},
			{"--bootstrap 127.0.0.1:1 --control /tmp/s", "--bootstrap"},
			{"--bootstrap 127.0.0.1:1 --key " + garbage, garbage},
			{"--control /tmp/" + long(200), "too long"},
			{"--bootstrap=", "--bootstrap is empty"},
			{"--data=", "--data is empty"},
			{"--data /tmp --control /tmp/s", "--data and --control"},
			{"--data /tmp --network other", "--network"},
			{"--control /tmp/s --key node.pem", "--key"},
			{"--network other", "--network"},
			{"--data /tmp --mode client", "--mode"},
			{"--data /tmp --listen /ip4/127.0.0.1/udp/0", "--listen"},
		} {
			tests = append(tests, struct {
				args []string
				says string
			}{append(args[:len(args):len(args)], strings.Fields(bad.flags)...), bad.says})
		}
	}
	for _, test := range tests {
		t.Run(strings.Join(test.args[:min(2, len(test.args))], " "), func(t *testing.T) {
			t.Parallel()
			u := &user{t: t, dir: u.dir, env: u.env}
			r := u.kad(test.args...).exits(cli.ExitBadInput).says("kad", test.says, "next: ")
			if r.stdout != "" {
				t.Errorf("%s: stdout holds %q", r.line, r.stdout)
			}
			r = u.kad(append([]string{"--json"}, test.args...)...).exits(cli.ExitBadInput).says(test.says)
			if test.args[0] == "node" && strings.HasPrefix(r.stderr, "kad node") {
				if r.stdout != "" { // its first line is the ready line
					t.Errorf("%s: stdout holds %q", r.line, r.stdout)
				}
				return
			}
			if f := one[failure](r); f.Code != cli.ExitBadInput || f.Message == "" || f.Next == "" {
				t.Errorf("%s: %+v", r.line, f)
			}
		})
	}
}
